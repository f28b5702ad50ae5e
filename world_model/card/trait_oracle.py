"""The oracle: estimates true traits from a masked log by knowing the equations.

It is the bar for the learned latents, and no part of the model. It sees a LogDataset only,
never the truth behind it. Hidden quantities (training load on days that were not logged,
fitness, fatigue, sleep debt) are filled in from what was.
The equations are the shipped ones: heart rate and mood are linear in the traits, so their
design matrices are read off `mean_heart_rate` and `mood_logits` at unit traits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize, minimize_scalar

from human_wm_env.data.dataset import LogDataset
from human_wm_env.people import habits, physiology
from human_wm_env.people.physiology import Body
from human_wm_env.people.traits import TRAIT_INDEX, TRAIT_NAMES, TRAITS
from human_wm_env.person import feasible, schema
from human_wm_env.person.choices import sigmoid
from human_wm_env.person.weather import IS_BAD

LOAD_FEATURES = [schema.STEPS, schema.MINUTES, schema.WORKOUT]
TYPICAL = {schema.WEATHER: 0, schema.LOCATION: 2, schema.MOOD: 1}  # Clear, Other, Neutral
USUAL_SHARE = 1.0 - habits.UNUSUAL_SHARE - habits.DAY_OFF_SHARE


@dataclass(frozen=True)
class Log:
    """One person's log, gaps in categories filled with the typical one; arrays by day."""

    rows: np.ndarray
    seen: np.ndarray
    weekend: np.ndarray
    mood_before: np.ndarray
    body: Body

    @property
    def strain(self) -> np.ndarray:
        """Load above fitness, in SD."""
        return (self.body.fatigue - self.body.fitness) / physiology.LOAD_SD

    @property
    def bad_weather(self) -> np.ndarray:
        """Whether it rained, snowed or was foggy, as the habits count it."""
        return IS_BAD[self.rows[:, schema.WEATHER].astype(int)]

    def where(self, *features: int) -> np.ndarray:
        """Days on which all of the features were observed."""
        return np.asarray(self.seen[:, list(features)].all(axis=1))


def estimate(logs: LogDataset, users: np.ndarray, response_gain: float) -> np.ndarray:
    """Return estimated traits, float (users, traits), in the traits' own units."""
    return np.stack([_estimate_one(_read(logs, user), response_gain) for user in users])


def r_squared(estimated: np.ndarray, true: np.ndarray) -> dict[str, float]:
    """Share of each trait's variance that is explained (no rescaling)."""
    wrong = ((estimated - true) ** 2).mean(axis=0)
    return dict(zip(TRAIT_NAMES, 1.0 - wrong / true.var(axis=0), strict=True))


def _read(logs: LogDataset, user: int) -> Log:
    rows, seen = logs.rows[user].copy(), logs.observed[user]
    for feature, category in TYPICAL.items():
        rows[~seen[:, feature], feature] = category
    rows[~seen[:, schema.WORKOUT], schema.WORKOUT] = 0
    mood_before = np.concatenate([[TYPICAL[schema.MOOD]], rows[:-1, schema.MOOD]]).astype(int)
    body = _fill_body(rows, seen)
    return Log(rows, seen, logs.weekday[user] >= 5, mood_before, body)


def _fill_body(rows: np.ndarray, seen: np.ndarray) -> Body:
    """Run the averages over the log, with missing loads and sleep filled in."""
    load = _fill_load(rows, seen)
    asleep = seen[:, schema.SLEEP]
    sleep = np.where(asleep, rows[:, schema.SLEEP], rows[asleep, schema.SLEEP].mean())
    missing = physiology.SLEEP_NEED_HOURS - sleep
    fitness, fatigue, debt = (np.empty(len(rows), dtype=np.float32) for _ in range(3))
    now = [load.mean(), load.mean(), missing.mean()]
    for day in range(len(rows)):
        fitness[day], fatigue[day], debt[day] = now
        now = [
            physiology.move_average(now[0], load[day], tau_days=physiology.FITNESS_TAU_DAYS),
            physiology.move_average(now[1], load[day], tau_days=physiology.FATIGUE_TAU_DAYS),
            physiology.move_average(now[2], missing[day], tau_days=physiology.SLEEP_DEBT_TAU_DAYS),
        ]
    return Body(fitness, fatigue, debt, np.zeros_like(debt))


