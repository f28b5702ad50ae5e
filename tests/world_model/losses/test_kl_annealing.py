from __future__ import annotations

import mlx.core as mx
import numpy as np
import pytest

from human_wm_env.model.architecture import Architecture
from world_model.losses.kl_annealing import annealing, weighted_kl

# Blocks of one, two and three dimensions.
BLOCKS = Architecture(latent_a=1, latent_b=2, latent_c=3)
KL = mx.array([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [0.5, 0.0, 1.0, 0.25, 0.25, 0.5]])
ONES = {"a": 1.0, "b": 1.0, "c": 1.0}
ZEROS = {"a": 0.0, "b": 0.0, "c": 0.0}


def test_the_weight_rises_within_the_epochs_and_stays() -> None:
    assert [annealing(epoch, 4) for epoch in (0, 1, 3, 9)] == [0.25, 0.5, 1.0, 1.0]
    assert annealing(0, 0) == pytest.approx(1.0)


def test_each_block_has_its_beta() -> None:
    beta = {"a": 1.0, "b": 10.0, "c": 100.0}
    got = weighted_kl(KL, BLOCKS, beta, ZEROS, 1.0)
    np.testing.assert_allclose(got, [1 + 50 + 1500, 0.5 + 10 + 100], rtol=1e-6)


def test_annealing_scales_everything() -> None:
    beta = {"a": 1.0, "b": 2.0, "c": 3.0}
    full = weighted_kl(KL, BLOCKS, beta, ZEROS, 1.0)
    np.testing.assert_allclose(weighted_kl(KL, BLOCKS, beta, ZEROS, 0.25), 0.25 * full, rtol=1e-6)
    assert not np.array(weighted_kl(KL, BLOCKS, beta, ZEROS, 0.0)).any()


def test_free_bits_are_counted_per_block_over_the_batch() -> None:
    # Averages of the blocks: .75, 3 and 8.
    free = {"a": 0.8, "b": 2.0, "c": 0.0}
    got = weighted_kl(KL, BLOCKS, ONES, free, 1.0)
    np.testing.assert_allclose(got, [0.8 + 5 + 15, 0.8 + 1 + 1], rtol=1e-6)
    gradient = mx.grad(lambda kl: weighted_kl(kl, BLOCKS, ONES, free, 1.0).sum())(KL)
    np.testing.assert_array_equal(gradient, [[0, 1, 1, 1, 1, 1]] * 2)
