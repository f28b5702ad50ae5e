from __future__ import annotations

import math

import mlx.core as mx
import numpy as np
import pytest

from tests.world_model import tiny
from tests.world_model.fitting_runs import recognition
from world_model.losses.energy_score import energy_score
from world_model.predecessor.stage import PredecessorStage, averaged_kl, rollout_distance
from world_model.training.config import StageConfig, TrainingConfig

DRAWS = 5


def test_the_kl_is_averaged_over_latents_by_hand() -> None:
    # KL to the prior: 2 nats for mean 2; 0.5 (v - 1 - log v) for a variance v of 1/4.
    mean = mx.array([[2.0, 0.0], [0.0, 0.0]])
    log_variance = mx.log(mx.array([[1.0, 0.25], [1.0, 1.0]]))
    narrow = 0.5 * (0.25 - 1.0 - math.log(0.25))
    assert float(averaged_kl(mean, log_variance)) == pytest.approx((2.0 + narrow) / 4, rel=1e-5)


def test_the_rollout_is_judged_by_its_mean_distance_by_hand() -> None:
    trajectories = mx.array([[[[0.0, 9.0]], [[4.0, 9.0]]]])  # one person, two branches, one day
    truth, observed = mx.array([[[1.0, 0.0]]]), mx.array([[[1.0, 0.0]]])
    assert float(rollout_distance("mae", trajectories, truth, observed)) == pytest.approx(2.0)


@pytest.mark.parametrize("distance", ["rmse", "mae", "huber"])
def test_equal_trajectories_are_best_for_it_and_not_for_a_proper_score(distance: str) -> None:
    """The truth is standard normal: futures should be too, and the energy score says so."""
    rng = np.random.default_rng(0)
    people, branches = 2000, DRAWS**3
    truth = rng.standard_normal((people, 1, 1), dtype=np.float32)
    noise = rng.standard_normal((people, branches, 1, 1), dtype=np.float32)
    seen = mx.ones((people, 1, 1))
    spreads = (0.0, 0.5, 1.0, 1.5)
    costs, scores = [], []
    for spread in spreads:
        futures = mx.array(spread * noise)
        costs.append(float(rollout_distance(distance, futures, mx.array(truth), seen)))
        scores.append(
            float(energy_score(futures[:, :, 0], mx.array(truth)[:, 0], seen[:, 0], DRAWS).mean())
        )
    assert spreads[int(np.argmin(costs))] == 0.0 and costs == sorted(costs)
    assert spreads[int(np.argmin(scores))] == 1.0


def test_a_gradient_pulls_the_trajectories_together() -> None:
    rng = np.random.default_rng(1)
    truth = mx.array(rng.standard_normal((2000, 1, 1), dtype=np.float32))
    noise = mx.array(rng.standard_normal((2000, DRAWS**3, 1, 1), dtype=np.float32))
    seen = mx.ones_like(truth)

    def cost(spread: mx.array) -> mx.array:
        return rollout_distance("huber", spread * noise, truth, seen)

    def score(spread: mx.array) -> mx.array:
        futures = (spread * noise)[:, :, 0]
        return energy_score(futures, truth[:, 0], seen[:, 0], DRAWS).mean()

    narrow = mx.array(0.5)
    assert float(mx.grad(cost)(narrow)) > 0.05
    assert float(mx.grad(score)(narrow)) < -0.02


def test_an_epoch_trains_every_part_of_the_loss() -> None:
    quick = StageConfig(epochs=1, batch_people=4)
    config = TrainingConfig(
        encoder=quick, window_days=12, likelihood_days=8, decoder_days=4, validation_days=16
    )
    stage = PredecessorStage(
        tiny.fresh_model(), recognition("train"), recognition("validation"), config
    )
    scores = stage.train_epoch(0, np.random.default_rng(0))
    assert all(np.isfinite(value) for value in scores.values())
    assert sum(value > 0.0 for value in scores.values()) >= 4
