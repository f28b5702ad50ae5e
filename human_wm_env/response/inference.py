"""The exact posterior of single people at fixed parameters: what `posterior.infer` gives, quickly.

`posterior.infer` keeps all columns of the daily basis, whose combinations are still being learned.
Here they are known: a log becomes as many columns as there are latents, in compiled loops.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from human_wm_env.person import schema
from human_wm_env.person.gap_events import GapEvents, gap_events
from human_wm_env.person.history import History
from human_wm_env.response.basis import (
    COLUMN_FEATURES,
    OF_NIGHT,
    OWN_MEAN_PSEUDO_DAYS,
    WIDTH,
    daily_basis,
    daily_decay,
    observed_basis,
)
from human_wm_env.response.carried import (
    PROCESSES,
    UNKNOWN_WEATHER,
    Carried,
    joined_channels,
    next_day_root,
    stacked,
)
from human_wm_env.response.channel_columns import channels_loop, columns_loop
from human_wm_env.response.kalman import filter_loop
from human_wm_env.response.moment_matching import match_moments
from human_wm_env.response.noise import StateNoise, personal_variance
from human_wm_env.response.parameters import (
    CONTEXT_WIDTH,
    MOOD_ORDER,
    STATES,
    ResponseParameters,
    context_columns,
)
from human_wm_env.response.posterior import SCORING_PASSES

_FEATURES = sorted({feature for needed in COLUMN_FEATURES for feature in needed})
_BITS = 1 << np.arange(len(_FEATURES))
_NIGHT, _DAY = 0, 1
_LEVEL_OF = np.empty(len(MOOD_ORDER), dtype=np.intp)
_LEVEL_OF[list(MOOD_ORDER)] = np.arange(len(MOOD_ORDER))


@dataclass(frozen=True)
class PersonalResponse:
    """What logs say about people's responses, batch-first.

    Attributes:
        mean: float32 (people, rank + 2), posterior means of [z_c, z_a].
        root: float32 (people, rank + 2, rank + 2), Cholesky root of their covariance.
        carried: what is kept of the days.
    """

    mean: np.ndarray
    root: np.ndarray
    carried: Carried

    def __getitem__(self, people: np.ndarray | slice) -> PersonalResponse:
        """Return those of some people."""
        return PersonalResponse(self.mean[people], self.root[people], self.carried[people])


@dataclass(frozen=True)
class _Days:
    """A log as it enters the columns; float64.

    Attributes:
        values: (days, WIDTH), the daily basis over its standard deviations, 0 where not known.
        known: bool (days, WIDTH).
        pattern: int (days,), which features are known, as bits.
        channels: (days, 2 * channels), of the night, then of the day, gaps filled; before what is
            usual of the person is taken off.
        context: (days, CONTEXT_WIDTH).
        rate, level: (days,), scaled heart rate and ordered mood; rate_seen, mood_seen: bool.
        weather: int (days,), -1 where unknown.
        events: of gaps; None where these say nothing of the mood.
    """

    values: np.ndarray
    known: np.ndarray
    pattern: np.ndarray
    channels: np.ndarray
    context: np.ndarray
    rate: np.ndarray
    level: np.ndarray
    rate_seen: np.ndarray
    mood_seen: np.ndarray
    weather: np.ndarray
    events: GapEvents | None


class ResponseInference:
    """Posteriors of single people under one response.

    Args:
        parameters: of the population.
    """

    def __init__(self, parameters: ResponseParameters) -> None:
        self.parameters = parameters
        self._mean = parameters.actions.mean / parameters.actions.sd
        channels = joined_channels(parameters)
        self._parts = np.concatenate(
            [
                np.where(OF_NIGHT[:, None], channels, 0.0),
                np.where(OF_NIGHT[:, None], 0.0, channels),
            ],
            axis=1,
        )
        # What the known columns of a day say of its channels, by which features are known.
        self._filled = np.stack([self._fill(bits) for bits in range(1 << len(_FEATURES))])
        self._decay = daily_decay(parameters.tau_days)
        self._loaded = [
            np.concatenate([-parameters.personal(state), -parameters.mean[state][:, None]], axis=1)
            for state in range(len(STATES))
        ]

    def _fill(self, bits: int) -> np.ndarray:
        features = {feature for place, feature in enumerate(_FEATURES) if bits >> place & 1}
        known = np.array([features.issuperset(needed) for needed in COLUMN_FEATURES])
        filled = np.zeros((WIDTH, WIDTH))
        filled[known, known] = 1.0
        if known.any() and not known.all():
            correlation = self.parameters.actions.correlation
            slopes = np.linalg.solve(
                correlation[np.ix_(known, known)], correlation[np.ix_(known, ~known)]
            )
            filled[np.ix_(known, ~known)] = slopes
        return filled @ self._parts

    def __call__(self, histories: Sequence[History]) -> PersonalResponse:
        """Return the posteriors of several people; no person influences another."""
        found = [self.of_beginnings(one, np.array([one.days])) for one in histories]
        return joined(found)

    def of_beginnings(self, history: History, lengths: np.ndarray) -> PersonalResponse:
        """Return the posteriors after several beginnings of one log, as if each were all.

        Args:
            history: the whole log.
            lengths: int (beginnings,), 1 <= lengths <= its days.
        """
        days = self._read(history)
        totals, counts = np.cumsum(days.values, axis=0), np.cumsum(days.known, axis=0)
        found = []
        for length in lengths.tolist():
            seen = counts[length - 1] + OWN_MEAN_PSEUDO_DAYS
            usual = (totals[length - 1] + OWN_MEAN_PSEUDO_DAYS * self._mean) / seen
            found.append(self._beginning(days, length, usual))
        return joined(found)

    def _read(self, history: History) -> _Days:
        parameters, observed = self.parameters, history.observed
        known = observed_basis(observed)
        seen = observed[:, schema.MOOD]
        mood = np.where(seen, history.rows[:, schema.MOOD], 0.0).astype(np.intp)
        rate = history.rows[:, schema.HEART_RATE].astype(np.float64)
        weather = history.rows[:, schema.WEATHER].astype(np.intp)
        values = np.where(known, daily_basis(history.rows) / parameters.actions.sd, 0.0)
        pattern = observed[:, _FEATURES] @ _BITS
        channels = np.zeros((len(values), self._parts.shape[1]))
        channels_loop(values, pattern, self._filled, channels)
        return _Days(
            values=values,
            known=known,
            pattern=pattern,
            channels=channels,
            context=context_columns(
                parameters, history.rows[None], observed[None], history.weekday[None]
            )[0],
            rate=(rate - parameters.rate_centre) / parameters.rate_scale,
            level=_LEVEL_OF[mood],
            rate_seen=np.ascontiguousarray(observed[:, schema.HEART_RATE]),
            mood_seen=np.ascontiguousarray(seen),
            weather=np.where(observed[:, schema.WEATHER], weather, UNKNOWN_WEATHER),
            events=None if parameters.gaps is None else gap_events(observed),
        )

    def _beginning(self, days: _Days, length: int, usual: np.ndarray) -> PersonalResponse:
        parameters, begun = self.parameters, slice(0, length)
        channels = self._parts.shape[1] // 2
        kept = np.zeros((2, len(self._decay), channels))
        columns = tuple(
            np.empty((length, CONTEXT_WIDTH + len(self._decay) * own.shape[1]))
            for own in parameters.channels
        )
        columns_loop(
            (days.channels[begun], days.pattern[begun], days.context[begun]),
            usual @ self._filled,
            self._decay,
            parameters.morning_states,
            kept,
            columns,
        )
        rate, mood = (
            _StateLog(own @ loaded, seen[begun], noise)
            for own, loaded, seen, noise in zip(
                columns,
                self._loaded,
                (days.rate_seen, days.mood_seen),
                parameters.noise,
                strict=True,
            )
        )
        rate.filter(days.rate[begun], np.full(length, rate.noise.white_variance))
        evidence = None
        if parameters.gaps is not None and days.events is not None:
            events = GapEvents(days.events.opened[begun], days.events.held[begun])
            evidence = parameters.gaps.of(events)
        mean, root, variance = self._passes(rate, mood, days.level[begun], evidence)
        return _as_batch(
            mean,
            root,
            night=kept[_NIGHT],
            day=kept[_DAY],
            usual=(usual @ self._parts).reshape(2, channels),
            weather=days.weather[length - 1],
            noise=np.stack([rate.mean[:, -1], mood.mean[:, -1]]),
            noise_slope=np.stack([rate.mean[:, :-1], mood.mean[:, :-1]]),
            noise_root=np.stack(
                [next_day_root(state.noise, state.covariance) for state in (rate, mood)]
            ),
            noise_scale=np.array([np.sqrt(variance), 1.0]),
        )

    def _passes(
        self, rate: _StateLog, mood: _StateLog, level: np.ndarray, evidence: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray, float]:
        """Return posterior mean and root, and the variance of the heart rate's noise over all's.

        The mood's log is left filtered at the posterior.
        """
        size, cutpoints = len(rate.pull), self.parameters.cutpoints
        identity, degrees, variance = np.eye(size), self.parameters.noise_degrees, 1.0
        latent_mean = np.zeros(len(level))

        def filter_at_mean() -> None:
            own = latent_mean[None], level[None], mood.observed[None]
            gaps = None if evidence is None else evidence[None]
            at = match_moments(*own, mood.noise, cutpoints, gaps)
            mood.filter(at.response[0], at.variance[0])

        for _ in range(SCORING_PASSES):
            filter_at_mean()
            precision = identity + rate.precision / variance + mood.precision
            mean = np.linalg.solve(precision, rate.pull / variance + mood.pull)
            latent_mean = mood.expected(mean)
            if degrees > 0.0:
                variance = rate.variance(mean, np.linalg.inv(precision), degrees)
        filter_at_mean()
        # The root that is lower triangular in the order of the latents.
        return mean, np.linalg.cholesky(np.linalg.inv(precision)), variance


class _StateLog:
    """One state of a log as a regression on the latents.

    Args:
        columns: float64 (days, latents + 1): minus what each latent explains, minus the mean.
        observed: bool (days,).
        noise: of the state.

    Attributes, after `filter`:
        precision: float64 (latents, latents), what the state adds to the posterior's.
        pull: float64 (latents,), likewise.
        mean: float64 (2, latents + 1), filtered noise by each latent, and at 0 of all.
        covariance: float64 (2, 2), of the noise.
    """

    def __init__(self, columns: np.ndarray, observed: np.ndarray, noise: StateNoise) -> None:
        self._columns, self.observed, self.noise = columns, observed, noise
        self._minus_mean = columns[:, -1].copy()
        self._whitened = np.empty_like(columns)
        self.mean = np.empty((PROCESSES, columns.shape[1]))
        self.covariance = np.empty((PROCESSES, PROCESSES))
        self.precision = self.pull = np.empty(0)

    def filter(self, response: np.ndarray, variance: np.ndarray) -> None:
        """Take a state's numbers, float64 (days,), with the variances of their white noise."""
        self._columns[:, -1] = response + self._minus_mean
        own = self.noise.persistence, self.noise.sd
        filter_loop(
            self._columns,
            self.observed,
            variance,
            own,
            self._whitened,
            self.mean,
            self.covariance,
        )
        products = self._whitened.T @ self._whitened
        self.precision, self.pull = products[:-1, :-1], -products[:-1, -1]

    def variance(self, mean: np.ndarray, covariance: np.ndarray, degrees: float) -> float:
        """Return the variance of the person's noise over that of all; see `personal_variance`.

        Args:
            mean: float64 (latents,), of the posterior.
            covariance: float64 (latents, latents), of it.
            degrees: as there.
        """
        left = self._whitened[:, :-1] @ mean + self._whitened[:, -1]
        squares = left @ left + (covariance * self.precision).sum()
        return float(personal_variance(squares, self.observed.sum(), degrees))

    def expected(self, latents: np.ndarray) -> np.ndarray:
        """Return what latents (latents,) make the state expected to be, float64 (days,)."""
        return np.asarray(-self._columns[:, :-1] @ latents - self._minus_mean)


def _as_batch(mean: np.ndarray, root: np.ndarray, **kept: np.ndarray) -> PersonalResponse:
    """Return a batch of one, float32 but for the weather."""

    def one(value: np.ndarray) -> np.ndarray:
        array = np.asarray(value)[None]
        return array.astype(np.float32) if array.dtype == np.float64 else array

    carried = Carried(**{name: one(value) for name, value in kept.items()})
    return PersonalResponse(one(mean), one(root), carried)


def joined(people: Sequence[PersonalResponse]) -> PersonalResponse:
    """Return batches as one."""
    return PersonalResponse(
        np.concatenate([one.mean for one in people]),
        np.concatenate([one.root for one in people]),
        stacked([one.carried for one in people]),
    )
