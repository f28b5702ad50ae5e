"""The encoder in NumPy: from a masked history to the posterior over (z_a, z_b, z_c)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from human_wm_env import schema
from human_wm_env.dataset import History
from human_wm_env.people.choices import sigmoid
from human_wm_env.people.simulator import is_weekend
from human_wm_env.runtime import inputs, memory, moments
from human_wm_env.runtime.memory import Memory
from human_wm_env.runtime.moments import Moments

# Posterior widths stay in a range that exp() of a float32 can hold.
LOG_VARIANCE_LOW, LOG_VARIANCE_HIGH = -9.0, 3.0


@dataclass(frozen=True)
class Posterior:
    """Diagonal Gaussian over the latents, batch-first.

    Attributes:
        mean: float32 (people, latents).
        log_variance: float32 (people, latents).
    """

    mean: np.ndarray
    log_variance: np.ndarray

    @property
    def sd(self) -> np.ndarray:
        """Standard deviations, (people, latents)."""
        return np.exp(0.5 * self.log_variance)


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
    lasting = valid[..., None]
    return EncodedHistories(
        inputs.encoder_inputs(encoded, observed, schema.weekday_features(weekday), remembered),
        valid,
        observed,
        moments.collect(values * lasting, mask * lasting, observed),
        final,
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
        out = self._read_moments(histories.moments) + self._read_days(histories)
        half = out.shape[1] // 2
        return Posterior(out[:, :half], np.clip(out[:, half:], LOG_VARIANCE_LOW, LOG_VARIANCE_HIGH))

    def _read_moments(self, collected: Moments) -> np.ndarray:
        w = self._weights
        x = moments.features(collected, w["moments.mean"], w["moments.sd"])
        hidden = np.maximum(x @ w["moments.first.weight"].T + w["moments.first.bias"], 0.0)
        hidden = np.maximum(hidden @ w["moments.second.weight"].T + w["moments.second.bias"], 0.0)
        out = hidden @ w["moments.out.weight"].T + w["moments.out.bias"]
        return out + x @ w["moments.linear.weight"].T

    def _read_days(self, histories: EncodedHistories) -> np.ndarray:
        w = self._weights
        days = np.maximum(histories.inputs @ w["row.first.weight"].T + w["row.first.bias"], 0.0)
        days = np.maximum(days @ w["row.second.weight"].T + w["row.second.bias"], 0.0)
        seen = (histories.observed.any(axis=-1) & histories.valid)[..., None]
        weeks, week_seen, week_valid = _weeks(days, seen, histories.valid)
        states = bidirectional_gru(weeks, week_valid, w)
        pooled = [
            _pool(days, days @ w["day_attention.weight"].T, seen),
            _pool(states, states @ w["week_attention.weight"].T, week_seen),
        ]
        summary = np.concatenate(pooled, axis=1, dtype=np.float32)
        hidden = np.maximum(summary @ w["first.weight"].T + w["first.bias"], 0.0)
        hidden = np.maximum(hidden @ w["second.weight"].T + w["second.bias"], 0.0)
        return hidden @ w["out.weight"].T + w["out.bias"]


def _weeks(
    days: np.ndarray, seen: np.ndarray, valid: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return each week's mean embedding with the share of days seen; what was seen; validity."""
    people, length, _ = days.shape
    week = schema.DAYS_PER_WEEK
    missing = -length % week

    def by_week(array: np.ndarray) -> np.ndarray:
        padded = np.pad(array, [(0, 0), (0, missing), (0, 0)])
        return padded.reshape(people, -1, week, array.shape[2])

    count = by_week(seen).sum(axis=2).astype(np.float32)
    mean = by_week(days * seen).sum(axis=2) / np.maximum(count, 1.0)
    weeks = np.concatenate([mean, count / np.float32(week)], axis=-1)
    return weeks, count > 0, by_week(valid[..., None]).sum(axis=2)[..., 0] > 0


def _pool(features: np.ndarray, scores: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Return attention-weighted means and the plain mean over what was seen."""
    masked = np.where(seen, scores, np.float32(-1e9))
    attention = np.exp(masked - masked.max(axis=1, keepdims=True)) * seen
    attention /= attention.sum(axis=1, keepdims=True) + np.float32(1e-9)
    pooled = attention.transpose(0, 2, 1) @ features
    mean = (features * seen).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    return np.concatenate([pooled.reshape(len(pooled), -1), mean], axis=1)


def bidirectional_gru(
    days: np.ndarray, valid: np.ndarray, weights: Mapping[str, np.ndarray]
) -> np.ndarray:
    """Run a GRU over the days in both directions at once; padding carries the state.

    Args:
        days: float32 (people, days, width).
        valid: bool (people, days), padding only at the end.
        weights: gru.input (2, width, 3H), gru.input_bias (2, 3H), gru.hidden (2, H, 3H),
            gru.hidden_bias (2, H); gates in the order reset, update, new.

    Returns:
        float32 (people, days, 2H): forward states, then backward states.

    Source: Cho et al. 2014, with the reset gate after the product, as in cuDNN.
    """
    people, length, _ = days.shape
    hidden_weights = weights["gru.hidden"]
    hidden = hidden_weights.shape[1]
    gates = np.empty((length, 2, people, 3 * hidden), dtype=np.float32)
    for direction in range(2):
        one = days @ weights["gru.input"][direction] + weights["gru.input_bias"][direction]
        # An update gate of 1 carries the state through the padding.
        one[..., hidden : 2 * hidden] += np.where(valid, 0.0, np.float32(1e4))[..., None]
        gates[:, direction] = one.transpose(1, 0, 2)[:: -1 if direction else 1]
    state = np.zeros((2, people, hidden), dtype=np.float32)
    states = np.empty((length, 2, people, hidden), dtype=np.float32)
    bias = weights["gru.hidden_bias"][:, None, :]
    for day in range(length):
        from_state = state @ hidden_weights
        both = sigmoid(gates[day, :, :, : 2 * hidden] + from_state[..., : 2 * hidden])
        reset, update = both[..., :hidden], both[..., hidden:]
        new = np.tanh(
            gates[day, :, :, 2 * hidden :] + reset * (from_state[..., 2 * hidden :] + bias)
        )
        state = new + update * (state - new)
        states[day] = state
    forward = states[:, 0].transpose(1, 0, 2)
    backward = states[::-1, 1].transpose(1, 0, 2)
    return np.concatenate([forward, backward], axis=-1)
