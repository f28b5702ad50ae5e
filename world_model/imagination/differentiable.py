"""Imagined days that gradients flow through: the trajectories behind the rollout loss.

Imagined days are not moved onto the feasible set: they are compared with logs.
"""

from __future__ import annotations

from dataclasses import dataclass

import mlx.core as mx
import numpy as np

from human_wm_env.model import inputs
from human_wm_env.model.branches import crossed_indices
from human_wm_env.person import schema
from human_wm_env.response.inference import PersonalResponse
from world_model.data.encoded_logs import EncodedLogs
from world_model.imagination.draws import Draw, StraightThroughDraw
from world_model.imagination.response_step import INNOVATIONS, CarriedDays, ResponseDraw
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
        response: what the days before say of the people's responses; None where states follow
            nets.
    """

    row: mx.array
    observed: mx.array
    remembered: mx.array
    weekday: mx.array
    weather: mx.array
    truth: mx.array
    seen: mx.array
    response: PersonalResponse | None = None


def logged_futures(
    logs: EncodedLogs,
    people: np.ndarray,
    days: np.ndarray,
    response: PersonalResponse | None = None,
) -> LoggedFutures:
    """Cut them out of the logs.

    Args:
        logs: encoded logs.
        people: int (n,), positions in `logs`.
        days: int (n, length), consecutive days to be imagined.
        response: what the days before say of the people's responses.
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
        response=response,
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
        mean: of the people's posteriors, (people, net_width).
        log_variance: likewise.
        logged: where the futures begin, and what was logged instead.
        draws: of each block; draws**3 futures a person.
        rng: source of noise.
    """
    people, sd = len(mean), mx.exp(0.5 * log_variance)
    width = model.architecture.latent_width
    noise = rng.standard_normal((people, draws, width), dtype=np.float32)
    carried = None
    if logged.response is None:
        latents = factorial_latents(mean, sd, mx.array(noise), model)
    else:
        latents, carried = _responding_latents(model, mean, sd, logged.response, noise)
    futures = roll_out(model, latents, logged, draws**3, rng, carried)
    futures = futures[..., mx.array(_SCORED_COLUMNS)].reshape(people, draws**3, -1)
    return energy_score(futures, logged.truth, logged.seen, draws).mean()


def _responding_latents(
    model: WorldModel,
    mean: mx.array,
    sd: mx.array,
    response: PersonalResponse,
    noise: np.ndarray,
) -> tuple[mx.array, CarriedDays]:
    """Cross draws of z_b with draws of the joint posterior of z_c and z_a.

    Args:
        model: says where the blocks stand.
        mean: of z_b, (people, latent_b).
        sd: likewise.
        response: of the same people.
        noise: float32 (people, draws, latents).

    Returns:
        (people * draws**3, latents), and what the response keeps of the days before.
    """
    picks, blocks = crossed_indices(draws=noise.shape[1]), model.architecture.blocks
    normal = {name: noise[:, picks[name]][..., part] for name, part in blocks.items()}
    together = np.concatenate([normal["c"], normal["a"]], axis=-1)
    person = response.mean[:, None] + together @ response.root.transpose(0, 2, 1)
    person = person.reshape(-1, person.shape[-1]).astype(np.float32)
    habit = (mean[:, None] + sd[:, None] * mx.array(normal["b"])).reshape(len(person), -1)
    rank, branches = model.architecture.latent_c, together.shape[1]
    c, a = mx.array(person[:, :rank]), mx.array(person[:, rank:])
    latents = mx.concatenate([a, habit, c], axis=1)
    each = response.carried[np.repeat(np.arange(len(mean)), branches)]
    return latents, CarriedDays.of(model.trained_response, each, person)


def roll_out(
    model: WorldModel,
    latents: mx.array,
    logged: LoggedFutures,
    branches: int,
    rng: np.random.Generator,
    carried: CarriedDays | None = None,
) -> mx.array:
    """Imagine encoded days, (people * branches, days, ROW_WIDTH), with gradients.

    Args:
        model: the nets.
        latents: (people * branches, latents).
        logged: where to begin; its weekdays and weather are those of the imagined days.
        branches: futures of each person.
        rng: source of noise.
        carried: what a response keeps of the days before; None where states follow nets.
    """
    slots, days = len(latents), logged.weekday.shape[1]

    def each(array: mx.array) -> mx.array:
        return mx.repeat(array, branches, axis=0)

    def draw(features: tuple[int, ...], member: mx.array | None = None) -> StraightThroughDraw:
        normal = rng.standard_normal((slots, len(features)), dtype=np.float32)
        uniform = rng.random((slots, len(features)), dtype=np.float32)
        return StraightThroughDraw(mx.array(normal), mx.array(uniform), member)

    def draw_states() -> Draw | ResponseDraw:
        if carried is None:
            member = mx.array(rng.integers(model.architecture.members, size=slots))
            return draw(inputs.STATE_ORDER, member)
        normal = rng.standard_normal((slots, len(inputs.STATE_ORDER) + INNOVATIONS))
        both = mx.array(normal.astype(np.float32))
        states = len(inputs.STATE_ORDER)
        return ResponseDraw(both[:, :states], both[:, states:], straight_through=True)

    step = DayStep(model, latents)
    memory = recalled(each(logged.remembered))
    before = DayBefore(each(logged.row), each(logged.observed), *memory, carried)
    imagined = []
    for day in range(days):
        actions = draw(inputs.ACTION_ORDER)
        states = draw_states()
        weekday, weather = each(logged.weekday[:, day]), each(logged.weather[:, day])
        row, before = step(before, weekday, weather, actions, states)
        imagined.append(row)
    return mx.stack(imagined, axis=1)