def _fill_load(rows: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Predict the load of a day from what was logged of it, linearly, for each pattern."""
    load = physiology.training_load(rows)
    known = seen[:, LOAD_FEATURES].all(axis=1)
    clues = [schema.STEPS, schema.MINUTES, schema.DISTANCE, schema.CALORIES]
    filled = np.where(known, load, load[known].mean())
    patterns = seen[:, clues]
    for pattern in np.unique(patterns[~known], axis=0):
        if not pattern.any():
            continue
        columns = np.array(clues)[pattern]
        fit_on = known & seen[:, columns].all(axis=1)
        fill = ~known & (patterns == pattern).all(axis=1)
        design = np.column_stack([np.ones(len(rows)), rows[:, columns]])
        slope = np.linalg.lstsq(design[fit_on], load[fit_on], rcond=None)[0]
        filled[fill] = design[fill] @ slope
    return filled


def _estimate_one(log: Log, response_gain: float) -> np.ndarray:
    traits = np.full(len(TRAITS), np.nan)

    def found(values: np.ndarray | float, *names: str) -> None:
        traits[[TRAIT_INDEX[name] for name in names]] = values

    found(_heart_rate(log, response_gain), *HEART_RATE_TRAITS)
    found(_mood(log, response_gain), *MOOD_TRAITS)
    found(_activity(log), "activity_level", "weekend_shift")
    found(_sleep_habit(log), "sleep_habit_hours")
    found(_workout_propensity(log), "workout_propensity")
    found(_outdoor_preference(log), "outdoor_preference")
    found(_basal_residual(log), "basal_residual_kcal")
    return traits


HEART_RATE_TRAITS = (
    "heart_rate_rest_bpm",
    "exercise_heart_rate_bpm",
    "fatigue_heart_rate_bpm",
)
MOOD_TRAITS = ("mood_rest", "exercise_mood", "short_sleep_mood")


def _prior(names: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    chosen = [TRAITS[TRAIT_INDEX[name]] for name in names]
    return np.array([one.mean for one in chosen]), np.array([one.sd for one in chosen])


def _unit_traits(names: tuple[str, ...], days: int) -> list[np.ndarray]:
    """All traits zero, then each of the named ones alone at 1."""
    units = [np.zeros((days, len(TRAITS)), dtype=np.float32)]
    for name in names:
        unit = units[0].copy()
        unit[:, TRAIT_INDEX[name]] = 1.0
        units.append(unit)
    return units


def _heart_rate(log: Log, gain: float) -> np.ndarray:
    """Posterior mean under the normal prior, the autocorrelated residual taken as white."""
    days = log.where(schema.HEART_RATE, *LOAD_FEATURES)
    at = [
        physiology.mean_heart_rate(unit, log.body, log.rows, gain)[days]
        for unit in _unit_traits(HEART_RATE_TRAITS, len(log.rows))
    ]
    design = np.column_stack(at[1:]) - at[0][:, None]
    mean, sd = _prior(HEART_RATE_TRAITS)
    weight = physiology.HEART_RATE_NOISE_BPM**2 / sd**2
    left = log.rows[days, schema.HEART_RATE] - at[0] - design @ mean
    return mean + np.linalg.solve(design.T @ design + np.diag(weight), design.T @ left)


def _mood(log: Log, gain: float) -> np.ndarray:
    days = log.where(schema.MOOD, schema.SLEEP, *LOAD_FEATURES)
    at = [
        physiology.mood_logits(unit, log.body, log.rows, log.weekend, log.mood_before, gain)[days]
        for unit in _unit_traits(MOOD_TRAITS, len(log.rows))
    ]
    design = np.stack([one - at[0] for one in at[1:]], axis=-1)  # (days, 4, 3)
    mood = log.rows[days, schema.MOOD].astype(int)
    mean, sd = _prior(MOOD_TRAITS)

    def loss(values: np.ndarray) -> float:
        logits = at[0] + design @ values
        chosen = logits[np.arange(len(mood)), mood]
        prior = 0.5 * (((values - mean) / sd) ** 2).sum()
        return float((np.logaddexp.reduce(logits, axis=1) - chosen).sum() + prior)

    return np.asarray(minimize(loss, mean).x)


def _activity(log: Log) -> np.ndarray:
    """Level and weekend shift by least squares, unusual days trimmed."""
    days = log.where(schema.STEPS, schema.WORKOUT)
    steps = log.rows[:, schema.STEPS]
    before = np.clip(np.log((np.roll(steps, 1) + 500.0) / habits.TYPICAL_STEPS), -2.0, 2.0)
    has_before = np.roll(log.seen[:, schema.STEPS], 1)
    has_before[0] = False
    persistence = habits.ACTIVITY_PERSISTENCE * has_before
    target = (
        np.log(np.maximum(steps, 1.0) / habits.TYPICAL_STEPS)
        - persistence * before
        - habits.WORKOUT_ACTIVITY * ((log.rows[:, schema.WORKOUT] > 0) - 0.4)
        - habits.BAD_WEATHER_ACTIVITY * log.bad_weather
        - habits.MOOD_ACTIVITY[log.mood_before]
        - habits.STRAIN_ACTIVITY * log.strain
    )
    design = np.column_stack([1.0 - persistence, log.weekend])
    keep = days
    values = np.array([np.median(target[days]), 0.0])
    for _ in range(5):
        keep = days & (np.abs(target - design @ values) < 2.5 * habits.ACTIVITY_NOISE)
        values = np.linalg.lstsq(design[keep], target[keep], rcond=None)[0]
    return values


def _sleep_habit(log: Log) -> float:
    days = log.where(schema.SLEEP)
    usual = (
        log.rows[:, schema.SLEEP]
        - habits.WEEKEND_SLEEP_HOURS * log.weekend
        - habits.DEBT_SLEEP_SHARE * log.body.sleep_debt
    )[days]
    middle = np.median(usual)
    return float(usual[np.abs(usual - middle) < 3.0 * habits.SLEEP_NOISE_HOURS].mean())


def _most_likely(loss: Callable[[float], float], name: str) -> float:
    (mean,), (sd,) = _prior((name,))
    found = minimize_scalar(
        lambda value: loss(value) + 0.5 * ((value - mean) / sd) ** 2,
        bounds=(mean - 6.0 * sd, mean + 6.0 * sd),
        method="bounded",
    )
    return float(found.x)


def _workout_propensity(log: Log) -> float:
    days = log.where(schema.WORKOUT)
    works_out = log.rows[days, schema.WORKOUT] > 0
    strain = log.strain[days]
    kinds = schema.FEATURES[schema.WORKOUT].width

    def loss(value: float) -> float:
        usual = USUAL_SHARE * sigmoid(value - 0.2 * strain)
        chance = usual + habits.UNUSUAL_SHARE * (kinds - 1) / kinds
        return float(-np.log(np.where(works_out, chance, 1.0 - chance)).sum())

    return _most_likely(loss, "workout_propensity")


def _outdoor_preference(log: Log) -> float:
    """By the kinds of workout that were chosen."""
    days = log.where(schema.WORKOUT) & (log.rows[:, schema.WORKOUT] > 0)
    kind = log.rows[days, schema.WORKOUT].astype(int) - 1
    bad = log.bad_weather[days, None]

    def loss(value: float) -> float:
        logits = habits._WORKOUT_BASE + (value - 0.8 * bad) * habits._WORKOUT_OUTDOOR
        log_share = logits - np.logaddexp.reduce(logits, axis=1)[:, None]
        share = np.exp(log_share[np.arange(len(kind)), kind])
        return float(-np.log(0.9 * share + 0.1 / 6.0).sum())

    return _most_likely(loss, "outdoor_preference")


def _basal_residual(log: Log) -> float:
    days = log.where(schema.CALORIES, *LOAD_FEATURES)
    rows = log.rows[days]
    implied = feasible.implied_calories_kcal(
        rows[:, schema.STEPS], rows[:, schema.MINUTES], rows[:, schema.WORKOUT].astype(int)
    )
    return float(np.median(rows[:, schema.CALORIES] - implied))
