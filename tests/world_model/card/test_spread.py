from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.person import schema
from world_model.card.spread import designed_noise, nested_shares, spreads, variance

BLOCKS = {"a": slice(0, 1), "b": slice(1, 3), "c": slice(3, 4)}
RNG = np.random.default_rng(0)


def test_partners_share_more_and_more() -> None:
    first, second = np.zeros((2, 3, 4)), np.ones((2, 3, 4))
    sets = designed_noise(first, second, BLOCKS)
    assert sets[:, 0, 0].tolist() == [
        [0, 0, 0, 0],
        [1, 1, 1, 1],
        [0, 1, 1, 1],
        [0, 0, 0, 1],
        [0, 0, 0, 0],
    ]


def designed_sum(noise: float, starts: int = 40, draws: int = 400) -> np.ndarray:
    """Outcomes 1 a + 1 (b1 + b2) + 2 c + noise, (5, starts, draws, 1, 1)."""
    pair = RNG.standard_normal((2, starts, draws, 4))
    sets = designed_noise(pair[0], pair[1], BLOCKS)
    outcome = sets @ np.array([1.0, 1.0, 1.0, 2.0])
    outcome = outcome + noise * RNG.standard_normal(outcome.shape)
    return outcome[..., None, None]


def test_shares_of_a_sum() -> None:
    shares = nested_shares(designed_sum(3.0))
    assert shares.shape == (1, 4)
    # variances 1, 2, 4 and 9 of 16
    np.testing.assert_allclose(shares[0], np.array([1, 2, 4, 9]) / 16.0, atol=0.03)
    assert shares.sum() == pytest.approx(1.0)


def test_identical_futures_have_no_spread() -> None:
    rows = np.zeros((3, 5, 1, schema.FEATURE_COUNT), dtype=np.float32)
    np.testing.assert_array_equal(variance(rows), 0.0)


def rows_with(values: np.ndarray, index: int) -> np.ndarray:
    rows = np.zeros((*values.shape, schema.FEATURE_COUNT), dtype=np.float32)
    rows[..., index] = values
    return rows


def test_variances_by_hand() -> None:
    scale = schema.continuous(schema.STEPS).scale
    found = variance(rows_with(np.array([[[0.0], [2.0 * scale]]]), schema.STEPS))
    assert found[0, 0] == pytest.approx(2.0)
    labels = rows_with(np.array([[[0.0], [0.0], [1.0], [1.0]]]), schema.MOOD)
    # P(two different draws differ) = 2/3, halved
    assert variance(labels)[0, -1] == pytest.approx(1.0 / 3.0)


def test_spreads_against_the_truth() -> None:
    """Heart rates with half of the variance from the person, 1.5 x the truth's SD in all."""
    scale, centre = (getattr(schema.continuous(schema.HEART_RATE), n) for n in ("scale", "centre"))

    def hearts(values: np.ndarray) -> np.ndarray:
        return rows_with(centre + scale * values, schema.HEART_RATE)

    designed = hearts(designed_sum(np.sqrt(7.0))[..., 0] / np.sqrt(14.0))
    imagined = hearts(RNG.standard_normal((40, 400, 1)))
    truth = hearts(RNG.standard_normal((40, 400, 1)) / 1.5)
    found = {each.feature: each for each in spreads(designed, [7], imagined, truth)}
    heart = found["heart_rate_avg"]
    assert heart.horizon == 7
    assert heart.shares["noise"] == pytest.approx(0.5, abs=0.03)
    assert heart.dream_to_truth == pytest.approx(1.5, abs=0.03)
    assert heart.noise_to_truth == pytest.approx(1.5 * np.sqrt(0.5), abs=0.05)
    alone = spreads(designed, [7], imagined, None)
    assert alone[0].dream_to_truth is None and alone[0].noise_to_truth is None
