"""V and M in MLX beside the forward pass in NumPy, and where their training begins."""

from __future__ import annotations

from typing import Any

import mlx.core as mx
import numpy as np
from mlx.utils import tree_unflatten

from human_wm_env.vector_dream.nets import VectorNets
from tests.human_wm_env.vector_dream.small import SIZE, batch, checkpoint
from world_model.vector.nets import MDNRNN, VAE, Members, Memory, principal_axes

MADE = checkpoint()
NETS = VectorNets(MADE)


def filled(module: Any) -> Any:
    """Return a net with the weights of the checkpoint."""
    known = {name for name, _ in flat(module)}
    pairs = [(name, mx.array(value)) for name, value in MADE.weights.items() if name in known]
    assert len(pairs) == len(known)
    module.update(tree_unflatten(pairs))
    return module


def flat(module: Any) -> list[tuple[str, mx.array]]:
    from mlx.utils import tree_flatten

    return tree_flatten(module.parameters())  # type: ignore[return-value]


def test_v_is_the_same_in_both() -> None:
    vae, seen = filled(VAE(SIZE, batch(3, 9))), batch(3)
    mean, log_variance = vae.encode(mx.array(NETS.normalise(seen)))
    for one, other in zip((mean, log_variance), NETS.encode(seen), strict=True):
        np.testing.assert_allclose(np.array(one), other, rtol=1e-4, atol=1e-5)
    z, active = batch(2), MADE.weights["normaliser.active"]
    decoded = np.array(vae.decode(mx.array(z)))
    np.testing.assert_allclose(decoded * active, NETS.reconstruct(z), rtol=1e-4, atol=1e-5)


def test_m_is_the_same_in_both() -> None:
    rnn = filled(MDNRNN(SIZE, MADE.weights["scales.step"]))
    z, actions = batch(2, 6), batch(1, 6)
    states = np.array(rnn.memory(mx.array(np.concatenate([z, actions], axis=1)[None])))[0]
    h = np.zeros((1, 4), dtype=np.float32)
    for step in range(6):
        np.testing.assert_allclose(states[step], h[0], rtol=1e-4, atol=1e-5)
        h = NETS.remember(h, z[step : step + 1], actions[step : step + 1])
    after, told = z + 0.3, NETS.next_latents(z, actions, states)
    found = np.array(rnn.log_density(*(mx.array(part) for part in (z, actions, states, after))))
    apart = (after[None, :, :, None] - told.mean) / told.scale
    density = np.exp(-0.5 * apart**2) / (told.scale * np.sqrt(2.0 * np.pi))
    expected = np.log((told.weights() * density).sum(axis=-1)).sum(axis=-1)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


def test_outcomes_are_the_same_in_both() -> None:
    rnn = filled(MDNRNN(SIZE, MADE.weights["scales.step"]))
    parts = [batch(2), batch(1), batch(2, seed=9), batch(4)]
    told = np.array(rnn.outcome(mx.array(np.concatenate(parts, axis=1))))
    rewards, ends = NETS.outcomes(*parts)
    np.testing.assert_allclose(np.clip(1.0 + 2.0 * told[..., 0], 0.0, 1.5), rewards, atol=1e-3)
    np.testing.assert_allclose(1.0 / (1.0 + np.exp(-told[..., 1])), ends, atol=1e-4)


def test_principal_axes_by_hand() -> None:
    data = np.array([[3.0, 1.0, 7.0], [-1.0, 1.0, 7.0], [1.0, 2.0, 7.0], [1.0, 0.0, 7.0]])
    axes, deviations = principal_axes(data, 3)
    np.testing.assert_allclose(np.abs(axes), [[1, 0, 0], [0, 1, 0], [0, 0, 0]], atol=1e-12)
    np.testing.assert_allclose(deviations, [np.sqrt(2.0), np.sqrt(0.5), 0.0])
    axes, deviations = principal_axes(data, 5)  # more than there are entries
    assert axes.shape == (5, 3) and not axes[2:].any() and not deviations[2:].any()
    faint = data * [1.0, 1e-4, 1.0]  # a millionth of the first variance counts as nothing
    assert principal_axes(faint, 2)[1][1] == 0.0
    assert principal_axes(data * [1.0, 3e-3, 1.0], 2)[1][1] > 0.0


def test_v_begins_as_principal_components() -> None:
    data = batch(3, 200) @ np.diag([3.0, 1.0, 0.0]).astype(np.float32) + 4.0
    vae = VAE(SIZE, data.astype(np.float32))
    mean, log_variance = vae.encode(mx.array(data))
    code = np.array(mean)
    np.testing.assert_allclose(code.mean(axis=0), 0.0, atol=1e-4)
    np.testing.assert_allclose(np.cov(code.T, bias=True), np.eye(2), atol=1e-4)
    np.testing.assert_allclose(np.array(log_variance), -3.0)
    np.testing.assert_allclose(np.array(vae.decode(mean)), data, atol=1e-4)


def test_m_begins_undecided() -> None:
    mx.random.seed(0)
    size = MADE.architecture
    rnn = MDNRNN(size, MADE.weights["scales.step"])
    bias = np.array(rnn.next.out_bias).reshape(size.members, 3, size.latent, size.mixtures)
    assert not bias[:, 0].any() and not bias[:, 2].any() and bias[:, 1].all()
    assert 0.0 < np.abs(bias[:, 1]).mean() < 0.6
    assert not np.array(rnn.next.first_bias).any() and not np.array(rnn.next.second_bias).any()


def test_first_weights_have_the_scale_of_their_width() -> None:
    mx.random.seed(1)
    members, memory = Members(4, 50, 80, 6), Memory(10, 16)
    assert abs(np.array(members.first).std() / np.sqrt(2.0 / 50.0) - 1.0) < 0.05
    assert abs(np.array(members.second).std() / np.sqrt(2.0 / 80.0) - 1.0) < 0.05
    assert abs(np.array(members.out).std() / np.sqrt(2.0 / 80.0) - 0.1) < 0.01
    for part in (memory.input, memory.hidden, memory.input_bias):
        values = np.array(part)
        assert 0.2 < np.abs(values).max() <= 0.25 and values.min() < -0.2  # 1 / sqrt(16)
