"""What a response is linear in: functions of one day's actions, their gaps, and their memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from human_wm_env.person import feasible, schema

_WORKOUTS = schema.categories(schema.WORKOUT)
_REST = _WORKOUTS.index("None")
_KINDS = tuple(index for index in range(len(_WORKOUTS)) if index != _REST)
_PLACES = tuple(range(1, schema.FEATURES[schema.LOCATION].width))
#: hours below which a night is short, above which it is long, and above which it is very long
SHORT_NIGHT_HOURS, LONG_NIGHT_HOURS, VERY_LONG_NIGHT_HOURS = 6.5, 8.0, 9.5
#: steps and active minutes of a day above which more of them may do less, or more, than the first
MANY_STEPS = (7500.0, 12500.0)
MANY_MINUTES = 60.0
#: energy that steps, active minutes and a workout imply together, likewise: near the 15th, 50th,
#: 80th and 93rd percentile of the embedded people's days
MANY_KCAL = (300.0, 600.0, 1000.0, 1500.0)
KCAL_UNIT = 300.0
#: features that each column needs
COLUMN_FEATURES: tuple[tuple[int, ...], ...] = (
    *(((schema.SLEEP,),) * 4),
    (schema.MINUTES,),
    (schema.STEPS,),
    (schema.DISTANCE,),
    (schema.CALORIES,),
    *(((schema.WORKOUT,),) * len(_KINDS)),
    *(((schema.WORKOUT, schema.MINUTES),) * len(_KINDS)),
    *(((schema.LOCATION,),) * len(_PLACES)),
    *(((schema.STEPS,),) * len(MANY_STEPS)),
    (schema.MINUTES,),
    (schema.WORKOUT, schema.STEPS),
    *(((schema.STEPS, schema.MINUTES, schema.WORKOUT),) * len(MANY_KCAL)),
)
WIDTH = len(COLUMN_FEATURES)
_BEFORE_KCAL = WIDTH - len(MANY_KCAL)
#: columns of earlier bases: the first knew no very long nights, and no days of much activity; the
#: second nothing of a day's activity as a whole
FIRST_COLUMNS = np.r_[0:3, 4 : _BEFORE_KCAL - len(MANY_STEPS) - 2]
SECOND_COLUMNS = np.arange(_BEFORE_KCAL)
#: columns of the night, which is over before the morning
OF_NIGHT = np.array([features == (schema.SLEEP,) for features in COLUMN_FEATURES])
OWN_MEAN_PSEUDO_DAYS = 5.0
_LEAST_SD, _LEAST_EIGENVALUE = 1e-3, 1e-3


def daily_basis(rows: np.ndarray) -> np.ndarray:
    """Return functions of the actions of days, float64 (..., WIDTH).

    A product is a column of its own (minutes of each workout, steps of days with any): averages
    of factors do not tell the average of their product. Hinges let an effect level off: a line
    through days of rest and of long runs says too little of a walk.

    Args:
        rows: float32 (..., 10), raw rows; anything in cells that were not observed.
    """
    sleep, minutes = rows[..., schema.SLEEP], rows[..., schema.MINUTES] / 60.0
    workout, steps = rows[..., schema.WORKOUT], rows[..., schema.STEPS]
    kcal = moving_kcal(steps, rows[..., schema.MINUTES], workout)
    columns = [
        sleep - 7.0,
        np.minimum(sleep - SHORT_NIGHT_HOURS, 0.0),
        np.maximum(sleep - LONG_NIGHT_HOURS, 0.0),
        np.maximum(sleep - VERY_LONG_NIGHT_HOURS, 0.0),
        minutes,
        steps / 5000.0,
        rows[..., schema.DISTANCE] / 4.0,
        rows[..., schema.CALORIES] / 500.0,
        *((workout == kind).astype(float) for kind in _KINDS),
        *((workout == kind) * minutes for kind in _KINDS),
        *((rows[..., schema.LOCATION] == place).astype(float) for place in _PLACES),
        *(np.maximum(steps - many, 0.0) / 5000.0 for many in MANY_STEPS),
        np.maximum(minutes - MANY_MINUTES / 60.0, 0.0),
        (workout != _REST) * steps / 5000.0,
        *(np.maximum(kcal - many, 0.0) / KCAL_UNIT for many in MANY_KCAL),
    ]
    return np.stack(columns, axis=-1).astype(np.float64)


def moving_kcal(steps: np.ndarray, active_minutes: np.ndarray, workout: np.ndarray) -> np.ndarray:
    """Return the energy that an average person spends on a day's activity, kcal (...).

    Args:
        steps: float (...).
        active_minutes: float (...).
        workout: float (...), index of the category, anything where it was not observed.
    """
    of_workout = np.zeros_like(steps)
    for kind in _KINDS:
        of_workout += (workout == kind) * feasible.KCAL_TABLE[kind]
    walked = feasible.KCAL_PER_STEP * steps + feasible.KCAL_PER_MINUTE * active_minutes
    return np.asarray(walked + of_workout)


def observed_basis(observed: np.ndarray) -> np.ndarray:
    """Return which columns are known, bool (..., WIDTH); `observed` is bool (..., 10)."""
    known = [observed[..., list(features)].all(axis=-1) for features in COLUMN_FEATURES]
    return np.stack(known, axis=-1)


@dataclass(frozen=True)
class ActionStatistics:
    """What is usual of days, fitted to training people; fills the gaps of all logs.

    Attributes:
        mean: float64 (WIDTH,), over all people.
        sd: float64 (WIDTH,), within a person, pooled.
        correlation: float64 (WIDTH, WIDTH), within a person, positive definite.
    """

    mean: np.ndarray
    sd: np.ndarray
    correlation: np.ndarray

    @classmethod
    def of(cls, rows: np.ndarray, observed: np.ndarray) -> ActionStatistics:
        """Fit to logs, float32 (people, days, 10) and bool (people, days, 10)."""
        values, known = daily_basis(rows), observed_basis(observed)
        values = np.where(known, values, 0.0)
        mean = values.sum(axis=(0, 1)) / np.maximum(known.sum(axis=(0, 1)), 1)
        own = _own_mean(values, known, mean)
        apart = np.where(known, values - own[:, None], 0.0)
        variance = (apart**2).sum(axis=(0, 1)) / np.maximum(known.sum(axis=(0, 1)), 1)
        sd = np.sqrt(variance) + _LEAST_SD
        flat = (apart / sd).reshape(-1, WIDTH)
        seen = known.reshape(-1, WIDTH).astype(float)
        correlation = flat.T @ flat / np.maximum(seen.T @ seen, 1.0)
        # Pairs that are seen on different days need not make a positive definite matrix.
        eigenvalues, vectors = np.linalg.eigh(correlation)
        positive = np.maximum(eigenvalues, _LEAST_EIGENVALUE)
        raised = (vectors * positive) @ vectors.T
        of_one = np.sqrt(np.diag(raised))
        return cls(mean, sd, raised / np.outer(of_one, of_one))

    def filled(
        self, rows: np.ndarray, observed: np.ndarray, before: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return scaled deviations from each person's own mean, without gaps, and that mean.

        A gap gets the conditional mean given the day's other actions, and where nothing of a day
        is known the person's own mean. States of the row are never looked at: an action that is
        imputed from them would seem to explain them.

        Args:
            rows: float32 (people, days, 10).
            observed: bool (people, days, 10).
            before: bool (people, days), the days whose mean is taken; None for all of them.

        Returns:
            float64 (people, days, WIDTH), in within-person standard deviations, and float64
            (people, WIDTH), in the basis' own units.
        """
        values, known = daily_basis(rows), observed_basis(observed)
        values = np.where(known, values, 0.0)
        tell = known if before is None else known & before[..., None]
        own = _own_mean(np.where(tell, values, 0.0), tell, self.mean)
        scaled = np.where(known, (values - own[:, None]) / self.sd, 0.0)
        flat, seen = scaled.reshape(-1, WIDTH), known.reshape(-1, WIDTH)
        codes = seen @ (1 << np.arange(WIDTH))
        _, first, pattern_of = np.unique(codes, return_index=True, return_inverse=True)
        order = np.argsort(pattern_of, kind="stable")
        counts = np.bincount(pattern_of, minlength=len(first))
        pieces = np.split(order, np.cumsum(counts)[:-1])
        for pattern, days in zip(seen[first], pieces, strict=True):
            if pattern.all() or not pattern.any():
                continue
            known_part = self.correlation[np.ix_(pattern, pattern)]
            slopes = np.linalg.solve(known_part, self.correlation[np.ix_(pattern, ~pattern)])
            filled = flat[days]
            filled[:, ~pattern] = filled[:, pattern] @ slopes
            flat[days] = filled
        return flat.reshape(scaled.shape), own


