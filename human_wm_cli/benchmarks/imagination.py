"""Rows about imagined futures: one person's 125, and a whole population's."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable

import mlx.core as mx
import numpy as np

from human_wm_cli.benchmarks.timer import Job, interleaved
from human_wm_cli.console import Row
from human_wm_env.data.dataset import LogDataset
from human_wm_env.futures import imagine_population
from human_wm_env.model.branches import BRANCHES
from human_wm_env.model.memory import Memory
from human_wm_env.people.embedded import load_embedded
from human_wm_env.runtime.encoder import response_latents
from human_wm_env.runtime.world_model import load_world_model
from human_wm_env.worlds.dream import DreamWorld
from world_model.export import restore
from world_model.imagination.response_step import CarriedDays
from world_model.imagination.rollout import RolloutStart, imagine, normals_of

HORIZON = 30
DAY = 1000  # the whole log is read
TOGETHER = 32  # people that MLX imagines at once


def _peak_gigabytes() -> float:
    """Return the most memory this process ever held."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1e9 if sys.platform == "darwin" else 1e6)


def mlx_job(dataset: LogDataset) -> Job:
    """Imagine many people's futures in MLX, with posteriors at hand."""
    runtime = load_world_model()
    model = restore(runtime.checkpoint)
    histories = [dataset.history(user, DAY) for user in range(TOGETHER)]
    posterior, memory = runtime.encode(histories)
    slots = TOGETHER * BRANCHES
    at = np.repeat(np.arange(TOGETHER), BRANCHES)
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((slots, posterior.mean.shape[1]), dtype=np.float32)
    rows = np.stack([history.rows[-1] for history in histories])[at]
    observed = np.stack([history.observed[-1] for history in histories])[at]
    remembered = Memory(memory.total[at], memory.weight[at])
    latents, carried = posterior[at].draw(noise), None
    if model.response is not None and posterior.response is not None:
        own = response_latents(latents, posterior.response.mean.shape[1])
        carried = CarriedDays.of(model.response, posterior.response.carried[at], own)
    start = RolloutStart.from_rows(rows, observed, remembered, np.zeros(slots, dtype=int), carried)

    def run() -> None:
        normal = rng.standard_normal((slots, HORIZON, normals_of(model)), dtype=np.float32)
        uniform = rng.random((slots, HORIZON, DreamWorld.uniforms), dtype=np.float32)
        mx.eval(
            imagine(
                model,
                mx.array(latents),
                start,
                runtime.checkpoint.weather_transitions,
                mx.array(normal),
                mx.array(uniform),
            )
        )

    return Job(run, slots * HORIZON)


def imagination_rows(people: int, repeats: int) -> tuple[list[Row], dict[str, float]]:
    """Measure imagined days per second.

    Args:
        people: of the population that are imagined in one go; 999 are all_people.
        repeats: of the other rows.
    """
    dataset = load_embedded().dataset
    next_user = iter(range(10**9))

    def one_person() -> None:
        user = next(next_user) % dataset.users
        imagine_population(dataset, DAY, users=np.array([user]), threads=1)

    def all_people() -> None:
        imagine_population(dataset, DAY, users=np.arange(people))

    jobs = {
        "one person's 125 futures, from raw logs": Job(one_person, BRANCHES * HORIZON),
        "many people's in MLX, one thread, encoded before": mlx_job(dataset),
    }
    seconds = interleaved(jobs, repeats)
    name = f"{people} people's, from raw logs, two threads"
    jobs[name] = Job(all_people, people * BRANCHES * HORIZON)
    seconds[name] = interleaved({name: jobs[name]}, 1)[name] if people < 100 else _once(all_people)
    rows: list[Row] = [
        {"imagined": row, "seconds": seconds[row], "days/s": job.units / seconds[row]}
        for row, job in jobs.items()
    ]
    numbers = {
        "one_person_ms": 1e3 * seconds["one person's 125 futures, from raw logs"],
        "population_seconds": seconds[name] * dataset.users / people,
        "peak_memory_gb": _peak_gigabytes(),
    }
    return rows, numbers


def _once(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began
