"""What the embedded people do of their own accord, exploration included."""

from __future__ import annotations

import numpy as np

from human_wm_env.people.physiology import LOAD_SD, Body
from human_wm_env.people.traits import trait
from human_wm_env.person import actions, feasible, schema
from human_wm_env.person.choices import choose, sigmoid
from human_wm_env.person.weather import IS_BAD

NORMALS = 5  # activity, sleep, minutes, distance, calories
UNIFORMS = 4 + actions.ACTION_WIDTH  # kind of day, workout, its type, location, unusual action

# Logged random exploration, without which no model can learn what an action does.
UNUSUAL_SHARE = 0.05  # a day drawn from the whole feasible set
DAY_OFF_SHARE = 0.03  # a day in bed: hardly a step, no workout

TYPICAL_STEPS = 7000.0
TYPICAL_MINUTES = 225.0
ACTIVITY_NOISE = 0.45  # log steps, within person; LifeSnaps ICC .29
ACTIVITY_PERSISTENCE = 0.12  # LifeSnaps lag-1 .15
WORKOUT_ACTIVITY = 0.45  # log steps on workout days; LifeSnaps r = .48
MINUTES_POWER = 0.75
MINUTES_NOISE = 0.2
SLEEP_NOISE_HOURS = 1.1  # LifeSnaps ICC .22
WEEKEND_SLEEP_HOURS = 0.5
DEBT_SLEEP_SHARE = 0.25  # of the sleep debt made up each night
DISTANCE_NOISE = 0.03
CALORIES_NOISE_KCAL = 90.0
MOOD_ACTIVITY = np.array([0.08, 0.0, -0.12, -0.05], dtype=np.float32)
STRAIN_ACTIVITY = -0.12  # log steps per SD of load above fitness
BAD_WEATHER_ACTIVITY = -0.15

# Columns: None is not among them; order of the schema after it.
_WORKOUT_BASE = np.array([0.2, 1.2, -0.6, 0.2, 0.8, 0.3], dtype=np.float32)
_WORKOUT_OUTDOOR = np.array([-0.9, 0.6, -0.8, 0.9, -0.9, 0.9], dtype=np.float32)
_IS_OUTDOOR_WORKOUT = np.array([0, 0, 1, 0, 1, 0, 1], dtype=np.float32)
_IS_GYM_WORKOUT = np.array([0, 0.3, 0, 0.5, 0, 1, 0], dtype=np.float32)


def habitual_day(
    traits: np.ndarray,
    body: Body,
    row_before: np.ndarray,
    weekend: np.ndarray,
    weather: np.ndarray,
    normal: np.ndarray,
    uniform: np.ndarray,
) -> np.ndarray:
    """Draw what people do today.

    People are independent: a batch equals its members alone.

    Args:
        traits: float (people, traits).
        body: hidden state at wake-up.
        row_before: float (people, 10), yesterday's row.
        weekend: bool (people,).
        weather: int (people,), today's.
        normal: float (people, NORMALS), standard normal noise.
        uniform: float (people, UNIFORMS), noise in [0, 1).

    Returns:
        float32 (people, 10), a feasible row; state columns are zero, weather is set.

    Source: fitted by hand to LifeSnaps (NOTES in docs/people.md); the forms are assumptions.
    """
    bad = IS_BAD[weather]
    outdoor = trait(traits, "outdoor_preference")
    level = trait(traits, "activity_level")
    strain = (body.fatigue - body.fitness) / LOAD_SD
    mood_before = row_before[:, schema.MOOD].astype(np.intp)
    activity_before = np.log((row_before[:, schema.STEPS] + 500.0) / TYPICAL_STEPS)

    works_out = uniform[:, 1] < sigmoid(trait(traits, "workout_propensity") - 0.2 * strain)
    activity = (
        level
        + ACTIVITY_PERSISTENCE * (np.clip(activity_before, -2.0, 2.0) - level)
        + trait(traits, "weekend_shift") * weekend
        + WORKOUT_ACTIVITY * (works_out - 0.4)
        + BAD_WEATHER_ACTIVITY * bad
        + MOOD_ACTIVITY[mood_before]
        + STRAIN_ACTIVITY * strain
        + ACTIVITY_NOISE * normal[:, 0]
    )
    type_logits = _WORKOUT_BASE + (outdoor[:, None] - 0.8 * bad[:, None]) * _WORKOUT_OUTDOOR
    workout = np.where(works_out, 1 + choose(type_logits, uniform[:, 2]), 0)
    location_logits = np.stack(
        [
            np.full(len(traits), 0.6, dtype=np.float32),
            np.where(weekend, -1.5, 1.3).astype(np.float32),
            np.zeros(len(traits), dtype=np.float32),
            -3.0 + 4.0 * _IS_GYM_WORKOUT[workout],
            -0.8 + 0.8 * outdoor + 1.2 * _IS_OUTDOOR_WORKOUT[workout] - 0.9 * bad,
        ],
        axis=1,
    )
    steps = TYPICAL_STEPS * np.exp(activity)
    minutes = TYPICAL_MINUTES * np.exp(MINUTES_POWER * activity + MINUTES_NOISE * normal[:, 2])

    rows = np.zeros((len(traits), schema.FEATURE_COUNT), dtype=np.float32)
    rows[:, schema.STEPS] = steps
    rows[:, schema.MINUTES] = minutes
    rows[:, schema.SLEEP] = (
        trait(traits, "sleep_habit_hours")
        + WEEKEND_SLEEP_HOURS * weekend
        + DEBT_SLEEP_SHARE * body.sleep_debt
        + SLEEP_NOISE_HOURS * normal[:, 1]
    )
    rows[:, schema.WORKOUT] = workout
    rows[:, schema.LOCATION] = choose(location_logits, uniform[:, 3])
    rows = _explore(rows, uniform)
    # Distance and calories follow from the day, usual or not.
    kind = rows[:, schema.WORKOUT].astype(np.intp)
    rows[:, schema.DISTANCE] = feasible.implied_distance_km(rows[:, schema.STEPS], kind) * (
        1.0 + DISTANCE_NOISE * normal[:, 3]
    )
    rows[:, schema.CALORIES] = (
        feasible.implied_calories_kcal(rows[:, schema.STEPS], rows[:, schema.MINUTES], kind)
        + trait(traits, "basal_residual_kcal")
        + CALORIES_NOISE_KCAL * normal[:, 4]
    )
    rows = feasible.project(rows)
    rows[:, schema.WEATHER] = weather
    return rows


def _explore(rows: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Replace some days by a day off, or by a day from anywhere in the feasible set."""
    day_off = uniform[:, 0] < DAY_OFF_SHARE
    unusual = ~day_off & (uniform[:, 0] < DAY_OFF_SHARE + UNUSUAL_SHARE)
    if unusual.any():
        anywhere = 2.0 * uniform[unusual, UNIFORMS - actions.ACTION_WIDTH : UNIFORMS] - 1.0
        rows[unusual] = actions.decode(anywhere)
    rows[day_off, schema.STEPS] *= 0.15
    rows[day_off, schema.MINUTES] *= 0.15
    rows[day_off, schema.SLEEP] += 1.5
    rows[day_off, schema.WORKOUT] = 0
    rows[day_off, schema.LOCATION] = 0
    return rows
