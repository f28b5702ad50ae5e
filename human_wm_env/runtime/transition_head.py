"""The states of a day: heart rate and mood drawn, and how much the ensemble disagrees.

The predictive distribution is the mixture over the members: a member is drawn for each slot and
day, and at temperature 0 the members are averaged. The disagreement is the mean of two standard
deviations over the members: that of the expected heart rate (in scales) and that of the mood's
shares (averaged over the moods).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from human_wm_env.compiled import compiled, stamp
from human_wm_env.runtime.sampling import expected, mixture

# exp(x) = 2^n exp(r) with |r| <= log(2) / 2, and a polynomial for exp(r): Cephes' expf (Moshier
# 1989). log(2) is taken off in two parts, of which the first times n is exact.
_LEAST, _MOST = np.float32(-87.0), np.float32(88.0)
_PER_LOG2 = np.float32(1.44269504)
_LOG2_HIGH, _LOG2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)
_C7, _C6, _C5 = (
    np.float32(1.9875691500e-4),
    np.float32(1.3981999507e-3),
    np.float32(8.3334519073e-3),
)
_C4, _C3, _C2 = np.float32(4.1665795894e-2), np.float32(1.6666665459e-1), np.float32(0.5)
_HALF, _ONE = np.float32(0.5), np.float32(1.0)
_EXPONENT_BIAS, _EXPONENT_AT = np.int32(127), np.int32(23)


@compiled
def exponentials(values: np.ndarray) -> None:
    """Replace each value by its exponential, to 1e-7 of it: eight at once, side by side.

    Args:
        values: float32 (n,); beyond -87 and 88, whose exponentials float32 can hold, those are
            taken.
    """
    bits = np.empty(len(values), dtype=np.int32)
    for place in range(len(values)):
        value = min(max(values[place], _LEAST), _MOST)
        whole = np.floor(value * _PER_LOG2 + _HALF)
        rest = value - whole * _LOG2_HIGH - whole * _LOG2_LOW
        series = ((((_C7 * rest + _C6) * rest + _C5) * rest + _C4) * rest + _C3) * rest + _C2
        values[place] = series * rest * rest + rest + _ONE
        bits[place] = (np.int32(whole) + _EXPONENT_BIAS) << _EXPONENT_AT
    powers = bits.view(np.float32)  # 2^n
    for place in range(len(values)):
        values[place] *= powers[place]


def drawn_from(
    members: np.ndarray, mood_shift: np.ndarray, temperature: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return outputs and mood shifts of those that a member is drawn from.

    Args:
        members: float32 (members, outputs, slots).
        mood_shift: float32 (2, moods, members), what the heart rate does to the mood's logits:
            per scale, and by being known.
        temperature: tau of the dream.
    """
    if temperature > 0.0:
        return members, mood_shift
    return members.mean(axis=0, keepdims=True), mood_shift.mean(axis=2, keepdims=True)


@compiled
def _add_spread(outputs: np.ndarray, weight: float, disagreement: np.ndarray) -> None:
    """Add the weighted standard deviation over members of their outputs, (members, slots)."""
    count, slots = outputs.shape
    share, factor = np.float32(1.0 / count), np.float32(weight)
    mean, square = np.zeros(slots, dtype=np.float32), np.zeros(slots, dtype=np.float32)
    for member in range(count):
        for slot in range(slots):
            mean[slot] += share * outputs[member, slot]
    for member in range(count):
        for slot in range(slots):
            apart = outputs[member, slot] - mean[slot]
            square[slot] += apart * apart
    for slot in range(slots):
        disagreement[slot] += factor * np.sqrt(share * square[slot])


@compiled
def _take_highest_off(logits: np.ndarray) -> None:
    """Make the highest of the logits of each slot 0; (categories, slots)."""
    count, slots = logits.shape
    highest = logits[0].copy()
    for place in range(1, count):
        for slot in range(slots):
            highest[slot] = max(highest[slot], logits[place, slot])
    for place in range(count):
        for slot in range(slots):
            logits[place, slot] -= highest[slot]


@compiled
def _divide_by_sum(weights: np.ndarray) -> None:
    """Make the weights of each slot sum to 1; (categories, slots)."""
    count, slots = weights.shape
    total = np.zeros(slots, dtype=np.float32)
    for place in range(count):
        for slot in range(slots):
            total[slot] += weights[place, slot]
    for slot in range(slots):
        total[slot] = np.float32(1.0) / total[slot]
    for place in range(count):
        for slot in range(slots):
            weights[place, slot] *= total[slot]


