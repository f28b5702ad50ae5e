"""Jobs that are timed side by side: interleaved, so that a busy minute hits all of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Job:
    """Something to be timed.

    Attributes:
        run: does it once.
        units: how many units of work that is, e.g. env steps.
        prepare: called before each timed run, not timed.
    """

    run: Callable[[], object]
    units: float = 1.0
    prepare: Callable[[], object] | None = None


def interleaved(jobs: Mapping[str, Job], repeats: int) -> dict[str, float]:
    """Return the median seconds of each job, measured in turns after a warm-up.

    Args:
        jobs: by name.
        repeats: turns, >= 1.
    """
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    for turn in range(repeats + 1):
        for name, job in jobs.items():
            if job.prepare is not None:
                job.prepare()
            began = time.perf_counter()
            job.run()
            if turn:
                seconds[name].append(time.perf_counter() - began)
    return {name: statistics.median(times) for name, times in seconds.items()}


def slope(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """Return the slope of log seconds over log size: 1 is linear growth."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])
