"""Days of the family's people: habit or a constant policy, and what is lost of the log."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from human_wm_env.person import feasible, schema
from human_wm_env.person.schema import DAYS_PER_WEEK, is_weekend
from human_wm_env.second_family.people import KINDS, FamilyPeople
from human_wm_env.second_family.structure import (
    LOCATIONS,
    MOOD_ORDER,
    NO_WORKOUT,
    REMEMBERED,
    WORKOUTS,
    Structure,
    is_bad_weather,
)

BURN_IN_DAYS = 100
CLIMATE = np.array([0.45, 0.15, 0.3, 0.1])
WEATHER_PERSISTENCE = 0.4
PHASE_PERSISTENCE = 0.97  # weeks of more or less training
STUDENT_DEGREES = 4
_ON_FOOT = tuple(WORKOUTS.index(name) for name in ("Running", "Walking"))


@dataclass(frozen=True)
class Policy:
    """The same day again and again, in raw units.

    Attributes:
        sleep_hours, active_minutes, steps: amounts.
        workout, location: labels of the schema.
    """

    sleep_hours: float = 7.0
    active_minutes: float = 30.0
    steps: float = 4000.0
    workout: str = "None"
    location: str = "Home"


def policy_row(policy: Policy) -> np.ndarray:
    """Return the day of a policy without its random rest, float32 (10,), raw; actions only."""
    row = np.zeros((1, schema.FEATURE_COUNT), dtype=np.float32)
    _set_actions(row, policy)
    workout = row[:, schema.WORKOUT].astype(int)
    steps, minutes = row[:, schema.STEPS], row[:, schema.MINUTES]
    row[:, schema.DISTANCE] = feasible.implied_distance_km(steps, workout)
    row[:, schema.CALORIES] = feasible.implied_calories_kcal(steps, minutes, workout)
    return np.asarray(feasible.project(row)[0])


def _set_actions(rows: np.ndarray, policy: Policy) -> None:
    rows[:, schema.SLEEP], rows[:, schema.MINUTES] = policy.sleep_hours, policy.active_minutes
    rows[:, schema.STEPS] = policy.steps
    rows[:, schema.WORKOUT] = WORKOUTS.index(policy.workout)
    rows[:, schema.LOCATION] = LOCATIONS.index(policy.location)


@dataclass(frozen=True)
class LifeState:
    """Where people are between two days, batch-first.

    Attributes:
        memory: float64 (people, 5), remembered drivers.
        slow_noise: float64 (2, people), of heart rate and mood.
        weather: int (people,), of the last day.
        latent_mood: float64 (people,), of the last day.
        phase: float64 (people, 2), slow waves of training and of moving about.
        weekday: int (people,), of the next day.
    """

    memory: np.ndarray
    slow_noise: np.ndarray
    weather: np.ndarray
    latent_mood: np.ndarray
    phase: np.ndarray
    weekday: np.ndarray


@dataclass(frozen=True)
class SimulatedDays:
    """What came of some days.

    Attributes:
        rows: float32 (people, days, 10), raw, complete.
        expected: float64 (2, people, days), heart rate in bpm without any noise, and latent mood
            with its slow noise alone: what paired effects are differences of.
        start_weekday: int (people,), of the first row.
        state: after the last day.
    """

    rows: np.ndarray
    expected: np.ndarray
    start_weekday: np.ndarray
    state: LifeState


def begin(structure: Structure, people: FamilyPeople, seed: int) -> LifeState:
    """Return the state after days of habit that no log holds."""
    rng = np.random.default_rng(np.random.SeedSequence([structure.member, seed, 17]))
    count = people.count
    fresh = LifeState(
        memory=np.zeros((count, REMEMBERED)),
        slow_noise=np.zeros((2, count)),
        weather=np.zeros(count, dtype=int),
        latent_mood=np.zeros(count),
        phase=np.zeros((count, 2)),
        weekday=rng.integers(0, DAYS_PER_WEEK, count),
    )
    return simulate(structure, people, fresh, BURN_IN_DAYS, rng).state


def simulate(
    structure: Structure,
    people: FamilyPeople,
    state: LifeState,
    days: int,
    rng: np.random.Generator,
    policy: Policy | None = None,
) -> SimulatedDays:
    """Simulate days of habit, or of a constant policy.

    The noise does not depend on the policy: two policies with generators of one seed are pairs.

    Args:
        structure: of the member.
        people: of the member.
        state: where they begin.
        days: how many, >= 1.
        rng: source of all noise.
        policy: None is everyone's own habit.
    """
    start_weekday = state.weekday
    rows = np.empty((people.count, days, schema.FEATURE_COUNT), dtype=np.float32)
    expected = np.empty((2, people.count, days))
    for day in range(days):
        rows[:, day], expected[:, :, day], state = _one_day(structure, people, state, rng, policy)
    return SimulatedDays(rows, expected, start_weekday, state)


def _one_day(
    structure: Structure,
    people: FamilyPeople,
    state: LifeState,
    rng: np.random.Generator,
    policy: Policy | None,
) -> tuple[np.ndarray, np.ndarray, LifeState]:
    count = people.count
    normal, uniform = rng.standard_normal((count, 12)), rng.random((count, 8))
    daily = (
        rng.standard_t(STUDENT_DEGREES, count) * np.sqrt(1.0 - 2.0 / STUDENT_DEGREES)
        if structure.heavy_tails
        else rng.standard_normal(count)
    )
    transitions = WEATHER_PERSISTENCE * np.eye(len(CLIMATE)) + (1.0 - WEATHER_PERSISTENCE) * CLIMATE
    weather = _drawn(transitions[state.weather], uniform[:, 0])
    phase = PHASE_PERSISTENCE * state.phase
    phase += np.sqrt(1.0 - PHASE_PERSISTENCE**2) * normal[:, :2]
    row = _habitual_row(structure, people, replace(state, phase=phase), normal, uniform)
    if policy is not None:
        _set_actions(row, policy)
    row[:, schema.WEATHER] = weather
    workout = row[:, schema.WORKOUT].astype(int)
    implied_km = feasible.implied_distance_km(row[:, schema.STEPS], workout)
    row[:, schema.DISTANCE] = implied_km * (1.0 + 0.08 * normal[:, 2])
    implied = feasible.implied_calories_kcal(row[:, schema.STEPS], row[:, schema.MINUTES], workout)
    row[:, schema.CALORIES] = implied + 150.0 * normal[:, 3]
    row = feasible.project(row)

    decay = structure.decay
    memory = decay * state.memory + (1.0 - decay) * structure.drivers(row)
    channels = structure.channels(state.memory, memory, is_bad_weather(row))
    persistence = np.array([[s.persistence] for s in structure.states])
    slow_sd = np.array([[s.slow_sd] for s in structure.states])
    slow = persistence * state.slow_noise
    slow = slow + slow_sd * np.sqrt(1.0 - persistence**2) * normal[:, 4:6].T
    mean = people.base + np.einsum("spc,pc->sp", people.coefficients, channels)
    rate = mean[0] + slow[0] + structure.heart_rate.white_sd * daily
    latent = mean[1] + slow[1]
    level = ((latent + normal[:, 6])[:, None] > structure.cutpoints).sum(axis=1)
    bounds = schema.continuous(schema.HEART_RATE)
    row[:, schema.HEART_RATE] = np.clip(rate, bounds.low, bounds.high)
    row[:, schema.MOOD] = np.array(MOOD_ORDER)[level]
    after = LifeState(memory, slow, weather, latent, phase, (state.weekday + 1) % DAYS_PER_WEEK)
    return row, np.stack([mean[0], latent]), after


def _habitual_row(
    structure: Structure,
    people: FamilyPeople,
    state: LifeState,
    normal: np.ndarray,
    uniform: np.ndarray,
) -> np.ndarray:
    """Return what people do of their own accord, float32 (people, 10); actions only."""
    habits = people.habits
    moved = structure.feedback * state.latent_mood  # a low mood shortens nights and workouts
    sleep = habits.sleep_hours + habits.weekend_sleep * is_weekend(state.weekday)
    sleep = sleep + habits.sleep_sd * normal[:, 7] + 0.4 * moved
    unusual = uniform[:, 1] < habits.unusual_share
    sleep = np.where(unusual, 4.5 + 5.5 * uniform[:, 2], sleep)
    pushed = 0.3 * (uniform[:, 3] < habits.unusual_share)
    share = habits.workout_share + 0.1 * moved + 0.22 * state.phase[:, 0] + pushed
    works = uniform[:, 4] < share
    workout = np.where(works, KINDS[_drawn(habits.kinds, uniform[:, 5])], NO_WORKOUT)
    exercise = np.where(works, habits.workout_minutes * np.exp(0.4 * normal[:, 8]), 0.0)
    wave = state.phase[:, 1]
    other = habits.other_minutes * np.exp(0.3 * normal[:, 9] + 0.15 * wave)
    cadence = np.where(np.isin(workout, _ON_FOOT), 110.0, 30.0)
    steps = habits.other_steps * np.exp(0.3 * normal[:, 10] + 0.2 * wave) + cadence * exercise
    row = np.zeros((people.count, schema.FEATURE_COUNT), dtype=np.float32)
    row[:, schema.SLEEP], row[:, schema.MINUTES] = sleep, other + exercise
    row[:, schema.STEPS], row[:, schema.WORKOUT] = steps, workout
    row[:, schema.LOCATION] = _drawn(habits.locations, uniform[:, 6])
    return row


def _drawn(shares: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Draw a category of each row of shares, int (people,)."""
    below = np.cumsum(shares, axis=1) <= uniform[:, None]
    return np.minimum(below.sum(axis=1), shares.shape[1] - 1)


def lose_cells(structure: Structure, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw what the log holds: whole days are lost in runs, more of them on bad days.

    Args:
        structure: of the member.
        rows: float32 (people, days, 10).
        rng: source of noise.

    Returns:
        bool (people, days, 10), True where observed.
    """
    people, days, _ = rows.shape
    bad = np.isin(rows[..., schema.MOOD], MOOD_ORDER[:2])
    stays = structure.gap_persistence
    opens = structure.day_missing * (1.0 - stays) / (1.0 - structure.day_missing)
    likely = opens * (1.0 + structure.mood_missingness * np.where(bad, 0.5, -0.5))
    lost = np.zeros(people, dtype=bool)
    observed = np.empty(rows.shape, dtype=bool)
    for day in range(days):
        lost = rng.random(people) < np.where(lost, stays, likely[:, day])
        kept = rng.random((people, schema.FEATURE_COUNT)) >= structure.cell_missing
        observed[:, day] = kept & ~lost[:, None]
    return observed
