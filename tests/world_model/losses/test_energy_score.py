"""The energy score of factorial futures."""

from __future__ import annotations

import mlx.core as mx
import numpy as np
import pytest

from world_model.losses.energy_score import energy_score, independent_pairs

SIZE = 5


def factorial(sd: float, people: int, rng: np.random.Generator) -> np.ndarray:
    """Futures that are the sum of three latent draws of total standard deviation `sd`."""
    draws = sd / np.sqrt(3.0) * rng.standard_normal((people, 3, SIZE))
    branch = np.arange(SIZE**3)
    picks = (branch // SIZE**2, branch // SIZE % SIZE, branch % SIZE)
    return sum(draws[:, block][:, pick] for block, pick in enumerate(picks))[..., None]


def test_pairs_share_no_draw() -> None:
    first, second = independent_pairs(SIZE)
    assert len(first) == SIZE**3 * (SIZE - 1) ** 3 // 2
    for unit in (SIZE**2, SIZE, 1):
        assert (first // unit % SIZE != second // unit % SIZE).all()


def test_the_right_spread_of_the_latents_scores_best() -> None:
    """Over all pairs the best spread would be .75 of the truth (see the module)."""
    rng = np.random.default_rng(0)
    people = 3000
    truth = mx.array(rng.standard_normal((people, 1)).astype(np.float32))
    everything = mx.ones((people, 1))
    shape = factorial(1.0, people, rng).astype(np.float32)
    spreads = np.array([0.0, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0])
    scores = [
        float(energy_score(mx.array(shape * sd), truth, everything, SIZE).mean())
        for sd in spreads.astype(np.float32)
    ]
    assert spreads[int(np.argmin(scores))] == 1.0


def test_by_hand_and_masked_cells_do_not_count() -> None:
    futures = mx.array(np.arange(8, dtype=np.float32).reshape(1, 8, 1).repeat(2, axis=2))
    truth = mx.array([[3.0, 99.0]])
    got = energy_score(futures, truth, mx.array([[1.0, 0.0]]), 2)
    first, second = independent_pairs(2)
    expected = np.abs(np.arange(8) - 3).mean() - 0.5 * np.abs(first - second).mean()
    assert float(got[0]) == pytest.approx(expected, abs=1e-3)
    nothing = energy_score(futures, truth, mx.zeros((1, 2)), 2)
    assert float(nothing[0]) == pytest.approx(0.0, abs=1e-3)
