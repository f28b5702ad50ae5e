"""Imagined days that gradients flow through: the trajectories behind the rollout loss.

Imagined days are not moved onto the feasible set: they are compared with logs.
"""

from __future__ import annotations

from dataclasses import dataclass

import mlx.core as mx
import numpy as np

from human_wm_env.model import inputs
from human_wm_env.person import schema
from world_model.data.encoded_logs import EncodedLogs
from world_model.imagination.draws import StraightThroughDraw
from world_model.imagination.rollout import factorial_latents
from world_model.imagination.step import DayBefore, DayStep, recalled
from world_model.losses.energy_score import energy_score
from world_model.nets.world_model import WorldModel

# Logged moods are the better ones (`missingness`): a score of logged cells would make the
# imagined ones as good. The conditional likelihood teaches the mood instead.
SCORED = tuple(i for i in range(schema.FEATURE_COUNT) if i not in (schema.MOOD, schema.WEATHER))
_SCORED_COLUMNS = np.concatenate(
    [np.arange(schema.ROW_WIDTH)[schema.ROW_SLICES[i]] for i in SCORED]
)
_SCORED_FEATURE = np.repeat(SCORED, [schema.FEATURES[i].width for i in SCORED])


@dataclass(frozen=True)
class LoggedFutures:
    """Where imagined trajectories begin, and what was logged instead; (people, ...).

    Attributes:
        row, observed: encoded day before (people, ROW_WIDTH), and its mask (people, 10).
        remembered: memory's features at the first wake-up, (people, memory.WIDTH).
        weekday: (people, days, 2); weather: (people, days, 4), as logged, zero if masked.
        truth, seen: scored columns of the logged days, (people, days * columns), and mask.
    """

    row: mx.array
    observed: mx.array
    remembered: mx.array
    weekday: mx.array
    weather: mx.array
    truth: mx.array
    seen: mx.array


def logged_futures(logs: EncodedLogs, people: np.ndarray, days: np.ndarray) -> LoggedFutures:
    """Cut them out of the logs.

    Args:
        logs: encoded logs.
        people: int (n,), positions in `logs`.
        days: int (n, length), consecutive days to be imagined.
    """
    who, first = people[:, None], days[:, 0]
    today = days + 1
    rows, observed = logs.rows[who, today], logs.observed[who, today]
    flat = (len(people), -1)
    return LoggedFutures(
        row=mx.array(logs.rows[people, first]),
        observed=mx.array(logs.observed[people, first].astype(np.float32)),
        remembered=mx.array(logs.remembered[people, first + 1]),
        weekday=mx.array(logs.weekday[who, today]),
        weather=mx.array(rows[..., inputs.WEATHER_COLUMNS]),
        truth=mx.array(rows[..., _SCORED_COLUMNS].reshape(flat)),
        seen=mx.array(observed[..., _SCORED_FEATURE].reshape(flat).astype(np.float32)),
    )


def rollout_loss(
    model: WorldModel,
    mean: mx.array,
    log_variance: mx.array,
    logged: LoggedFutures,
    draws: int,
    rng: np.random.Generator,
) -> mx.array:
    """Return the mean energy score of factorial futures against what was logged, a scalar.

    Args:
        model: the nets.
        mean: of the people's posteriors, (people, latents).
        log_variance: likewise.
        logged: where the futures begin, and what was logged instead.
        draws: of each block; draws**3 futures a person.
        rng: source of noise.
    """
    people, width = mean.shape
    noise = mx.array(rng.standard_normal((people, draws, width), dtype=np.float32))
    latents = factorial_latents(mean, mx.exp(0.5 * log_variance), noise, model)
    futures = roll_out(model, latents, logged, draws**3, rng)
    futures = futures[..., mx.array(_SCORED_COLUMNS)].reshape(people, draws**3, -1)
    return energy_score(futures, logged.truth, logged.seen, draws).mean()


def roll_out(
    model: WorldModel,
    latents: mx.array,
    logged: LoggedFutures,
    branches: int,
    rng: np.random.Generator,
) -> mx.array:
    """Imagine encoded days, (people * branches, days, ROW_WIDTH), with gradients.

    Args:
        model: the nets.
        latents: (people * branches, latents).
        logged: where to begin; its weekdays and weather are those of the imagined days.
        branches: futures of each person.
        rng: source of noise.
    """
    slots, days = len(latents), logged.weekday.shape[1]

    def each(array: mx.array) -> mx.array:
        return mx.repeat(array, branches, axis=0)

    def draw(features: tuple[int, ...], member: mx.array | None = None) -> StraightThroughDraw:
        normal = rng.standard_normal((slots, len(features)), dtype=np.float32)
        uniform = rng.random((slots, len(features)), dtype=np.float32)
        return StraightThroughDraw(mx.array(normal), mx.array(uniform), member)

    step = DayStep(model, latents)
    memory = recalled(each(logged.remembered))
    before = DayBefore(each(logged.row), each(logged.observed), *memory)
    imagined = []
    for day in range(days):
        actions = draw(inputs.ACTION_ORDER)
        member = mx.array(rng.integers(model.architecture.members, size=slots))
        states = draw(inputs.STATE_ORDER, member)
        weekday, weather = each(logged.weekday[:, day]), each(logged.weather[:, day])
        row, before = step(before, weekday, weather, actions, states)
        imagined.append(row)
    return mx.stack(imagined, axis=1)