def _make_disagree() -> Callable[..., None]:
    """Return `disagree_loop`."""
    called = stamp(expected, exponentials)

    @compiled
    def disagree(
        members: np.ndarray, components: int, first_mood: int, moods: int, disagreement: np.ndarray
    ) -> None:
        """Work out how much the members disagree.

        Args:
            members: float32 (members, outputs, slots): heart rate, then the moods' logits.
            components: Gaussians of the heart rate.
            first_mood: row of the first mood's logit.
            moods: how many there are.
            disagreement: float32 (slots,), to be written.
        """
        assert called
        count, outputs, slots = members.shape
        rates = np.empty((count, slots), dtype=np.float32)
        column = np.empty(outputs, dtype=np.float32)
        for member in range(count):
            for slot in range(slots):
                if components == 1:
                    rates[member, slot] = members[member, 1, slot]
                else:
                    for place in range(outputs):
                        column[place] = members[member, place, slot]
                    rates[member, slot] = expected(column, 0, components)
        shares = np.empty((moods, count * slots), dtype=np.float32)
        for place in range(moods):
            for member in range(count):
                for slot in range(slots):
                    logit = members[member, first_mood + place, slot]
                    shares[place, member * slots + slot] = logit
        _take_highest_off(shares)
        exponentials(shares.reshape(-1))
        _divide_by_sum(shares)
        for slot in range(slots):
            disagreement[slot] = 0.0
        _add_spread(rates, 0.5, disagreement)
        for place in range(moods):
            _add_spread(shares[place].reshape(count, slots), 0.5 / moods, disagreement)

    return disagree


disagree_loop = _make_disagree()


def _make_respond() -> Callable[..., None]:
    """Return `respond_loop`."""
    called = stamp(mixture, exponentials)

    @compiled
    def respond(
        members: np.ndarray,
        mood_shift: np.ndarray,
        plan: np.ndarray,
        components: int,
        features: np.ndarray,
        temperature: float,
        normal: np.ndarray,
        uniform: np.ndarray,
        least_scale: float,
        rate: np.ndarray,
        mood: np.ndarray,
    ) -> None:
        """Draw heart rate and mood.

        Args:
            members: from `drawn_from`, (members, outputs, slots).
            mood_shift: from `drawn_from`, (2, moods, members).
            plan: of the states' HeadLayout.
            components: of the same.
            features: `sampling.FEATURES`.
            temperature: tau of the dream.
            normal: float32 (at least 1, slots), of the heart rate.
            uniform: float32 (at least 3, slots): member, heart rate's component, mood.
            least_scale: `heads.MIN_SCALE`.
            rate: float32 (slots,), bpm, to be written.
            mood: int (slots,), to be written.
        """
        assert called
        count, _, slots = members.shape
        heart, first_mood, moods = plan[0, 0], plan[1, 1], plan[1, 4]
        centre, scale = features[heart, 0], features[heart, 1]
        low, high = features[heart, 2], features[heart, 3]
        column, buffer = np.empty(first_mood, np.float32), np.empty(first_mood, np.float32)
        logits = np.empty((moods, slots), dtype=np.float32)
        per_tau = np.float32(1.0 / temperature) if temperature > 0.0 else np.float32(1.0)
        for slot in range(slots):
            # 1 is not drawn, but what is just below it may be rounded up.
            member = min(int(uniform[0, slot] * np.float32(count)), count - 1)
            for place in range(first_mood):
                column[place] = members[member, place, slot]
            value = mixture(
                column,
                0,
                components,
                temperature,
                normal[0, slot],
                uniform[1, slot],
                least_scale,
                buffer,
            )
            value = min(max(value * scale + centre, low), high)
            rate[slot] = value
            scaled = (value - centre) / scale
            for place in range(moods):
                slope, shift = mood_shift[0, place, member], mood_shift[1, place, member]
                own = members[member, first_mood + place, slot]
                logits[place, slot] = (own + scaled * slope + shift) * per_tau
        _take_highest_off(logits)
        if temperature == 0.0:
            for slot in range(slots):
                mood[slot] = 0
                while logits[mood[slot], slot] < np.float32(0.0):
                    mood[slot] += 1
            return
        exponentials(logits.reshape(-1))
        _divide_by_sum(logits)
        # Without branches: which category is drawn is what a processor cannot guess.
        below = np.zeros(slots, dtype=np.float32)
        for slot in range(slots):
            mood[slot] = 0
        for place in range(moods - 1):
            for slot in range(slots):
                below[slot] += logits[place, slot]
                mood[slot] += below[slot] <= uniform[2, slot]

    return respond


respond_loop = _make_respond()
