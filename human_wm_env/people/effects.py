"""Exact effects of constant days, or of habit, on the embedded people: pairs of the same noise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from human_wm_env.people import habits, physiology, simulator
from human_wm_env.people.embedded import EmbeddedPeople
from human_wm_env.person import schema
from human_wm_env.person.rewards import MOOD_VALUES
from human_wm_env.person.schema import DAYS_PER_WEEK, is_weekend
from human_wm_env.person.weather import TRANSITIONS, WeatherChain

_MOODS = np.array([MOOD_VALUES[name] for name in schema.categories(schema.MOOD)])


class _HabitNoise(NamedTuple):
    """What habits are drawn with: float32 (days, people, k) each."""

    normal: np.ndarray
    uniform: np.ndarray


def exact_effects(
    embedded: EmbeddedPeople,
    users: np.ndarray,
    start_days: np.ndarray,
    policies: Mapping[str, np.ndarray | None],
    rest: np.ndarray,
    *,
    days: int = 30,
    pairs: int = 16,
    seed: int = 0,
) -> dict[str, np.ndarray]:
    """Return what the same day again and again does to each person, over another one.

    The heart rate is compared without its noise, and the mood as its expected reward given the
    mood of the day before; that mood, which the pairs draw with the same noise, and the weather
    are averaged over.

    Args:
        embedded: the people.
        users: int (people,), whose effects.
        start_days: int (people,), the first day of the policies, within their logs.
        policies: by name float32 (10,), a day, raw; only its actions are used. None is each
            person's own habit.
        rest: float32 (10,), the day that they are compared with.
        days: of each policy.
        pairs: noise sequences that are averaged.
        seed: of the noise.

    Returns:
        By policy float64 (2, people, days): heart rate in bpm, and mood reward.
    """
    found = {name: np.zeros((2, len(users), days)) for name in policies}
    for pair in range(pairs):
        rng = np.random.default_rng(np.random.SeedSequence([seed, pair, 37]))
        uniform = rng.random((2, days, len(users)))
        own = np.random.default_rng(np.random.SeedSequence([seed, pair, 41]))
        habit = _HabitNoise(
            own.standard_normal((days, len(users), habits.NORMALS), dtype=np.float32),
            own.random((days, len(users), habits.UNIFORMS), dtype=np.float32),
        )
        without = _expected(embedded, users, start_days, rest, uniform, habit)
        for name, policy in policies.items():
            changed = _expected(embedded, users, start_days, policy, uniform, habit)
            found[name] += (changed - without) / pairs
    return found


def _expected(
    embedded: EmbeddedPeople,
    users: np.ndarray,
    start_days: np.ndarray,
    policy: np.ndarray | None,
    uniform: np.ndarray,
    habit: _HabitNoise,
) -> np.ndarray:
    """Return expected heart rate and mood reward of each day, float64 (2, people, days)."""
    of_weather, of_mood = uniform
    days, gain = of_weather.shape[0], embedded.config.response_gain
    people, body = embedded.people_at(users), embedded.body_at(users, start_days)
    row = np.array(embedded.true_rows[users, start_days - 1])
    chain, weekday = WeatherChain(TRANSITIONS), embedded.dataset.weekday[users, start_days - 1]
    expected = np.empty((2, len(users), days))
    none = np.zeros((len(users), simulator.STATE_NORMALS), dtype=np.float32)
    for day in range(days):
        weekday = (weekday + 1) % DAYS_PER_WEEK
        before = row[:, schema.WEATHER].astype(np.intp)
        weather = chain.next(before, of_weather[day].astype(np.float32))
        if policy is None:
            drawn = habit.normal[day], habit.uniform[day]
            today = simulator.habitual_day(people, body, row, weekday, weather, *drawn)
        else:
            today = np.tile(policy.astype(np.float32), (len(users), 1))
            today[:, schema.WEATHER] = weather
        expected[0, :, day] = physiology.mean_heart_rate(people.traits, body, today, gain)
        logits = physiology.mood_logits(
            people.traits,
            body,
            today,
            is_weekend(weekday),
            row[:, schema.MOOD].astype(np.intp),
            gain,
        )
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        expected[1, :, day] = weights @ _MOODS / weights.sum(axis=1)
        row, body = simulator.live_day(
            people, body, row, today, weekday, gain, none, of_mood[day, :, None].astype(np.float32)
        )
    return expected
