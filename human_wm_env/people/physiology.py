"""How body and mood answer to a day: the equations behind the embedded people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from human_wm_env.people.traits import trait
from human_wm_env.person import schema
from human_wm_env.person.weather import IS_BAD

FITNESS_TAU_DAYS = 42.0  # Banister et al. 1975; Busso 2003
FATIGUE_TAU_DAYS = 7.0
SLEEP_DEBT_TAU_DAYS = 3.0  # assumption: recovery within days (Banks & Dinges 2007)
SLEEP_NEED_HOURS = 7.5  # middle of the recommendation for adults (Hirshkowitz et al. 2015)

# MET-hours above light activity for one session (Compendium of Physical Activities,
# Ainsworth et al. 2011, 45 minutes each).
WORKOUT_LOAD = {
    "None": 0.0,
    "Yoga": 1.2,
    "Walking": 1.6,
    "Swimming": 3.6,
    "Cycling": 4.2,
    "Gym Workout": 3.6,
    "Running": 5.4,
}
_LOAD_TABLE = np.array(
    [WORKOUT_LOAD[name] for name in schema.categories(schema.WORKOUT)], dtype=np.float32
)
LOAD_PER_STEP = 0.6 / 2000.0  # 2000 steps are 20 minutes at 3 METs, 0.6 MET-h above rest
LOAD_PER_MINUTE = 0.4 / 60.0
# Mean and within-person SD of the load under the habits; they make coefficients "per SD".
LOAD_CENTRE = 5.5  # MET-hours a day
LOAD_SD = 2.5  # MET-hours a day

# Population effects (assumptions, listed in docs/people.md), all multiplied by response_gain.
FITNESS_HEART_RATE_BPM = -1.5  # per SD of fitness
DEBT_HEART_RATE_BPM = 1.2  # per hour of sleep debt
HEART_RATE_NOISE_BPM = 4.2
HEART_RATE_PERSISTENCE = 0.25  # lag-1 of the residual; LifeSnaps: .21 overall
LOCATION_MOOD = {"Park": 0.15, "Office": -0.2}
WEEKEND_MOOD = 0.25
BAD_WEATHER_MOOD = -0.3
MOOD_PERSISTENCE = 0.8  # log-odds per unit of yesterday's mood score
OVERLOAD_TIRED = 0.8  # log-odds of Tired per SD of load above fitness, when positive
DEBT_TIRED = 0.6  # log-odds of Tired per hour of sleep debt
OVERSLEEP_HOURS = 9.5  # beyond it, sleep inertia
OVERSLEEP_TIRED = 0.5  # log-odds of Tired per hour beyond
MOOD_SCORE = np.array([1.0, 0.6, 0.3, 0.0], dtype=np.float32)  # Happy ... Stressed
MOOD_SCORE_CENTRE = 0.55
# Happy, Neutral, Tired, Stressed at rest; LifeSnaps, shrunk towards equal shares.
MOOD_INTERCEPT = np.array([0.45, 0.0, -0.25, -0.35], dtype=np.float32)
_MOOD_VALENCE = np.array([1.0, 0.0, 0.0, -1.0], dtype=np.float32)
_MOOD_TIREDNESS = np.array([0.0, 0.0, 1.0, 0.0], dtype=np.float32)
_LOCATION_TABLE = np.array(
    [LOCATION_MOOD.get(name, 0.0) for name in schema.categories(schema.LOCATION)], dtype=np.float32
)


@dataclass(frozen=True)
class Body:
    """Hidden quantities of the body at wake-up.

    Attributes:
        fitness: float32 (people,), exponentially weighted load, 42 days, MET-hours a day.
        fatigue: float32 (people,), the same over 7 days.
        sleep_debt: float32 (people,), exponentially weighted missing sleep, hours.
        heart_rate_residual: float32 (people,), yesterday's deviation from its mean, bpm.
    """

    fitness: np.ndarray
    fatigue: np.ndarray
    sleep_debt: np.ndarray
    heart_rate_residual: np.ndarray


def training_load(rows: np.ndarray) -> np.ndarray:
    """Return the day's training load in MET-hours, float (n,).

    Args:
        rows: float (n, 10), raw rows.

    Source: Ainsworth et al. 2011 for the weights.
    """
    workout = rows[:, schema.WORKOUT].astype(np.intp)
    moving = LOAD_PER_STEP * rows[:, schema.STEPS] + LOAD_PER_MINUTE * rows[:, schema.MINUTES]
    return moving + _LOAD_TABLE[workout]


def move_average(average: np.ndarray, value: np.ndarray, *, tau_days: float) -> np.ndarray:
    """Move an exponentially weighted average on by one day.

    Args:
        average: float (n,), at wake-up.
        value: float (n,), today's value.
        tau_days: time constant in days, > 0.

    Returns:
        float (n,), at the next wake-up.

    Source: Banister et al. 1975, impulse-response model, as a moving average.
    """
    decay = np.float32(np.exp(-1.0 / tau_days))
    return decay * average + (np.float32(1.0) - decay) * value


def mean_heart_rate(
    traits: np.ndarray, body: Body, rows: np.ndarray, response_gain: float
) -> np.ndarray:
    """Return the expected daily mean heart rate of today, bpm (people,).

    Today's load raises it at once; load above fitness (fatigue) raises it for a week;
    fitness lowers it for weeks.

    Source: form after Banister et al. 1975; sizes as listed in docs/people.md.
    """
    load = (training_load(rows) - LOAD_CENTRE) / LOAD_SD
    strain = (body.fatigue - body.fitness) / LOAD_SD
    fitness = (body.fitness - LOAD_CENTRE) / LOAD_SD
    effect = (
        trait(traits, "exercise_heart_rate_bpm") * load
        + trait(traits, "fatigue_heart_rate_bpm") * strain
        + FITNESS_HEART_RATE_BPM * fitness
        + DEBT_HEART_RATE_BPM * body.sleep_debt
    )
    return trait(traits, "heart_rate_rest_bpm") + np.float32(response_gain) * effect


def mood_logits(
    traits: np.ndarray,
    body: Body,
    rows: np.ndarray,
    weekend: np.ndarray,
    mood_before: np.ndarray,
    response_gain: float,
) -> np.ndarray:
    """Return log-odds of Happy, Neutral, Tired, Stressed today, float (people, 4).

    Args:
        traits: float (people, traits).
        body: hidden state at wake-up of today.
        rows: float (people, 10), today's actions and weather.
        weekend: bool (people,).
        mood_before: int (people,), yesterday's mood.
        response_gain: scales the effects of actions.
    """
    load = (training_load(rows) - LOAD_CENTRE) / LOAD_SD
    # Saturates: the second hour of running lifts mood less than the first.
    exercise = np.float32(1.5) * np.tanh(load / np.float32(1.5))
    sleep = rows[:, schema.SLEEP]
    missed = np.clip(SLEEP_NEED_HOURS - sleep, -1.0, 4.0)
    strain = np.maximum((body.fatigue - body.fitness) / LOAD_SD, 0.0)
    by_actions = (
        trait(traits, "exercise_mood") * exercise
        - trait(traits, "short_sleep_mood") * missed
        + _LOCATION_TABLE[rows[:, schema.LOCATION].astype(np.intp)]
    )
    valence = (
        trait(traits, "mood_rest")
        + response_gain * by_actions
        + WEEKEND_MOOD * weekend
        + BAD_WEATHER_MOOD * IS_BAD[rows[:, schema.WEATHER].astype(np.intp)]
        + MOOD_PERSISTENCE * (MOOD_SCORE[mood_before] - MOOD_SCORE_CENTRE)
    )
    tiredness = response_gain * (
        OVERLOAD_TIRED * strain
        + DEBT_TIRED * body.sleep_debt
        + OVERSLEEP_TIRED * np.maximum(sleep - OVERSLEEP_HOURS, 0.0)
    )
    return MOOD_INTERCEPT + valence[:, None] * _MOOD_VALENCE + tiredness[:, None] * _MOOD_TIREDNESS


def wake_up(body: Body, rows: np.ndarray, heart_rate_residual: np.ndarray) -> Body:
    """Return the hidden state at the next wake-up, after the day in `rows`."""
    load = training_load(rows)
    missing_sleep = np.float32(SLEEP_NEED_HOURS) - rows[:, schema.SLEEP]
    return Body(
        fitness=move_average(body.fitness, load, tau_days=FITNESS_TAU_DAYS),
        fatigue=move_average(body.fatigue, load, tau_days=FATIGUE_TAU_DAYS),
        sleep_debt=move_average(body.sleep_debt, missing_sleep, tau_days=SLEEP_DEBT_TAU_DAYS),
        heart_rate_residual=heart_rate_residual,
    )
