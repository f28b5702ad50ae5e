from __future__ import annotations

import numpy as np

from human_wm_env.runtime.exponentials import exponentials


def test_exponentials_are_right_to_the_last_digits() -> None:
    values = np.linspace(-87.0, 88.0, 200_001, dtype=np.float32)
    exact = np.exp(values.astype(np.float64))
    exponentials(values)
    np.testing.assert_allclose(values, exact, rtol=2e-7)


def test_what_float32_cannot_hold_is_bounded() -> None:
    values = np.array([-np.inf, -1e9, -88.0, 0.0, 1e9, np.inf], dtype=np.float32)
    exponentials(values)
    least, most = np.exp(np.float32([-87.0, 88.0]))
    wanted = [least, least, least, 1.0, most, most]
    np.testing.assert_allclose(values, wanted, rtol=1e-6)
    assert np.isfinite(values).all()


def test_a_value_has_the_same_bits_wherever_it_stands() -> None:
    values = np.random.default_rng(0).normal(0, 5, 37).astype(np.float32)
    together = values.copy()
    exponentials(together)
    for place in range(37):
        alone = values[place : place + 1].copy()
        exponentials(alone)
        assert alone[0] == together[place]
