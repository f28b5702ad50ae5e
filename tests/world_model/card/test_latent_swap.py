from __future__ import annotations

import numpy as np
import pytest

from tests.world_model import tiny
from world_model.card.latent_swap import likelihoods_of, swap_test
from world_model.data.encoded_logs import encode_logs
from world_model.training.latent_pruning import derangement

BLOCKS = {"a": slice(0, 1), "b": slice(1, 2), "c": slice(2, 3)}


def test_no_person_keeps_their_own() -> None:
    rng = np.random.default_rng(0)
    for people in (2, 3, 10):
        for _ in range(20):
            whose = derangement(people, rng)
            assert sorted(whose) == list(range(people))
            assert (whose != np.arange(people)).all()


def test_swapping_costs_what_it_should() -> None:
    """Actions cost the squared distance of z_b from the person's; states depend on a and c."""
    rng = np.random.default_rng(1)
    latents = rng.standard_normal((40, 3)).astype(np.float32)

    def likelihoods(given: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        away = -((given - latents) ** 2)
        return away[:, 1], away[:, 0] + away[:, 2]

    found = swap_test(likelihoods, latents, BLOCKS, rng)
    # E(z - z')^2 = 2 variances
    assert found["b"].action.mean == pytest.approx(2.0 * latents[:, 1].var(), rel=0.3)
    assert found["b"].action.low > 0.0
    assert (found["b"].state.mean, found["a"].action.mean, found["c"].action.mean) == (0, 0, 0)
    assert found["c"].state.low > 0.0 and found["a"].state.low > 0.0


def test_identical_latents_lose_nothing() -> None:
    logs = encode_logs(tiny.logs(), np.arange(4))
    likelihoods = likelihoods_of(tiny.model(), logs, np.full(4, 60), 50)
    same = np.tile(np.linspace(-1, 1, tiny.TINY.latent_width, dtype=np.float32), (4, 1))
    found = swap_test(likelihoods, same, tiny.TINY.blocks, np.random.default_rng(0))
    for each in found.values():
        assert (each.action.mean, each.state.mean) == (0.0, 0.0)


def test_blocks_reach_their_own_net_only() -> None:
    logs = encode_logs(tiny.logs(), np.arange(6))
    likelihoods = likelihoods_of(tiny.model(), logs, np.full(6, 60), 50)
    rng = np.random.default_rng(2)
    latents = rng.standard_normal((6, tiny.TINY.latent_width), dtype=np.float32)
    found = swap_test(likelihoods, latents, tiny.TINY.blocks, rng)
    assert found["b"].state.mean == 0.0 and found["b"].action.mean != 0.0
    assert found["c"].action.mean == 0.0 and found["c"].state.mean != 0.0
