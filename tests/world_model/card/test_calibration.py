from __future__ import annotations

import numpy as np
import pytest

from world_model.card.calibration import LEVELS, calibrate, randomised_pit

CELLS, DRAWS = 4000, 99
PEOPLE = np.arange(CELLS) // 4


def pit_of(draws: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return randomised_pit(draws, truth, np.random.default_rng(9).random(len(truth)))


def test_ranks_by_hand() -> None:
    draws = np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [2.0, 2.0, 2.0]])
    pit = randomised_pit(draws, np.array([0.0, 2.0, 2.0]), np.array([0.5, 0.5, 0.5]))
    # below: 0, 1, 0; equal: 0, 1, 3; of four places
    np.testing.assert_allclose(pit, [0.125, 0.5, 0.5])


@pytest.mark.parametrize("kind", ["numbers", "categories", "point mass"])
def test_a_perfect_forecaster_is_calibrated(kind: str) -> None:
    rng = np.random.default_rng(1)
    centre = rng.standard_normal((CELLS, 1))
    all_draws = centre + rng.standard_normal((CELLS, DRAWS + 1))
    if kind == "categories":
        all_draws = np.digitize(all_draws, [-1.0, 0.0, 1.0]).astype(float)
    elif kind == "point mass":
        all_draws = np.maximum(all_draws, 0.0)
    found = calibrate(pit_of(all_draws[:, 1:], all_draws[:, 0]), PEOPLE)
    assert found.cells == CELLS
    assert found.worst < 0.025
    for name, level in LEVELS.items():
        interval = found.coverage[name]
        assert interval.low - 0.01 <= level <= interval.high + 0.01
    np.testing.assert_allclose(found.histogram, 0.1, atol=0.02)


@pytest.mark.parametrize(("spread", "inside", "edges"), [(0.5, 0.26, 0.45), (2.0, 0.82, 0.02)])
def test_wrong_spreads_are_seen(spread: float, inside: float, edges: float) -> None:
    """Central half of N(0, s): |x| < 0.674 s; outer fifth: |x| > 1.28 s."""
    rng = np.random.default_rng(2)
    draws = spread * rng.standard_normal((CELLS, DRAWS))
    found = calibrate(pit_of(draws, rng.standard_normal(CELLS)), PEOPLE)
    assert found.coverage["50%"].mean == pytest.approx(inside, abs=0.03)
    coverage = found.coverage["50%"]
    assert coverage.high < 0.5 or coverage.low > 0.5
    assert found.histogram[0] + found.histogram[-1] == pytest.approx(edges, abs=0.08)


def test_a_persistent_forecast_covers_nothing() -> None:
    rng = np.random.default_rng(3)
    draws = np.repeat(rng.standard_normal((CELLS, 1)), DRAWS, axis=1)
    found = calibrate(pit_of(draws, rng.standard_normal(CELLS)), PEOPLE)
    assert found.coverage["95%"].mean < 0.01
