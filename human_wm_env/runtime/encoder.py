"""The encoder in NumPy: from a masked history to the posterior over (z_a, z_b, z_c)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from human_wm_env.model import inputs, memory, moments
from human_wm_env.model.memory import Memory
from human_wm_env.model.moments import Moments
from human_wm_env.person import schema
from human_wm_env.person.history import History
from human_wm_env.person.schema import is_weekend
from human_wm_env.response.inference import PersonalResponse
from human_wm_env.response.parameters import STATES
from human_wm_env.runtime import gru

# Posterior widths stay in a range that exp() of a float32 can hold.
LOG_VARIANCE_LOW, LOG_VARIANCE_HIGH = -9.0, 3.0


@dataclass(frozen=True)
class Posterior:
    """A Gaussian over the latents, batch-first; diagonal but for what is exact.

    Attributes:
        mean: float32 (people, latents).
        log_variance: float32 (people, latents), of each latent by itself.
        response: with a response, the joint posterior of z_a and z_c, and what it keeps of the
            days.
    """

    mean: np.ndarray
    log_variance: np.ndarray
    response: PersonalResponse | None = None

    @property
    def sd(self) -> np.ndarray:
        """Standard deviations, (people, latents)."""
        return np.exp(0.5 * self.log_variance)

    def draw(self, noise: np.ndarray) -> np.ndarray:
        """Return latents, of the noise's shape.

        Args:
            noise: float32 (people, latents) or (people, draws, latents), standard normal.
        """
        root = None if self.response is None else self.response.root
        return drawn_latents(self.mean, self.sd, root, noise)

    def __getitem__(self, people: np.ndarray | slice) -> Posterior:
        """Return the posteriors of some people."""
        response = None if self.response is None else self.response[people]
        return Posterior(self.mean[people], self.log_variance[people], response)


def drawn_latents(
    mean: np.ndarray, sd: np.ndarray, root: np.ndarray | None, noise: np.ndarray
) -> np.ndarray:
    """Return latents [z_a, z_b, z_c] with a posterior, of the noise's shape.

    Args:
        mean: float32 (people, latents).
        sd: float32 (people, latents).
        root: float32 (people, k, k), the Cholesky root of [z_c, z_a] where they depend on each
            other; None where nothing does.
        noise: float32 (people, latents) or (people, draws, latents), standard normal.
    """
    between = (slice(None),) + (None,) * (noise.ndim - 2)
    latents = noise * sd[between]
    if root is not None:
        first = len(STATES)
        rank = root.shape[1] - first
        joint = (root[between] @ response_latents(noise, rank + first)[..., None])[..., 0]
        latents[..., -rank:], latents[..., :first] = joint[..., :rank], joint[..., rank:]
    latents += mean[between]
    return np.asarray(latents)


def response_latents(latents: np.ndarray, joint: int) -> np.ndarray:
    """Return [z_c, z_a] of [z_a, z_b, z_c], (..., joint)."""
    first = len(STATES)
    return np.concatenate([latents[..., first - joint :], latents[..., :first]], axis=-1)


def with_response(nets: Posterior, response: PersonalResponse) -> Posterior:
    """Return the posterior over [z_a, z_b, z_c].

    Args:
        nets: over z_b.
        response: over the others.
    """
    rank = response.mean.shape[1] - len(STATES)
    variance = np.square(response.root).sum(axis=2)
    log_variance = np.log(variance, dtype=np.float32)

    def around(own: np.ndarray, inner: np.ndarray) -> np.ndarray:
        return np.concatenate([own[:, rank:], inner, own[:, :rank]], axis=1)

    return Posterior(
        around(response.mean, nets.mean), around(log_variance, nets.log_variance), response
    )


@dataclass(frozen=True)
class EncodedHistories:
    """Histories of several people as net inputs, padded at the end.

    Attributes:
        inputs: float32 (people, days, ENCODER_WIDTH).
        valid: bool (people, days), False on padding.
        observed: bool (people, days, 10).
        moments: of each person's days.
        memory: after each person's last day.
    """

    inputs: np.ndarray
    valid: np.ndarray
    observed: np.ndarray
    moments: Moments
    memory: Memory


def prepare(histories: Sequence[History], *, use_memory: bool) -> EncodedHistories:
    """Turn histories into encoder inputs.

    Args:
        histories: of different lengths.
        use_memory: False zeroes the memory inputs (the Markov form).
    """
    longest = max(history.days for history in histories)
    people = len(histories)
    rows = np.zeros((people, longest, schema.FEATURE_COUNT), dtype=np.float32)
    observed = np.zeros(rows.shape, dtype=bool)
    weekday = np.full((people, longest), -1, dtype=np.int8)
    valid = np.zeros((people, longest), dtype=bool)
    for person, history in enumerate(histories):
        rows[person, : history.days] = history.rows
        observed[person, : history.days] = history.observed
        weekday[person, : history.days] = history.weekday
        valid[person, : history.days] = True
    remembered, final = memory.run(rows, observed, valid)
    if not use_memory:
        remembered[:] = 0.0
    encoded = schema.encode_rows(rows, observed)
    values, mask = moments.factors(
        encoded, observed, _eves(encoded), _eves(observed), remembered, is_weekend(weekday)
    )
    if not valid.all():
        values *= valid[..., None]
        mask *= valid[..., None]
    return EncodedHistories(
        inputs.encoder_inputs(encoded, observed, schema.weekday_features(weekday), remembered),
        valid,
        observed,
        moments.collect(values, mask, observed),
        final,
    )


@dataclass(frozen=True)
class EncodedBeginnings:
    """One history, and what is needed of its beginnings of several lengths.

    Attributes:
        inputs: float32 (1, days, ENCODER_WIDTH), of the whole history.
        observed: bool (1, days, 10).
        lengths: int (beginnings,), days of each beginning; whole weeks, ascending.
        moments: of each beginning.
        memory: after each beginning.
    """

    inputs: np.ndarray
    observed: np.ndarray
    lengths: np.ndarray
    moments: Moments
    memory: Memory


def prepare_beginnings(
    history: History, lengths: np.ndarray, *, use_memory: bool
) -> EncodedBeginnings:
    """Turn the beginnings of one history into encoder inputs, all in one pass over it.

    Args:
        history: at least as long as the longest beginning.
        lengths: int (beginnings,), ascending multiples of a week's days.
        use_memory: False zeroes the memory inputs (the Markov form).
    """
    days = int(lengths[-1])
    rows, observed = history.rows[None, :days], history.observed[None, :days]
    weekday = history.weekday[None, :days]
    remembered, states = memory.run_through(rows, observed)
    if not use_memory:
        remembered[:] = 0.0
    encoded = schema.encode_rows(rows, observed)
    values, mask = moments.factors(
        encoded, observed, _eves(encoded), _eves(observed), remembered, is_weekend(weekday)
    )
    pieces = [slice(a, b) for a, b in zip([0, *lengths[:-1]], lengths, strict=True)]
    parts = [moments.collect(values[:, p], mask[:, p], observed[:, p]) for p in pieces]
    return EncodedBeginnings(
        inputs.encoder_inputs(encoded, observed, schema.weekday_features(weekday), remembered),
        observed,
        lengths,
        Moments(
            np.cumsum(np.concatenate([part.products for part in parts]), axis=0),
            np.cumsum(np.concatenate([part.counts for part in parts]), axis=0),
            np.cumsum(np.concatenate([part.seen for part in parts]), axis=0),
        ),
        states(lengths),
    )


def _eves(days: np.ndarray) -> np.ndarray:
    """Return the day before each day; nothing is known before the first."""
    return np.concatenate([np.zeros_like(days[:, :1]), days[:, :-1]], axis=1)


class Encoder:
    """Two readings of a history, added up.

    One net reads its second moments. The other embeds the days, runs a bidirectional GRU
    over weeks, and pools both by masked attention; it sees what changes over time.

    Args:
        weights: the checkpoint's flat dictionary.
    """

    def __init__(self, weights: Mapping[str, np.ndarray]) -> None:
        self._weights = {
            name.removeprefix("encoder."): array
            for name, array in weights.items()
            if name.startswith("encoder.")
        }

    def __call__(self, histories: EncodedHistories) -> Posterior:
        """Return the posterior of each person.

        Every observed day moves it, no masked cell does.
        """
        return _posterior(self._read_moments(histories.moments) + self._read_days(histories))

    def _read_moments(self, collected: Moments) -> np.ndarray:
        w = self._weights
        x = moments.features(collected, w["moments.mean"], w["moments.sd"])
        hidden = np.maximum(x @ w["moments.first.weight"].T + w["moments.first.bias"], 0.0)
        hidden = np.maximum(hidden @ w["moments.second.weight"].T + w["moments.second.bias"], 0.0)
        out = hidden @ w["moments.out.weight"].T + w["moments.out.bias"]
        return out + x @ w["moments.linear.weight"].T

    def of_beginnings(self, person: EncodedBeginnings) -> Posterior:
        """Return a person's posteriors after the beginnings of their history.

        The same as encoding each beginning by itself, but for the rounding.
        """
        w = self._weights
        days = _embed(person.inputs, w)
        seen = np.any(person.observed, axis=-1)[..., None]
        scores = days @ w["day_attention.weight"].T
        of_days = _pool_beginnings(days[0], scores[0], seen[0], person.lengths)
        weeks, week_seen, _ = _weeks(days, seen, seen[..., 0])
        within = np.arange(weeks.shape[1]) < person.lengths[:, None] // schema.DAYS_PER_WEEK
        states = _read_weeks(weeks * within[..., None], within, w)
        scores = states @ w["week_attention.weight"].T
        of_weeks = _pool(states, scores, week_seen & within[..., None])
        summary = np.concatenate([of_days, of_weeks], axis=1, dtype=np.float32)
        return _posterior(self._read_moments(person.moments) + self._read_summary(summary))

    def _read_days(self, histories: EncodedHistories) -> np.ndarray:
        w = self._weights
        days = _embed(histories.inputs, w)
        seen = (histories.observed.any(axis=-1) & histories.valid)[..., None]
        weeks, week_seen, week_valid = _weeks(days, seen, histories.valid)
        states = _read_weeks(weeks, week_valid, w)
        pooled = [
            _pool(days, days @ w["day_attention.weight"].T, seen),
            _pool(states, states @ w["week_attention.weight"].T, week_seen),
        ]
        return self._read_summary(np.concatenate(pooled, axis=1, dtype=np.float32))

    def _read_summary(self, summary: np.ndarray) -> np.ndarray:
        w = self._weights
        hidden = np.maximum(summary @ w["first.weight"].T + w["first.bias"], 0.0)
        hidden = np.maximum(hidden @ w["second.weight"].T + w["second.bias"], 0.0)
        return hidden @ w["out.weight"].T + w["out.bias"]


def _posterior(out: np.ndarray) -> Posterior:
    half = out.shape[1] // 2
    return Posterior(out[:, :half], np.clip(out[:, half:], LOG_VARIANCE_LOW, LOG_VARIANCE_HIGH))


def _embed(inputs: np.ndarray, w: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the embedding of each day, one person after the other: that fits the cache."""
    people, length, _ = inputs.shape
    first, second = w["row.first.weight"].T, w["row.second.weight"].T
    days = np.empty((people, length, second.shape[1]), dtype=np.float32)
    hidden = np.empty((length, first.shape[1]), dtype=np.float32)
    # A maximum with an array is faster than one with a number.
    zeros = np.zeros_like(hidden)
    for person in range(people):
        np.matmul(inputs[person], first, out=hidden)
        hidden += w["row.first.bias"]
        np.maximum(hidden, zeros, out=hidden)
        own = np.matmul(hidden, second, out=days[person])
        own += w["row.second.bias"]
        np.maximum(own, zeros[:, : own.shape[1]], out=own)
    return days


