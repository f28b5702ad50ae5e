from __future__ import annotations

import mlx.core as mx
import numpy as np
import pytest

from human_wm_env.model import moments
from human_wm_env.runtime.encoder import prepare
from tests.world_model import tiny
from world_model.data.encoded_logs import EncodedLogs, encode_logs
from world_model.data.windows import histories, moments_until


def moment_features(
    encoded: EncodedLogs, lengths: list[int], architecture: tiny.Architecture
) -> np.ndarray:
    """Each person's first days, along the path of training."""
    net = tiny.model(architecture).encoder.moments
    mean, sd = np.array(net.mean), np.array(net.sd)
    ordered = np.unique(lengths)
    by_length = [moments.features(each, mean, sd) for each in moments_until(encoded, ordered)]
    at = np.searchsorted(ordered, lengths)
    return np.stack([by_length[length][person] for person, length in enumerate(at)])


@pytest.mark.parametrize("name", tiny.ARCHITECTURES)
@pytest.mark.parametrize("lengths", [[14, 14, 14], [1, 60, 119], [120, 33, 2]])
def test_the_runtime_encodes_the_same(name: str, lengths: list[int]) -> None:
    """From the logs to the posterior, each along its own path."""
    architecture = tiny.ARCHITECTURES[name]
    logs, users = tiny.logs(), np.array([2, 5, 9])
    encoded = encode_logs(logs, users, use_memory=architecture.memory)
    features = moment_features(encoded, lengths, architecture)
    inputs, observed, valid = histories(encoded, np.arange(3), np.array(lengths))
    mean, log_variance = tiny.model(architecture).encoder(
        mx.array(features), inputs, observed, valid
    )
    own = [logs.history(int(user), days) for user, days in zip(users, lengths, strict=True)]
    posterior, _ = tiny.runtime(architecture).encode(own)
    np.testing.assert_allclose(mean, posterior.mean, atol=1e-5)
    np.testing.assert_allclose(log_variance, posterior.log_variance, atol=1e-5)
    # Not because nothing differs between people.
    assert np.ptp(posterior.mean, axis=0).max() > 0.03
    # And the inputs are the same, except in the padding, which is never read.
    prepared = prepare(own, use_memory=architecture.memory)
    keep = np.array(valid)
    np.testing.assert_allclose(np.array(inputs)[keep], prepared.inputs[keep], atol=1e-5)
    np.testing.assert_array_equal(np.array(observed) & keep[..., None], prepared.observed)


def test_moments_of_several_lengths_equal_those_of_each() -> None:
    """The sums are carried on from length to length; a shorter log counts whole."""
    encoded = encode_logs(tiny.logs(), np.arange(4)).until(np.array([120, 90, 20, 33]))
    lengths = np.array([14, 33, 120])
    together = moments_until(encoded, lengths)
    for length, collected in zip(lengths, together, strict=True):
        (alone,) = moments_until(encoded, np.array([length]))
        for name in ("products", "counts", "seen"):
            np.testing.assert_allclose(
                getattr(collected, name), getattr(alone, name), rtol=1e-5, atol=1e-3
            )
    days = [each.counts[:, -1].tolist() for each in together]
    assert days == [[14, 14, 14, 14], [33, 33, 20, 33], [120, 90, 20, 33]]


def test_moments_until_equal_those_of_each_prefix() -> None:
    """Against the sums of the runtime, which reads each prefix as a log of its own."""
    logs, users, lengths = tiny.logs(), np.array([1, 4, 6]), np.array([1, 14, 37, 120])
    for length, got in zip(lengths, moments_until(encode_logs(logs, users), lengths), strict=True):
        prefixes = [logs.history(int(user), int(length)) for user in users]
        expected = prepare(prefixes, use_memory=True).moments
        np.testing.assert_array_equal(got.counts, expected.counts)
        np.testing.assert_array_equal(got.seen, expected.seen)
        np.testing.assert_allclose(got.products, expected.products, rtol=1e-4, atol=1e-3)


def test_padding_has_no_influence() -> None:
    encoded = encode_logs(tiny.logs(), np.arange(3))
    encoder = tiny.model().encoder
    lengths = [90, 31, 5]
    features = mx.array(moment_features(encoded, lengths, tiny.TINY))
    inputs, observed, valid = histories(encoded, np.arange(3), np.array(lengths))
    expected = encoder(features, inputs, observed, valid)
    noise = mx.random.normal(inputs.shape, key=mx.random.key(0))
    noisy = mx.where(valid[..., None], inputs, noise)
    got = encoder(features, noisy, observed, valid)
    np.testing.assert_allclose(got[0], expected[0], atol=1e-5)
    alone = encoder(features[1:2], inputs[1:2, :31], observed[1:2, :31])
    np.testing.assert_allclose(alone[0][0], expected[0][1], atol=1e-5)
    np.testing.assert_allclose(alone[1][0], expected[1][1], atol=1e-5)


def test_the_population_is_not_learned() -> None:
    trainable = tiny.fresh_model().encoder.trainable_parameters()["moments"]
    assert "linear" in trainable and not {"mean", "sd"} & set(trainable)


def test_a_new_encoder_reads_the_moments_alone() -> None:
    """The second reading starts as no correction at all."""
    model = tiny.WorldModel(tiny.TINY)
    encoded = encode_logs(tiny.logs(), np.arange(3))
    features = mx.array(moment_features(encoded, [50, 50, 50], tiny.TINY))
    inputs, observed, _ = histories(encoded, np.arange(3), np.full(3, 50))
    for one, two in zip(
        model.encoder(features, inputs, observed),
        model.encoder.from_moments(features),
        strict=True,
    ):
        np.testing.assert_array_equal(one, two)
