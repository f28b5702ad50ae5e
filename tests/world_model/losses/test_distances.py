from __future__ import annotations

import math

import mlx.core as mx
import numpy as np
import pytest

from human_wm_env.errors import ConfigError
from world_model.losses import distances
from world_model.training.config import TrainingConfig

PREDICTION = mx.array([[1.0, 2.0, 3.0], [0.0, 0.5, 99.0]])
TARGET = mx.array([[0.5, 4.0, -3.0], [0.05, 0.5, 0.0]])
OBSERVED = mx.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0]])
# Errors of the observed cells: .5, 2, .05, 0.


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rmse", math.sqrt((0.25 + 4.0 + 0.0025 + 0.0) / 4)),
        ("mae", (0.5 + 2.0 + 0.05 + 0.0) / 4),
        # The third target is below the floor of 0.1.
        ("mape", (0.5 / 0.5 + 2.0 / 4.0 + 0.05 / 0.1 + 0.0) / 4),
        # Only the second error is beyond delta = 1.
        ("huber", (0.5 * 0.25 + 1.5 + 0.5 * 0.0025 + 0.0) / 4),
    ],
)
def test_by_hand(name: str, expected: float) -> None:
    got = distances.DISTANCES[name](PREDICTION, TARGET, OBSERVED)
    assert float(got) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", distances.DISTANCES)
def test_masked_cells_have_no_part(name: str) -> None:
    distance = distances.DISTANCES[name]
    moved = mx.array(np.where(np.array(OBSERVED) > 0, np.array(PREDICTION), -1e3))
    assert float(distance(moved, TARGET, OBSERVED)) == float(distance(PREDICTION, TARGET, OBSERVED))
    gradient = mx.grad(lambda p: distance(p, TARGET, OBSERVED))(PREDICTION)
    assert not np.array(gradient)[np.array(OBSERVED) == 0].any()


@pytest.mark.parametrize("name", distances.DISTANCES)
def test_nothing_observed_costs_nothing(name: str) -> None:
    nothing = mx.zeros_like(OBSERVED)
    value, gradient = mx.value_and_grad(lambda p: distances.DISTANCES[name](p, TARGET, nothing))(
        PREDICTION
    )
    assert float(value) < 1e-5
    assert not np.array(gradient).any()


@pytest.mark.parametrize("name", distances.DISTANCES)
def test_a_perfect_prediction_has_a_finite_gradient(name: str) -> None:
    gradient = mx.grad(lambda p: distances.DISTANCES[name](p, TARGET, OBSERVED))(TARGET)
    assert np.isfinite(np.array(gradient)).all()


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"rmse, mae.*'hubber'.*Did you mean 'huber'"):
        TrainingConfig(point_distance="hubber")
