"""Compiled loops: what they may know, and that they do what their Python says."""

from __future__ import annotations

import ast
import builtins
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher

import human_wm_env
from human_wm_env.compiled import compiled


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
    """Return the names that the module itself sets to a literal."""
    names = set()
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names


LOOPS = [(module, name) for module in modules() for name in loops_of(module)]


def test_there_are_loops() -> None:
    assert len(LOOPS) > 15


@pytest.mark.parametrize(("module", "name"), LOOPS, ids=[f"{m.__name__}.{n}" for m, n in LOOPS])
def test_a_loop_has_no_globals_of_other_modules(module: ModuleType, name: str) -> None:
    """numba's cache would not see them change."""
    loop = loops_of(module)[name].py_func
    own = {*loops_of(module), *literals_of(module)}
    allowed = {"np", *dir(builtins), *own}
    # Attributes (`np.exp`, `layer.shape`) are among the names too: only globals count.
    used = {used for used in loop.__code__.co_names if used in loop.__globals__}
    assert used <= allowed


def test_compiled_loops_equal_their_python() -> None:
    @compiled
    def halves(values: np.ndarray, out: np.ndarray) -> None:
        for place in range(len(values)):
            out[place] = np.exp(values[place]) / 2 if values[place] > 0 else 1.0 / values[place]

    values = np.array([1.0, -2.0, 0.0, np.inf], dtype=np.float32)
    fast, slow = np.empty_like(values), np.empty_like(values)
    halves(values, fast)
    assert halves.py_func is not halves  # type: ignore[attr-defined]
    with np.errstate(divide="ignore"):
        halves.py_func(values, slow)  # type: ignore[attr-defined]
    np.testing.assert_allclose(fast, slow, rtol=1e-6)
