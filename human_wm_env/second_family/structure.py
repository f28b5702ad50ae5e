"""The structure of one member of the family: what its people share, drawn from a prior by seed.

A model that is judged on people of its own making may be right for the wrong reasons. Members of
this family differ in what works through what, how fast, and when states are measured, and share
no equation with `human_wm_env.people`.

Source: assumptions. Ranges are wide on purpose: a month-long memory of training and a sleep debt
of days (Banister et al. 1975; Van Dongen et al. 2003) lie inside them, and so do other worlds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from human_wm_env.errors import ConfigError
from human_wm_env.person import schema

MEMBERS = 8
#: no setting of a model may be chosen by looking at these
HELD_OUT_MEMBERS = (5, 6, 7)

WORKOUTS = schema.categories(schema.WORKOUT)
LOCATIONS = schema.categories(schema.LOCATION)
NO_WORKOUT, PARK = WORKOUTS.index("None"), LOCATIONS.index("Park")
#: moods from the worst to the best, as indices of the schema
MOOD_ORDER = tuple(
    schema.categories(schema.MOOD).index(name) for name in ("Stressed", "Tired", "Neutral", "Happy")
)
#: what a state depends on; memory makes channels of the first five
DRIVERS = ("sleep", "acute_load", "chronic_load", "steps", "outdoors", "bad_weather")
REMEMBERED = 5
SleepShape = Literal["linear", "threshold", "saturating"]
SLEEP_SHAPES: tuple[SleepShape, ...] = ("linear", "threshold", "saturating")


@dataclass(frozen=True)
class StateStructure:
    """How one state, heart rate (bpm) or the latent mood, depends on the drivers.

    Attributes:
        mean, sd: float64 (6,), of the personal coefficients of DRIVERS.
        base_mean, base_sd: of the personal level.
        persistence: lag-1 autocorrelation of the slow noise, in [0, 1).
        slow_sd: standard deviation of that noise.
        white_sd: standard deviation of each day's own noise.
    """

    mean: np.ndarray
    sd: np.ndarray
    base_mean: float
    base_sd: float
    persistence: float
    slow_sd: float
    white_sd: float


@dataclass(frozen=True)
class Structure:
    """What all people of a member share.

    Attributes:
        member: its number, the seed of everything below.
        tau_days: float64 (5,), time constants of the remembered drivers, 1 to 60 days.
        sleep_shape: how hours of sleep count: linear, up to a threshold, or saturating.
        load_saturation_minutes, steps_saturation: where exercise and steps count half.
        intensity: float64 (workouts,), load of a minute of each workout.
        habituation: how much chronic load takes off the effect of acute load, in [0, 1).
        weather_interaction: share of the effect of being outdoors that bad weather takes away.
        feedback: how strongly yesterday's mood moves sleep and exercise.
        morning_states: heart rate and mood are measured on waking, before the day's actions.
        heavy_tails: daily noise is Student's t with 4 degrees of freedom.
        cutpoints: float64 (3,), between the ordered moods, on the latent scale.
        day_missing, gap_persistence, cell_missing, mood_missingness: of the missing cells.
        heart_rate, mood: how the two states depend on the drivers.
    """

    member: int
    tau_days: np.ndarray
    sleep_shape: SleepShape
    load_saturation_minutes: float
    steps_saturation: float
    intensity: np.ndarray
    habituation: float
    weather_interaction: float
    feedback: float
    morning_states: bool
    heavy_tails: bool
    cutpoints: np.ndarray
    day_missing: float
    gap_persistence: float
    cell_missing: float
    mood_missingness: float
    heart_rate: StateStructure
    mood: StateStructure

    @property
    def decay(self) -> np.ndarray:
        """Share of each remembered driver that a day leaves, float64 (5,)."""
        return np.exp(-1.0 / self.tau_days)

    @property
    def states(self) -> tuple[StateStructure, StateStructure]:
        """Heart rate and mood, in this order."""
        return self.heart_rate, self.mood

    def drivers(self, rows: np.ndarray) -> np.ndarray:
        """Return today's drivers that memory makes channels of, float64 (..., 5).

        Args:
            rows: float32 (..., 10), raw complete rows.
        """
        workout = rows[..., schema.WORKOUT].astype(int)
        load = self.intensity[workout] * rows[..., schema.MINUTES].astype(float)
        load = load / (1.0 + load / self.load_saturation_minutes) / 30.0
        steps = rows[..., schema.STEPS].astype(float)
        steps = steps / (1.0 + steps / self.steps_saturation) / 5000.0
        outdoors = (rows[..., schema.LOCATION] == PARK).astype(float)
        outdoors *= 1.0 - self.weather_interaction * is_bad_weather(rows)
        sleep = self._slept(rows[..., schema.SLEEP].astype(float))
        return np.stack([sleep, load, load, steps, outdoors], axis=-1)

    def _slept(self, hours: np.ndarray) -> np.ndarray:
        above = hours - 7.3
        if self.sleep_shape == "threshold":
            return np.minimum(above, 0.5)
        if self.sleep_shape == "saturating":
            return 1.5 * np.tanh(above / 1.5)
        return above

    def channels(
        self, before: np.ndarray, after: np.ndarray, bad_weather: np.ndarray
    ) -> np.ndarray:
        """Return what the states of a day are linear in, float64 (..., 6).

        Args:
            before: float64 (..., 5), memory on waking, without the day's actions.
            after: float64 (..., 5), memory with them.
            bad_weather: float64 (...), 0 or 1, or its probability.
        """
        remembered = before.copy() if self.morning_states else after.copy()
        remembered[..., 0] = after[..., 0]  # the night is over before any state is measured
        remembered[..., 1] *= 1.0 - self.habituation * np.tanh(remembered[..., 2])
        return np.concatenate([remembered, bad_weather[..., None]], axis=-1)


def is_bad_weather(rows: np.ndarray) -> np.ndarray:
    """Return 1 on days of rain or snow, else 0, float64 (...)."""
    weathers = schema.categories(schema.WEATHER)
    bad = np.array([name in ("Rain", "Snow") for name in weathers], dtype=float)
    return bad[np.maximum(rows[..., schema.WEATHER], 0.0).astype(int)]


def draw_structure(member: int) -> Structure:
    """Draw the structure of a member of the family.

    Args:
        member: 0 to MEMBERS - 1.

    Raises:
        ConfigError: there is no such member.
    """
    if not 0 <= member < MEMBERS:
        raise ConfigError(
            f"a member from 0 to {MEMBERS - 1}", f"{member}", "Choose one of the family."
        )
    rng = np.random.default_rng(np.random.SeedSequence([member, 991]))

    def spread(low: float, high: float) -> float:
        """Draw evenly in the logarithm."""
        return float(np.exp(rng.uniform(np.log(low), np.log(high))))

    def sometimes(share: float, low: float, high: float) -> float:
        """Draw from a range, or 0 where the effect is absent."""
        drawn = float(rng.uniform(low, high))
        return drawn if rng.random() < share else 0.0

    tau_days = np.array(
        [spread(1, 6), spread(1.5, 10), spread(15, 60), spread(1, 20), spread(1, 4)]
    )
    intensity = rng.uniform(0.3, 1.2, len(WORKOUTS))
    intensity[NO_WORKOUT] = 0.0
    return Structure(
        member=member,
        tau_days=tau_days,
        sleep_shape=SLEEP_SHAPES[int(rng.integers(len(SLEEP_SHAPES)))],
        load_saturation_minutes=spread(40.0, 150.0),
        steps_saturation=spread(6000.0, 40000.0),
        intensity=intensity,
        habituation=sometimes(0.5, 0.1, 0.5),
        weather_interaction=sometimes(0.6, 0.2, 1.0),
        feedback=sometimes(0.6, 0.1, 0.4),
        morning_states=bool(rng.random() < 0.5),
        heavy_tails=bool(rng.random() < 0.4),
        cutpoints=np.sort(np.array([-1.2, -0.3, 0.5]) + rng.normal(0.0, 0.15, 3)),
        day_missing=float(rng.uniform(0.2, 0.35)),
        gap_persistence=float(rng.uniform(0.3, 0.7)),
        cell_missing=float(rng.uniform(0.05, 0.2)),
        mood_missingness=float(rng.uniform(0.0, 0.5)),
        heart_rate=_heart_rate(rng),
        mood=_mood(rng),
    )


def _heart_rate(rng: np.random.Generator) -> StateStructure:
    acute = rng.uniform(1.0, 3.0)
    mean = [
        -rng.uniform(0.8, 2.2),
        acute,
        # Fitness: sometimes it outweighs a day's fatigue, sometimes not.
        -acute * rng.uniform(0.3, 2.5),
        rng.uniform(-1.0, 0.5),
        rng.uniform(-0.5, 0.3),
        rng.uniform(-0.3, 0.6),
    ]
    sd = np.array([1.2, 1.0, 1.5, 0.6, 0.5, 0.4]) * rng.uniform(0.7, 1.3, len(DRIVERS))
    return StateStructure(
        mean=np.array(mean),
        sd=sd,
        base_mean=66.0,
        base_sd=6.0,
        persistence=float(rng.uniform(0.5, 0.9)),
        slow_sd=float(rng.uniform(1.0, 2.0)),
        white_sd=float(rng.uniform(1.5, 3.0)),
    )


def _mood(rng: np.random.Generator) -> StateStructure:
    mean = [
        rng.uniform(0.2, 0.6),
        rng.uniform(-0.5, 0.1),
        rng.uniform(0.2, 0.9),
        rng.uniform(0.0, 0.3),
        rng.uniform(0.1, 0.5),
        -rng.uniform(0.1, 0.4),
    ]
    sd = np.array([0.35, 0.35, 0.5, 0.25, 0.3, 0.2]) * rng.uniform(0.7, 1.3, len(DRIVERS))
    return StateStructure(
        mean=np.array(mean),
        sd=sd,
        base_mean=0.0,
        base_sd=0.6,
        persistence=float(rng.uniform(0.5, 0.9)),
        slow_sd=float(rng.uniform(0.3, 0.6)),
        white_sd=1.0,  # fixes the scale of an ordinal probit
    )
