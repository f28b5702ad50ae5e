"""Bulk imagination in MLX: whole populations, 125 futures each, of habit and response."""

from __future__ import annotations

from dataclasses import dataclass

import mlx.core as mx
import numpy as np

from human_wm_env.model.branches import crossed_indices
from human_wm_env.model.memory import Memory
from human_wm_env.person import schema
from human_wm_env.person.noise import FIRST_WEATHER, NEXT_WEATHER
from human_wm_env.runtime.dream_step import NORMAL_COLUMNS, NORMALS, UNIFORM_COLUMNS
from human_wm_env.runtime.response_day import RESPONSE_NORMALS
from world_model.imagination.draws import (
    Draw,
    HardDraw,
    StraightThroughDraw,
    inverse_cdf,
    one_hot,
)
from world_model.imagination.response_step import CarriedDays, ResponseDraw
from world_model.imagination.step import DayBefore, DayStep, decode
from world_model.nets.world_model import WorldModel


@dataclass(frozen=True, kw_only=True)
class RolloutStart(DayBefore):
    """What is known before the first imagined day, batch-first.

    Attributes:
        weekday: int (slots,), of the first imagined day, -1 if unknown.
        weather: int (slots,), of the last day, -1 if unknown.
    """

    weekday: np.ndarray
    weather: mx.array

    @classmethod
    def from_rows(
        cls,
        rows: np.ndarray,
        observed: np.ndarray,
        memory: Memory,
        weekday: np.ndarray,
        carried: CarriedDays | None = None,
    ) -> RolloutStart:
        """Begin after raw rows.

        Args:
            rows: float32 (slots, 10), the last days.
            observed: bool (slots, 10), their masks.
            memory: of the days up to and with them.
            weekday: int (slots,), of the first imagined day, -1 if unknown.
            carried: what a response keeps of the same days; None where states follow nets.
        """
        weather = np.where(observed[:, schema.WEATHER], rows[:, schema.WEATHER], -1)
        return cls(
            row=mx.array(schema.encode_rows(rows, observed)),
            observed=mx.array(observed.astype(np.float32)),
            total=mx.array(memory.total),
            weight=mx.array(memory.weight),
            weekday=weekday,
            weather=mx.array(weather.astype(np.int32)),
            carried=carried,
        )


def factorial_latents(mean: mx.array, sd: mx.array, noise: mx.array, model: WorldModel) -> mx.array:
    """Return the crossed latents of each person: all combinations of the draws of each block.

    Args:
        mean: (people, latents).
        sd: (people, latents).
        noise: (people, draws, latents), standard normal; of 5 draws come 125 branches.
        model: says where the blocks stand.

    Returns:
        (people * draws**3, latents), branches as in `crossed_indices`.
    """
    picks, blocks = crossed_indices(draws=noise.shape[1]), model.architecture.blocks
    parts = [noise[:, mx.array(picks[block])][..., part] for block, part in blocks.items()]
    latents = mean[:, None] + sd[:, None] * mx.concatenate(parts, axis=-1)
    return latents.reshape(-1, mean.shape[1])


def imagine(
    model: WorldModel,
    latents: mx.array,
    start: RolloutStart,
    weather_transitions: np.ndarray,
    normal: mx.array,
    uniform: mx.array,
    *,
    temperature: float = 1.0,
    observed: mx.array | None = None,
    feasible_days: bool = True,
) -> mx.array:
    """Imagine people who follow their own habits.

    Args:
        model: trained nets.
        latents: (slots, latents), e.g. from `factorial_latents`.
        start: what is known before the first day.
        weather_transitions: float32 (4, 4).
        normal: (slots, days, DreamWorld.normals), standard normal noise; with a response
            (slots, days, normals_of(model)).
        uniform: (slots, days, DreamWorld.uniforms), noise in [0, 1).
        temperature: tau of the dream.
        observed: (slots, days, 10), 1 where a cell would be logged: what would not be is
            drawn, but nothing that comes after depends on it, as in the logs that the nets
            learned from. None: everything is observed, as in the environment.
        feasible_days: move each day's actions onto the feasible set, as the environment
            does. A forecast of what is LOGGED leaves them: logs hold days outside it.

    Returns:
        float32 (slots, days, 10), raw rows, categories as indices.
    """
    step = DayStep(model, latents, feasible_days=feasible_days)
    # The last row: of a weather that follows an unknown one.
    chain = mx.array(np.concatenate([weather_transitions, weather_transitions.mean(0)[None]]))
    weather, days = start.weather, []
    before: DayBefore = start
    for day in range(normal.shape[1]):
        # As in the environment: tomorrow's weather is drawn with today's noise.
        at = (0, FIRST_WEATHER) if day == 0 else (day - 1, NEXT_WEATHER)
        weather = inverse_cdf(chain[weather], uniform[:, at[0], at[1] : at[1] + 1])
        weekday = np.where(start.weekday < 0, -1, (start.weekday + day) % schema.DAYS_PER_WEEK)
        row, before = step(
            before,
            mx.array(schema.weekday_features(weekday)),
            one_hot(weather, chain.shape[1]),
            habit_draw(normal[:, day], uniform[:, day], temperature),
            states_draw(model, normal[:, day], uniform[:, day], temperature),
            None if observed is None else observed[:, day],
        )
        days.append(decode(row))
        mx.eval(before.row, before.total, before.weight, days[-1])
    return mx.stack(days, axis=1)


def normals_of(model: WorldModel) -> int:
    """Return how many standard normal numbers an imagined day takes."""
    return RESPONSE_NORMALS if model.architecture.has_response else NORMALS


def habit_draw(normal: mx.array, uniform: mx.array, temperature: float) -> HardDraw:
    """Return how people draw what they plan, from the noise of the day; see `states_draw`."""
    return HardDraw(*_noise(normal, uniform, "habit"), temperature=temperature)


def states_draw(
    model: WorldModel,
    normal: mx.array,
    uniform: mx.array,
    temperature: float,
    *,
    straight_through: bool = False,
) -> Draw | ResponseDraw:
    """Return how the states of a day are drawn.

    Args:
        model: trained nets.
        normal: (slots, normals_of(model)), noise of the day, as the environment has it.
        uniform: (slots, UNIFORMS), likewise.
        temperature: tau of the dream; above 0 where nets are drawn from straight through.
        straight_through: with gradients.
    """
    state, state_uniform = _noise(normal, uniform, "state")
    if model.architecture.has_response:
        return ResponseDraw(state, normal[:, NORMALS:], temperature, straight_through)
    member, members = None, model.architecture.members
    if temperature > 0.0:
        member = mx.minimum((state_uniform[:, 0] * members).astype(mx.int32), members - 1)
    kind = StraightThroughDraw if straight_through else HardDraw
    return kind(state, state_uniform[:, 1:], member, temperature)


def _noise(normal: mx.array, uniform: mx.array, part: str) -> tuple[mx.array, mx.array]:
    return normal[:, NORMAL_COLUMNS[part]], uniform[:, UNIFORM_COLUMNS[part]]