def _weeks(
    days: np.ndarray, seen: np.ndarray, valid: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return each week's mean embedding with the share of days seen; what was seen; validity."""
    week = schema.DAYS_PER_WEEK
    begins = np.arange(0, days.shape[1], week)
    count = np.add.reduceat(seen, begins, axis=1, dtype=np.float32)
    mean = np.add.reduceat(days * seen, begins, axis=1) / np.maximum(count, 1.0)
    weeks = np.concatenate([mean, count / np.float32(week)], axis=-1)
    return weeks, count > 0, np.logical_or.reduceat(valid, begins, axis=1)


def _pool(features: np.ndarray, scores: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Return attention-weighted means and the plain mean over what was seen."""
    masked = np.where(seen, scores, np.float32(-1e9))
    attention = np.exp(masked - masked.max(axis=1, keepdims=True)) * seen
    attention /= attention.sum(axis=1, keepdims=True) + np.float32(1e-9)
    pooled = attention.transpose(0, 2, 1) @ features
    mean = (features * seen).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    return np.concatenate([pooled.reshape(len(pooled), -1), mean], axis=1)


def _pool_beginnings(
    features: np.ndarray, scores: np.ndarray, seen: np.ndarray, lengths: np.ndarray
) -> np.ndarray:
    """Return `_pool` of several beginnings of one person's days, (beginnings, width).

    Args:
        features: float32 (days, width).
        scores: float32 (days, heads).
        seen: bool (days, 1).
        lengths: int (beginnings,), ascending.
    """
    masked = np.where(seen, scores, np.float32(-1e9))
    heads = scores.shape[1]
    # By the largest score so far, as if the beginning were all there is.
    highest = np.maximum.accumulate(masked, axis=0)[lengths - 1]
    pooled = np.empty((len(lengths), (heads + 1) * features.shape[1]), dtype=np.float32)
    for row, (length, top) in enumerate(zip(lengths, highest, strict=True)):
        attention = np.exp(masked[:length] - top) * seen[:length]
        attention /= attention.sum(axis=0) + np.float32(1e-9)
        pooled[row, : heads * features.shape[1]] = (attention.T @ features[:length]).reshape(-1)
        mean = seen[:length, 0].astype(np.float32) @ features[:length]
        pooled[row, heads * features.shape[1] :] = mean / max(int(seen[:length].sum()), 1)
    return pooled


def _read_weeks(
    weeks: np.ndarray, valid: np.ndarray, weights: Mapping[str, np.ndarray]
) -> np.ndarray:
    """Run the GRU over the weeks in both directions, (people, weeks, 2H)."""
    names = ("gru.input", "gru.input_bias", "gru.hidden", "gru.hidden_bias")
    to_gates, bias, hidden, hidden_bias = (weights[name] for name in names)
    return gru.read(weeks, to_gates, bias, hidden, hidden_bias, valid)
