"""Compiled loops: what they may know, and that they do what their Python says."""

from __future__ import annotations

import ast
import builtins
import importlib
import inspect
import os
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numba
import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher

import human_wm_env
from human_wm_env.compiled import compiled, stamp

if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
    pytest.skip("nothing is compiled", allow_module_level=True)


def modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(human_wm_env.__path__, "human_wm_env."):
        yield importlib.import_module(found.name)


def loops_of(module: ModuleType) -> dict[str, Any]:
    return {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, Dispatcher) and value.py_func.__module__ == module.__name__
    }


def literals_of(module: ModuleType) -> set[str]:
    """Return the names that the module itself sets to literals, or to scalars of literals."""
    names = set()
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.Assign) and not names_used(node.value) - {"np"}:
            names |= {one.id for target in node.targets for one in named(target)}
    return names


def names_used(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def named(target: ast.AST) -> list[ast.Name]:
    return [one for one in ast.walk(target) if isinstance(one, ast.Name)]


LOOPS = [(module, name) for module in modules() for name in loops_of(module)]


def test_there_are_loops() -> None:
    assert len(LOOPS) > 15


@pytest.mark.parametrize(("module", "name"), LOOPS, ids=[f"{m.__name__}.{n}" for m, n in LOOPS])
def test_a_loop_has_no_globals_of_other_modules(module: ModuleType, name: str) -> None:
    """numba's cache would not see them change; nor loops that are called, but for their stamp."""
    loop = loops_of(module)[name].py_func
    # Loops of the own module need no stamp, unless they have locals of their own.
    plain = {name for name, other in loops_of(module).items() if not other.py_func.__closure__}
    own = {"np", *dir(builtins), *plain, *literals_of(module)}
    # Attributes (`np.exp`, `layer.shape`) are among the names too: only globals count.
    names = loop.__code__.co_names
    foreign = {name: loop.__globals__[name] for name in names if name in loop.__globals__}
    foreign = {name: value for name, value in foreign.items() if name not in own}
    called = [value for value in foreign.values() if isinstance(value, Dispatcher)]
    for value in foreign.values():
        if isinstance(value, ModuleType):
            held = (getattr(value, attribute, None) for attribute in names)
            called += [other for other in held if isinstance(other, Dispatcher)]
        else:
            assert isinstance(value, Dispatcher)
    if called:
        kept = [cell.cell_contents for cell in loop.__closure__ or ()]
        assert any(isinstance(one, int) and one == stamp(*called) for one in kept)


def test_a_stamp_changes_with_all_that_a_loop_holds() -> None:
    def inner(scale: float, text: str = "") -> Any:
        @compiled
        def multiply(value: float) -> float:
            return value * scale

        return multiply

    def outer(table: np.ndarray, called: Any) -> Any:
        @compiled
        def add(value: float) -> float:
            return float(table[0] + called(value))

        return add

    table = np.array([1.0, 2.0])
    same = stamp(outer(table, inner(2.0)))
    assert same == stamp(outer(table.copy(), inner(2.0)))
    changed = [outer(table, inner(3.0)), outer(2 * table, inner(2.0)), inner(2.0)]
    assert len({same, *map(stamp, changed)}) == 4
    one, other = inner(1.0), inner(2.0)
    assert stamp(one, other) == stamp(other, one) != stamp(one)


def test_compiled_loops_equal_their_python() -> None:
    @compiled
    def halves(values: np.ndarray, out: np.ndarray) -> None:
        for place in range(len(values)):
            out[place] = np.exp(values[place]) / 2 if values[place] > 0 else 1.0 / values[place]

    values = np.array([1.0, -2.0, 0.0, np.inf], dtype=np.float32)
    fast, slow = np.empty_like(values), np.empty_like(values)
    halves(values, fast)
    with np.errstate(divide="ignore"):
        halves.py_func(values, slow)  # type: ignore[attr-defined]
    np.testing.assert_allclose(fast, slow, rtol=1e-6)


TYPICAL_USE = """
import gymnasium as gym, numpy as np, human_wm_env
from human_wm_env.envs import time_limit, weighted_sum
from human_wm_env.runtime import dream_step, film
from human_wm_env.worlds import person_step
from human_wm_env.worlds.world import take

settings = [{}, {"layout": "people", "masking": 0.3, "temperature": 1, "weather": "log"}]
settings += [{"adherence": 0.5, "horizon": 2, "pessimism": 1.0}]
for env_id in IDS:
    env = gym.make(env_id)
    env.reset(seed=1)
    env.step(env.action_space.sample())
    world, state = env.unwrapped.world, env.unwrapped.state
    world.step(take(state, np.zeros(5, dtype=int)), np.zeros((5, 7), dtype=np.float32))
    for chosen in settings:
        many = gym.make_vec(env_id, 9, **{k: v for k, v in chosen.items() if k in ALLOWED[env_id]})
        many.reset(seed=1)
        for _ in range(5):
            many.step(many.action_space.sample())
"""
OF_A_WORLD = {"layout", "horizon", "pessimism", "masking", "weather", "adherence"}
ALLOWED = {
    "HumanWM-v0": OF_A_WORLD | {"temperature"},
    "HumanWMSim-v0": OF_A_WORLD,
    "HumanWMReplay-v0": {"layout", "horizon"},
}


def use(ids: list[str], check: str = "", **environment: str) -> None:
    code = f"ALLOWED, IDS = {ALLOWED}, {ids}\n{TYPICAL_USE}\n{check}"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_typical_use_compiles_the_step_once() -> None:
    check = """
loops = [dream_step.begin_day, dream_step.end_day, person_step.close]
loops += [time_limit.count_day, weighted_sum.weigh]
for loop in [*loops, film._run_few, film.modulate]:
    assert len(loop.signatures) == 1, loop
"""
    use(list(ALLOWED), check)


@pytest.mark.slow
def test_typical_use_stays_within_bounds(tmp_path: Path) -> None:
    use(list(ALLOWED), NUMBA_BOUNDSCHECK="1", NUMBA_CACHE_DIR=str(tmp_path))


def test_where_nothing_can_be_kept_loops_compile_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    njit = numba.njit

    def unwritable(function: Any, *, cache: bool, **settings: Any) -> Any:
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return njit(function, **settings)

    monkeypatch.setattr(numba, "njit", unwritable)
    double = compiled(lambda values: 2.0 * values)
    assert double(np.array([1.5])).tolist() == [3.0]
