"""The ground truth: one day of the embedded people, as a pure batched function."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from human_wm_env.people import habits, missingness, physiology
from human_wm_env.people.missingness import LoggingTraits
from human_wm_env.people.physiology import Body
from human_wm_env.person import schema
from human_wm_env.person.choices import choose
from human_wm_env.person.schema import is_weekend

schema.check_order((schema.HEART_RATE, schema.MOOD), "state")  # what `live_day` draws
STATE_NORMALS = 1  # heart rate
STATE_UNIFORMS = 1  # mood


@dataclass(frozen=True)
class People:
    """Who is simulated.

    Attributes:
        traits: float32 (people, traits).
        logging: how reliably each of them logs.
    """

    traits: np.ndarray
    logging: LoggingTraits


@dataclass(frozen=True)
class Losses:
    """What the tracker lost on the last day; the state of the missingness.

    Attributes:
        day_lost: bool (people,).
        feature_lost: bool (people, 10).
    """

    day_lost: np.ndarray
    feature_lost: np.ndarray


def habitual_day(
    people: People,
    body: Body,
    row_before: np.ndarray,
    weekday: np.ndarray,
    weather: np.ndarray,
    normal: np.ndarray,
    uniform: np.ndarray,
) -> np.ndarray:
    """Draw what people do of their own accord; see `habits.habitual_day`."""
    return habits.habitual_day(
        people.traits, body, row_before, is_weekend(weekday), weather, normal, uniform
    )


def live_day(
    people: People,
    body: Body,
    row_before: np.ndarray,
    row: np.ndarray,
    weekday: np.ndarray,
    response_gain: float,
    normal: np.ndarray,
    uniform: np.ndarray,
) -> tuple[np.ndarray, Body]:
    """Let people live a day with given actions and weather.

    Args:
        people: who.
        body: hidden state at wake-up.
        row_before: float32 (people, 10), yesterday's row.
        row: float32 (people, 10), today's actions and weather.
        weekday: int (people,), today's.
        response_gain: scales the effects of actions on states.
        normal: float32 (people, STATE_NORMALS).
        uniform: float32 (people, STATE_UNIFORMS), in [0, 1).

    Returns:
        The row with heart rate and mood filled in, and the body at the next wake-up.
    """
    expected = physiology.mean_heart_rate(people.traits, body, row, response_gain)
    residual = (
        np.float32(physiology.HEART_RATE_PERSISTENCE) * body.heart_rate_residual
        + np.float32(physiology.HEART_RATE_NOISE_BPM) * normal[:, 0]
    )
    logits = physiology.mood_logits(
        people.traits,
        body,
        row,
        is_weekend(weekday),
        row_before[:, schema.MOOD].astype(np.intp),
        response_gain,
    )
    after = row.copy()
    bounds = schema.continuous(schema.HEART_RATE)
    after[:, schema.HEART_RATE] = np.clip(expected + residual, bounds.low, bounds.high)
    after[:, schema.MOOD] = choose(logits, uniform[:, 0])
    return after, physiology.wake_up(body, after, residual.astype(np.float32))


def lose_cells(
    people: People, losses: Losses, row: np.ndarray, uniform: np.ndarray
) -> tuple[np.ndarray, Losses]:
    """Draw today's mask, bool (people, 10), and move the missingness on."""
    day, features = missingness.next_losses(
        people.logging,
        losses.day_lost,
        losses.feature_lost,
        row[:, schema.MOOD].astype(np.intp),
        uniform,
    )
    return missingness.observed_cells(day, features), Losses(day, features)
