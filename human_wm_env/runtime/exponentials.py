"""exp of many float32 at once: a processor takes eight side by side, the C library's one by one."""

from __future__ import annotations

import numpy as np

from human_wm_env.compiled import compiled

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
    """Replace each value by its exponential, to 1e-7 of it.

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