def _own_mean(values: np.ndarray, known: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Return each person's mean, shrunk towards all people's, float64 (people, WIDTH)."""
    days = known.sum(axis=1)
    return np.asarray(
        (values.sum(axis=1) + OWN_MEAN_PSEUDO_DAYS * mean) / (days + OWN_MEAN_PSEUDO_DAYS)
    )


def daily_decay(tau_days: np.ndarray) -> np.ndarray:
    """Return what a day leaves of averages with time constants, (taus,); 0 of the day itself."""
    return np.exp(-1.0 / np.maximum(tau_days, np.finfo(np.float64).tiny))


def days_before(tau_days: np.ndarray) -> np.ndarray:
    """Return which averages leave out the day itself, bool (taus,); see `remembered`."""
    return (tau_days > 0.0) & (tau_days[0] == 0.0)


def remembered(
    scaled: np.ndarray, tau_days: np.ndarray, *, morning_states: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return exponential averages of the basis as the states of each day find them.

    An effect of today need not be the first of an average's: where the first time constant is 0,
    it is the day itself, and the others average the days before it.

    Args:
        scaled: float64 (people, days, WIDTH), without gaps: see `ActionStatistics.filled`.
        tau_days: float64 (taus,), time constants in days, the first >= 0, the others > 0.
        morning_states: states are measured on waking, after the night and before the other
            actions of their row; else in the evening, after all of them.

    Returns:
        float32 (people, days, taus, WIDTH), and the averages after the last day, float64
        (people, taus, WIDTH).
    """
    people, days, width = scaled.shape
    decay = daily_decay(tau_days)[:, None]
    before = days_before(tau_days)[:, None]
    average = np.zeros((people, len(tau_days), width))
    found = np.empty((people, days, len(tau_days), width), dtype=np.float32)
    for day in range(days):
        after = decay * average + (1.0 - decay) * scaled[:, day, None]
        late = before | (~OF_NIGHT & morning_states)
        found[:, day] = np.where(late, average, after)
        average = after
    return found, average
