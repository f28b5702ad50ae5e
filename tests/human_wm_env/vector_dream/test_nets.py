"""The forward pass against loops over single rows, units and members."""

from __future__ import annotations

import math

import numpy as np
import pytest

from human_wm_env.vector_dream.nets import Mixture, VectorNets
from tests.human_wm_env.vector_dream.small import SIZE, batch, checkpoint

MADE = checkpoint()
W = MADE.weights
NETS = VectorNets(MADE)
Z, A, H = batch(2), batch(1), batch(4)


def mlp(name: str, x: np.ndarray) -> np.ndarray:
    """Two hidden layers of rectified units, of one row."""
    for layer in ("first", "second"):
        x = np.maximum(W[f"{name}.{layer}.weight"] @ x + W[f"{name}.{layer}.bias"], 0.0)
    return W[f"{name}.out.weight"] @ x + W[f"{name}.out.bias"]


def member(name: str, index: int, x: np.ndarray) -> np.ndarray:
    for layer in ("first", "second"):
        x = np.maximum(x @ W[f"{name}.{layer}"][index] + W[f"{name}.{layer}_bias"][index, 0], 0.0)
    return x @ W[f"{name}.out"][index] + W[f"{name}.out_bias"][index, 0]


def test_observations_are_clipped_and_constant_ones_zero() -> None:
    mean = W["normaliser.mean"]
    seen = mean + np.array([[2.0, -1.0, 9.0], [30.0, -30.0, 0.0]])
    np.testing.assert_allclose(NETS.normalise(seen), [[1.0, -2.0, 0.0], [5.0, -5.0, 0.0]], 1e-5)


def test_v_by_rows() -> None:
    seen = batch(3)
    mean, log_variance = NETS.encode(seen)
    latents = NETS.latents(seen * 100.0)
    assert np.abs(latents).max() <= 10.0
    made, decoded = NETS.reconstruct(Z), NETS.decode(Z * 100.0)
    for row in range(4):
        x = NETS.normalise(seen)[row]
        told = mlp("encoder", x)
        linear = W["encoder.linear.weight"] @ x + W["encoder.linear.bias"]
        np.testing.assert_allclose(mean[row], linear + told[:2], rtol=1e-4)
        np.testing.assert_allclose(log_variance[row], told[2:], rtol=1e-4, atol=1e-6)
        back = W["decoder.linear.weight"] @ Z[row] + W["decoder.linear.bias"]
        back = (back + mlp("decoder", Z[row])) * [1.0, 1.0, 0.0]
        np.testing.assert_allclose(made[row], back, rtol=1e-4, atol=1e-6)
        far = np.clip(NETS.reconstruct(Z * 100.0)[row], -5.0, 5.0)
        expected = far * W["normaliser.scale"] + W["normaliser.mean"]
        np.testing.assert_allclose(decoded[row], expected, rtol=1e-5)


def test_the_memory_is_a_gated_unit() -> None:
    after = NETS.remember(H, Z, A)
    of_input, of_memory = W["memory.input"][0], W["memory.hidden"][0]
    for row in range(4):
        x = np.concatenate([Z[row], A[row]]) @ of_input + W["memory.input_bias"][0]
        inner = H[row] @ of_memory
        for unit in range(4):
            reset = 1.0 / (1.0 + math.exp(-(x[unit] + inner[unit])))
            update = 1.0 / (1.0 + math.exp(-(x[4 + unit] + inner[4 + unit])))
            bias = W["memory.hidden_bias"][0, unit]
            new = math.tanh(x[8 + unit] + reset * (inner[8 + unit] + bias))
            expected = (1.0 - update) * new + update * H[row, unit]
            assert after[row, unit] == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_every_members_next_latents() -> None:
    found = NETS.next_latents(Z, A, H)
    assert found.mean.shape == (2, 4, 2, 2)
    for index in range(SIZE.members):
        for row in range(4):
            raw = member("next", index, np.concatenate([Z[row], A[row], H[row]])).reshape(3, 2, 2)
            step = W["scales.step"][:, None]
            np.testing.assert_allclose(found.logits[index, row], raw[0], rtol=1e-4, atol=1e-5)
            np.testing.assert_allclose(
                found.mean[index, row], Z[row][:, None] + step * raw[1], rtol=1e-4, atol=1e-5
            )
            scale = step * np.exp(np.clip(raw[2], -6.0, 2.0))
            np.testing.assert_allclose(found.scale[index, row], scale, rtol=1e-4)


def test_one_member_each_says_what_it_says_among_all() -> None:
    asked = np.array([1, 0, 1, 1])
    every, one = NETS.next_latents(Z, A, H).of(asked), NETS.next_latents(Z, A, H, asked)
    for part, other in zip(every, one, strict=True):
        assert part.shape == (4, 2, 2)
        np.testing.assert_allclose(part, other, rtol=1e-4, atol=1e-5)
    rewards, ends = NETS.outcomes(Z, A, Z + 1.0, H)
    reward, end = NETS.outcomes(Z, A, Z + 1.0, H, asked)
    np.testing.assert_allclose(reward, rewards[asked, np.arange(4)], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(end, ends[asked, np.arange(4)], rtol=1e-4, atol=1e-5)


def test_outcomes_stay_within_what_was_collected() -> None:
    rewards, ends = NETS.outcomes(50.0 * Z, A, Z + 1.0, H)
    for index in range(SIZE.members):
        for row in range(4):
            x = np.concatenate([50.0 * Z[row], A[row], Z[row] + 1.0, H[row]])
            told = member("outcome", index, x)
            expected = min(max(1.0 + 2.0 * told[0], 0.0), 1.5)
            assert rewards[index, row] == pytest.approx(expected, rel=1e-3, abs=1e-3)
            odds = min(max(told[1], -30.0), 30.0)
            assert ends[index, row] == pytest.approx(1.0 / (1.0 + math.exp(-odds)), abs=1e-4)
    assert {0.0, 1.5} <= set(rewards.ravel().tolist())


def test_fewer_members() -> None:
    first = VectorNets(MADE, 1)
    np.testing.assert_allclose(
        first.next_latents(Z, A, H).mean[0], NETS.next_latents(Z, A, H).mean[0], rtol=1e-5
    )
    assert first.members == 1 and NETS.members == 2


def test_weights_and_expectation_of_a_mixture_by_hand() -> None:
    logits = np.log(np.array([[[1.0, 3.0]]])) + 7.0
    mixture = Mixture(logits, np.array([[[2.0, 6.0]]]), np.ones((1, 1, 2)))
    np.testing.assert_allclose(mixture.weights(), [[[0.25, 0.75]]])
    np.testing.assert_allclose(mixture.expected(), [[5.0]])
