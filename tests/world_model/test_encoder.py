from __future__ import annotations

import mlx.core as mx
import numpy as np
import pytest

from human_wm_env.runtime.encoder import prepare
from tests.world_model import tiny
from world_model.data import encode_logs, histories


@pytest.mark.parametrize("name", tiny.ARCHITECTURES)
@pytest.mark.parametrize("lengths", [[14, 14, 14], [1, 60, 119], [120, 33, 2]])
def test_the_runtime_encodes_the_same(name: str, lengths: list[int]) -> None:
    """From the logs to the posterior, each along its own path."""
    architecture = tiny.ARCHITECTURES[name]
    logs, users = tiny.logs(), np.array([2, 5, 9])
    encoded = encode_logs(logs, users, use_memory=architecture.memory)
    inputs, observed, valid = histories(encoded, np.arange(3), np.array(lengths))
    mean, log_variance = tiny.model(architecture).encoder(inputs, observed, valid)
    own = [logs.history(int(user), days) for user, days in zip(users, lengths, strict=True)]
    posterior, _ = tiny.runtime(architecture).encode(own)
    np.testing.assert_allclose(mean, posterior.mean, atol=1e-5)
    np.testing.assert_allclose(log_variance, posterior.log_variance, atol=1e-5)
    # Not because nothing differs between people.
    assert np.ptp(posterior.mean, axis=0).max() > 0.03
    # And the inputs are the same, except in the padding, which nobody reads.
    prepared = prepare(own, use_memory=architecture.memory)
    keep = np.array(valid)
    np.testing.assert_allclose(np.array(inputs)[keep], prepared.inputs[keep], atol=1e-5)
    np.testing.assert_array_equal(np.array(observed) & keep[..., None], prepared.observed)


def test_padding_has_no_influence() -> None:
    encoded = encode_logs(tiny.logs(), np.arange(3))
    encoder = tiny.model().encoder
    inputs, observed, valid = histories(encoded, np.arange(3), np.array([90, 31, 5]))
    expected = encoder(inputs, observed, valid)
    noise = mx.random.normal(inputs.shape, key=mx.random.key(0))
    noisy = mx.where(valid[..., None], inputs, noise)
    got = encoder(noisy, observed, valid)
    np.testing.assert_allclose(got[0], expected[0], atol=1e-5)
    alone = encoder(inputs[1:2, :31], observed[1:2, :31])
    np.testing.assert_allclose(alone[0][0], expected[0][1], atol=1e-5)
    np.testing.assert_allclose(alone[1][0], expected[1][1], atol=1e-5)
