"""Compiled loops: what they may know, and that they do what their Python says."""

from __future__ import annotations

import importlib
import importlib.util
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
from human_wm_env.compiled import compiled, digest
from tests.golden.renew import CHECKPOINT

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


LOOPS = [loop for module in modules() for loop in loops_of(module).values()]


def test_there_are_loops() -> None:
    assert len(LOOPS) > 15


@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: loop.py_func.__name__)
def test_a_loop_names_nothing_that_is_defined_below_it(loop: Any) -> None:
    """Its digest, taken where it is defined, would not change with that."""
    name = loop.py_func.__qualname__
    assert name.endswith(f"_{digest(loop.py_func)}"), name


@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: loop.py_func.__name__)
def test_a_loop_takes_at_most_8_arguments(loop: Any) -> None:
    assert loop.py_func.__code__.co_argcount <= 8


PACKAGE = {
    "constants.py": "import numpy as np\nFACTOR, TABLE = 2.0, np.array([1.0, 2.0])\n",
    "inner.py": """
from human_wm_env.compiled import compiled
from human_wm_env.made import constants
@compiled
def multiply(value):
    return value * constants.FACTOR
""",
    "outer.py": """
from human_wm_env.compiled import compiled
from human_wm_env.made import inner
from human_wm_env.made.constants import TABLE
@compiled
def add(value):
    return TABLE[1] + inner.multiply(value)
""",
}
CALL = """
import human_wm_env
human_wm_env.__path__.append(FOLDER)
from human_wm_env.made.outer import add
print(add(3.0), sum(add.stats.cache_hits.values()))
"""


def test_a_changed_constant_of_another_module_is_compiled_anew(tmp_path: Path) -> None:
    """What is the same is loaded; what a loop or one that it calls reads is not, if it changed."""
    made = tmp_path / "made"
    made.mkdir()
    for name, source in PACKAGE.items():
        (made / name).write_text(source)

    def call() -> tuple[float, int]:
        code = f"FOLDER = {str(tmp_path)!r}\n{CALL}"
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "NUMBA_CACHE_DIR": ""}
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        value, hits = done.stdout.split()
        return float(value), int(hits)

    def files() -> list[str]:
        return sorted(path.name for path in (made / "__pycache__").glob("*.nb*"))

    assert call() == (8.0, 0)
    kept = files()
    assert call() == (8.0, 1) and files() == kept
    constants = PACKAGE["constants.py"]
    (made / "constants.py").write_text(constants.replace("2.0,", "5.0,"))
    assert call() == (17.0, 0)
    assert len(files()) == len(kept) and not set(files()) & set(kept)  # stale ones are gone
    (made / "constants.py").write_text(constants.replace("2.0]", "4.0]"))
    assert call() == (10.0, 0)
    (made / "constants.py").write_text(f'"""Other text."""\n{constants.replace("2.0]", "4.0]")}')
    assert call() == (10.0, 1)


def test_a_digest_changes_with_all_that_a_function_does() -> None:
    def made(scale: Any) -> Any:
        return lambda value: value * scale

    table = np.array([1.0, 2.0])
    same = [digest(made(scale)) for scale in (table, table.copy())]
    assert same[0] == same[1]
    others = [table[:1], table.astype(np.float32), 2.0, np.float32(2.0), 2, True]
    others += [compiled(made(1.0)), compiled(made(2.0)), lambda value: value * 2.0]
    assert len({same[0], *map(digest, map(made, others))}) == 1 + len(others)


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
from human_wm_env.envs import scalarize, vector_env
from human_wm_env.runtime import dream_step, film, response_day
from human_wm_env.worlds import person_world
from human_wm_env.worlds.world import take

settings = [{}, {"layout": "people", "masking": 0.3, "temperature": 1, "weather": "log"}]
settings += [{"adherence": 0.5, "horizon": 2, "pessimism": 1.0}]
for env_id in IDS:
    model = {"world_model": MODEL} if env_id == "HumanWM-v0" else {}
    env = gym.make(env_id, **model)
    env.reset(seed=1)
    env.step(env.action_space.sample())
    world, state = env.unwrapped.world, env.unwrapped.state
    world.step(take(state, np.zeros(5, dtype=int)), np.zeros((5, 7), dtype=np.float32))
    for chosen in settings:
        allowed = {k: v for k, v in chosen.items() if k in ALLOWED[env_id]}
        many = gym.make_vec(env_id, 9, **model, **allowed)
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


def use(model: Path | None, check: str = "", **environment: str) -> None:
    named = None if model is None else str(model)
    code = f"ALLOWED, IDS, MODEL = {ALLOWED}, {list(ALLOWED)}, {named!r}\n{TYPICAL_USE}\n{check}"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


#: the bundled checkpoint, whose states follow a response, and one with transition nets
MODELS = {
    "response": (None, "response_day.begin_response_day, response_day.end_response_day"),
    "film": (CHECKPOINT, "dream_step.begin_day, dream_step.end_day, film.run_few, film.modulate"),
}


@pytest.mark.parametrize("kind", MODELS)
def test_typical_use_compiles_the_step_once(kind: str) -> None:
    model, loops = MODELS[kind]
    check = f"""
loops = [person_world.finish_day, vector_env.count_step, scalarize.weighted_sum]
for loop in [*loops, {loops}]:
    assert len(loop.signatures) == 1, loop
"""
    use(model, check)


@pytest.mark.slow
@pytest.mark.parametrize("kind", MODELS)
def test_typical_use_stays_within_bounds(kind: str, tmp_path: Path) -> None:
    use(MODELS[kind][0], NUMBA_BOUNDSCHECK="1", NUMBA_CACHE_DIR=str(tmp_path))


def test_where_nothing_can_be_kept_loops_compile_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    njit = numba.njit

    def unwritable(function: Any, *, cache: bool, **settings: Any) -> Any:
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return njit(function, **settings)

    monkeypatch.setattr(numba, "njit", unwritable)
    double = compiled(lambda values: 2.0 * values)
    assert double(np.array([1.5])).tolist() == [3.0]


@pytest.mark.parametrize("damage", [b"", b"half a file"])
def test_an_index_file_that_a_full_disk_left_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    source = tmp_path / f"looped_{len(damage)}.py"
    source.write_text(
        "from human_wm_env.compiled import compiled\n"
        "@compiled\ndef double(value):\n    return 2.0 * value\n"
    )

    def loaded() -> Any:
        spec = importlib.util.spec_from_file_location(source.stem, source)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.double

    first = loaded()
    assert first(1.5) == 3.0
    (index,) = Path(first.stats.cache_path).glob(f"{source.stem}.double*.nbi")
    index.write_bytes(damage)
    assert loaded()(2.5) == 5.0
    again = loaded()
    assert again(3.5) == 7.0 and sum(again.stats.cache_hits.values()) == 1


def test_where_nothing_can_be_kept_loops_are_compiled_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from numba.core import caching

    monkeypatch.setattr(caching.CompileResultCacheImpl, "_locator_classes", [])

    def twice(value: float) -> float:
        return 2.0 * value

    assert compiled(twice)(1.5) == 3.0
