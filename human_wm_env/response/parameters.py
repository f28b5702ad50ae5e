"""What all people share of a response: learned channels, mean coefficients, loadings, noise."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from human_wm_env.person import schema
from human_wm_env.person.gap_events import gap_events
from human_wm_env.response.basis import WIDTH, ActionStatistics, remembered
from human_wm_env.response.gap_evidence import GapEvidence
from human_wm_env.response.noise import StateNoise

#: states that respond, in this order: heart rate (Gaussian) and mood (ordinal)
STATES = (schema.HEART_RATE, schema.MOOD)
#: moods from the worst to the best
MOOD_ORDER = tuple(
    schema.categories(schema.MOOD).index(name) for name in ("Stressed", "Tired", "Neutral", "Happy")
)
WEATHERS = schema.FEATURES[schema.WEATHER].width - 1
WEEKEND_SHARE, FRIDAY_SHARE, FRIDAY = 2.0 / 7.0, 1.0 / 7.0, 4
#: of more people than the first number, so many are laid out at a time as need little memory
MANY_PEOPLE, PEOPLE_TOGETHER = 256, 64
#: 1, weekend, Friday, weather of today and of yesterday
CONTEXT_WIDTH = 3 + 2 * WEATHERS


@dataclass(frozen=True)
class ResponseParameters:
    """The population's part of a response; what a person adds is drawn from N(0, 1).

    A state's mean on a day is x' (mu + L z): x holds the context and, for each time constant,
    `channels` learned combinations of the remembered basis. z has `rank` entries that both states
    share (z_c) and one more for each state's intercept (z_a).

    Attributes:
        actions: what is usual of days; fills gaps.
        tau_days: float64 (taus,), time constants of the memory; see `basis.remembered`.
        morning_states: states are measured before the actions of their row.
        channels: two arrays float64 (WIDTH, channels).
        mean: two arrays float64 (CONTEXT_WIDTH + taus * channels,).
        loadings: two arrays float64 (CONTEXT_WIDTH + taus * channels, rank).
        intercept_sd: float64 (2,).
        noise: of both states, on their own scale.
        noise_degrees: how alike the scales of people's noise of the heart rate are, in degrees of
            freedom; 0: all have the same (`noise.personal_variance`).
        cutpoints: float64 (3,), between the ordered moods.
        rate_centre, rate_scale: bpm; the heart rate is modelled as (bpm - centre) / scale.
        weather_share: float64 (3,), how common each but the first weather is.
        gaps: what gaps of a log say of moods; None takes them to say nothing.
    """

    actions: ActionStatistics
    tau_days: np.ndarray
    morning_states: bool
    channels: tuple[np.ndarray, np.ndarray]
    mean: tuple[np.ndarray, np.ndarray]
    loadings: tuple[np.ndarray, np.ndarray]
    intercept_sd: np.ndarray
    noise: tuple[StateNoise, StateNoise]
    cutpoints: np.ndarray
    rate_centre: float
    rate_scale: float
    weather_share: np.ndarray
    gaps: GapEvidence | None = None
    noise_degrees: float = 0.0

    @property
    def rank(self) -> int:
        """Dimensions of z_c."""
        return int(self.loadings[0].shape[1])

    @property
    def width(self) -> int:
        """Columns of the regression, before channels are learned."""
        return CONTEXT_WIDTH + len(self.tau_days) * WIDTH

    def spread(self, state: int) -> np.ndarray:
        """Return how coefficients of x spread over all columns, float64 (width, len(x))."""
        own = self.channels[state]
        taus = len(self.tau_days)
        spread = np.zeros((self.width, CONTEXT_WIDTH + taus * own.shape[1]))
        spread[:CONTEXT_WIDTH, :CONTEXT_WIDTH] = np.eye(CONTEXT_WIDTH)
        spread[CONTEXT_WIDTH:, CONTEXT_WIDTH:] = np.kron(np.eye(taus), own)
        return spread

    def personal(self, state: int) -> np.ndarray:
        """Return loadings of z_c and of both intercepts, float64 (len(x), rank + 2)."""
        own = np.zeros((len(self.mean[state]), len(STATES)))
        own[0, state] = self.intercept_sd[state]
        return np.concatenate([self.loadings[state], own], axis=1)

    def coefficients(self, state: int, latent: np.ndarray) -> np.ndarray:
        """Return a person's coefficients of all columns, float64 (..., width).

        Args:
            state: 0 for the heart rate, 1 for the mood.
            latent: float64 (..., rank + 2), z.
        """
        own = self.mean[state] + latent @ self.personal(state).T
        return np.asarray(own @ self.spread(state).T)


@dataclass(frozen=True)
class ResponseLogs:
    """Logs of people as regressions; see `response_logs`.

    Attributes:
        columns: float32 (people, days, width).
        rate: float64 (people, days), scaled heart rate; level: int (people, days), ordered mood.
        rate_observed, mood_observed: bool (people, days).
        memory: float64 (people, taus, WIDTH), after the last day.
        own_mean: float64 (people, WIDTH), of each person's basis, in its own units.
        days_seen: int (people,), days of which anything is known.
        evidence: float64 (people, days, levels), what the gaps of each day say of its mood, log
            probabilities up to a constant; None: nothing.
    """

    columns: np.ndarray
    rate: np.ndarray
    level: np.ndarray
    rate_observed: np.ndarray
    mood_observed: np.ndarray
    memory: np.ndarray
    own_mean: np.ndarray
    days_seen: np.ndarray
    evidence: np.ndarray | None = None

    def __getitem__(self, people: slice) -> ResponseLogs:
        """Return the logs of some people."""
        found = {each.name: getattr(self, each.name) for each in fields(self)}
        return ResponseLogs(**{name: v[people] for name, v in found.items() if v is not None})


def response_logs(
    parameters: ResponseParameters,
    rows: np.ndarray,
    observed: np.ndarray,
    weekday: np.ndarray,
    before: np.ndarray | None = None,
) -> ResponseLogs:
    """Turn logs into regressions: one pass, gaps filled, memory run.

    Of many people it needs hardly more memory than what it returns.

    Args:
        parameters: of the population; only what fills gaps and the time constants are used.
        rows: float32 (people, days, 10), raw.
        observed: bool (people, days, 10).
        weekday: int (people, days), 0 = Monday, -1 = unknown.
        before: bool (people, days), days that say what is usual of each person; None for all.
            Where later days are foretold, those before them.
    """
    if len(rows) <= MANY_PEOPLE:
        return _response_logs(parameters, rows, observed, weekday, before)
    found: dict[str, np.ndarray] = {}
    for first in range(0, len(rows), PEOPLE_TOGETHER):
        part = slice(first, first + PEOPLE_TOGETHER)
        known = None if before is None else before[part]
        few = _response_logs(parameters, rows[part], observed[part], weekday[part], known)
        for name, value in ((each.name, getattr(few, each.name)) for each in fields(few)):
            if value is not None:
                whole = found.setdefault(name, np.empty((len(rows), *value.shape[1:]), value.dtype))
                whole[part] = value
    return ResponseLogs(**found)


def _response_logs(
    parameters: ResponseParameters,
    rows: np.ndarray,
    observed: np.ndarray,
    weekday: np.ndarray,
    before: np.ndarray | None,
) -> ResponseLogs:
    scaled, own_mean = parameters.actions.filled(rows, observed, before)
    found, memory = remembered(
        scaled, parameters.tau_days, morning_states=parameters.morning_states
    )
    people, days = rows.shape[:2]
    context = context_columns(parameters, rows, observed, weekday)
    flat = found.reshape(people, days, -1)
    columns = np.concatenate([context.astype(np.float32), flat], axis=-1)
    mood_observed = observed[..., schema.MOOD]
    level_of = np.empty(len(MOOD_ORDER), dtype=int)
    level_of[list(MOOD_ORDER)] = np.arange(len(MOOD_ORDER))
    mood = np.where(mood_observed, rows[..., schema.MOOD], 0.0).astype(int)
    rate = rows[..., schema.HEART_RATE].astype(np.float64)
    return ResponseLogs(
        columns=columns,
        rate=(rate - parameters.rate_centre) / parameters.rate_scale,
        level=level_of[mood],
        rate_observed=observed[..., schema.HEART_RATE],
        mood_observed=mood_observed,
        memory=memory,
        own_mean=own_mean,
        days_seen=observed.any(axis=-1).sum(axis=1),
        evidence=None if parameters.gaps is None else parameters.gaps.of(gap_events(observed)),
    )


def context_columns(
    parameters: ResponseParameters, rows: np.ndarray, observed: np.ndarray, weekday: np.ndarray
) -> np.ndarray:
    """Return 1, weekday and weather, float64 (people, days, CONTEXT_WIDTH); 0 where unknown.

    Args:
        parameters: of the population.
        rows: float32 (people, days, 10), raw.
        observed: bool (people, days, 10).
        weekday: int (people, days), 0 = Monday, -1 = unknown.
    """
    people, days = weekday.shape
    known = weekday >= 0
    weekend = np.where(known, (weekday >= 5) - WEEKEND_SHARE, 0.0)
    friday = np.where(known, (weekday == FRIDAY) - FRIDAY_SHARE, 0.0)
    weather = rows[..., schema.WEATHER, None] == np.arange(1, WEATHERS + 1)
    today = np.where(observed[..., schema.WEATHER, None], weather - parameters.weather_share, 0.0)
    yesterday = np.concatenate([np.zeros((people, 1, WEATHERS)), today[:, :-1]], axis=1)
    context = [np.ones((people, days, 1)), weekend[..., None], friday[..., None], today, yesterday]
    return np.concatenate(context, axis=-1)
