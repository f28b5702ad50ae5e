"""Where the time of a running step of 125 slots goes: a timer around each part of it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeAlias, TypeVar
from unittest.mock import patch

import gymnasium as gym

from human_wm_cli.benchmarks.step_speed import DREAM, MICRO, vector_actions
from human_wm_cli.console import Row
from human_wm_env.model.branches import BRANCHES
from human_wm_env.runtime import dream_step, film, response_day
from human_wm_env.runtime.world_model import ModelSource, load_world_model
from human_wm_env.worlds import person_world

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

_NETS, _MODULATE, _OUTPUT = "all layers", "modulating", "output layer"
# What is wrapped: where its caller looks it up, and what it does.
_Part: TypeAlias = tuple[object, str, str]
_FINISH: _Part = (person_world, "finish_day", "observation and reward")
_OF_NETS: list[_Part] = [
    (dream_step, "begin_day", "before the nets: actions, memory and calendar to inputs"),
    (film.FilmWeights, "_run_many", _NETS),
    (film, "modulate", _MODULATE),
    (film, "put_out", _OUTPUT),
    (dream_step, "end_day", "after the nets: drawing, disagreement, memory, mask"),
    _FINISH,
]
_OF_RESPONSE: list[_Part] = [
    (response_day, "begin_response_day", "actions to a row"),
    (response_day, "end_response_day", "states, uncertainty, memory, mask"),
    _FINISH,
]


@contextmanager
def _timers(wrapped: list[_Part]) -> Iterator[dict[str, list[float]]]:
    """Wrap parts, and give the seconds of each call by part."""
    seconds: dict[str, list[float]] = {name: [] for *_, name in wrapped}

    def timed(part: Callable[Arguments, Result], spent: list[float]) -> Callable[Arguments, Result]:
        def run(*arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
            began = time.perf_counter()
            result = part(*arguments, **named)
            spent.append(time.perf_counter() - began)
            return result

        return run

    patches = [
        patch.object(where, name, timed(getattr(where, name), seconds[part]))
        for where, name, part in wrapped
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


def parts_rows(steps: int, world_model: ModelSource = None) -> list[Row]:
    """Time the parts of a step, and a whole one with and without timers.

    Args:
        steps: of each kind, after as many to warm up.
        world_model: checkpoint folder; None means the bundled one.

    Returns:
        Rows with the median and the tenth percentile, us a batch; percentiles of parts need not
        add up.
    """
    runtime = load_world_model(world_model)
    env = gym.make_vec(DREAM, BRANCHES, horizon=3 * steps + 1, world_model=runtime)
    env.reset(seed=0)
    _steps(env, steps)
    whole = _steps(env, steps)
    has_nets = runtime.response is None
    with _timers(_OF_NETS if has_nets else _OF_RESPONSE) as seconds:
        with_timers = _steps(env, steps)
    if has_nets:
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
