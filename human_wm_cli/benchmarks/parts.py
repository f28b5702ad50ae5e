"""Where the time of a running step of 125 slots goes: a timer around each part of it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar
from unittest.mock import patch

import gymnasium as gym

from human_wm_cli.benchmarks.step_speed import DREAM, MICRO, vector_actions
from human_wm_cli.console import Row
from human_wm_env.model.branches import BRANCHES
from human_wm_env.runtime import film
from human_wm_env.worlds import dream, person_world

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

_NETS, _MODULATE, _OUTPUT = "all layers", "modulating", "output layer"
# What is wrapped: where its caller looks it up, and what it does.
_PARTS: list[tuple[object, str, str]] = [
    (dream, "begin_day", "before the nets: actions, memory and calendar to inputs"),
    (film.FilmWeights, "_run_many", _NETS),
    (film, "modulate", _MODULATE),
    (film, "put_out", _OUTPUT),
    (dream, "end_day", "after the nets: drawing, disagreement, memory, mask"),
    (person_world, "finish_day", "observation and reward"),
]


@contextmanager
def _timers() -> Iterator[dict[str, list[float]]]:
    """Wrap all parts, and give the seconds of each call by part."""
    seconds: dict[str, list[float]] = {name: [] for *_, name in _PARTS}

    def timed(part: Callable[Arguments, Result], spent: list[float]) -> Callable[Arguments, Result]:
        def run(*arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
            began = time.perf_counter()
            result = part(*arguments, **named)
            spent.append(time.perf_counter() - began)
            return result

        return run

    patches = [
        patch.object(where, name, timed(getattr(where, name), seconds[part]))
        for where, name, part in _PARTS
    ]
    for one in patches:
        one.start()
    try:
        yield seconds
    finally:
        for one in patches:
            one.stop()


def _steps(env: gym.vector.VectorEnv, count: int) -> list[float]:
    """Return the seconds of each step."""
    action, seconds = vector_actions(BRANCHES), []
    for _ in range(count):
        began = time.perf_counter()
        env.step(action)
        seconds.append(time.perf_counter() - began)
    return seconds


def parts_rows(steps: int) -> list[Row]:
    """Time the parts of a step, and a whole one with and without timers.

    Args:
        steps: of each kind, after as many to warm up.

    Returns:
        Rows with the median and the tenth percentile, us a batch; percentiles of parts need not
        add up.
    """
    env = gym.make_vec(DREAM, BRANCHES, horizon=3 * steps + 1)
    env.reset(seed=0)
    _steps(env, steps)
    whole = _steps(env, steps)
    with _timers() as seconds:
        with_timers = _steps(env, steps)
    layers = zip(seconds.pop(_NETS), seconds[_MODULATE], seconds[_OUTPUT], strict=True)
    products = [nets - modulating - output for nets, modulating, output in layers]
    seconds = {"products of matrices": products} | seconds
    rest = [step - sum(parts) for step, *parts in zip(with_timers, *seconds.values(), strict=True)]
    seconds["the rest: Python between, checks, weights, masks, info; and the timers"] = rest
    seconds |= {"a step with timers": with_timers, "a step": whole}
    return [
        {
            "part of a step": name,
            "us, median": MICRO * statistics.median(each),
            "us, fastest tenth": MICRO * statistics.quantiles(each, n=10)[0],
        }
        for name, each in seconds.items()
    ]
