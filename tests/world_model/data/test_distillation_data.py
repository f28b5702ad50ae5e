from __future__ import annotations

from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
from scipy import stats

from human_wm_env.data.disk_arrays import is_mapped
from human_wm_env.files.cache import CACHE_VARIABLE
from human_wm_env.model import moments
from human_wm_env.runtime.encoder import Posterior
from tests.world_model import tiny
from world_model.data import distillation_data
from world_model.data.distillation_data import (
    DistillationData,
    history_lengths,
    negative_log_density,
)
from world_model.data.encoded_logs import encode_logs
from world_model.data.windows import moments_until


def test_surprise_equals_scipy() -> None:
    rng = np.random.default_rng(0)
    target, mean, log_variance = rng.standard_normal((3, 5, 4)).astype(np.float32)
    expected = -stats.norm.logpdf(target, mean, np.exp(0.5 * log_variance)).sum(axis=1)
    got = negative_log_density(mx.array(target), mx.array(mean), mx.array(log_variance))
    np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_lengths_run_from_two_weeks_to_the_whole_log() -> None:
    lengths = history_lengths(1000)
    assert (lengths[0], lengths[-1], len(lengths)) == (14, 1000, 16)
    ratio = lengths[1:] / lengths[:-1]
    assert (ratio > 1.25).all() and (ratio < 1.42).all()
    assert history_lengths(14).tolist() == [14] and history_lengths(5).tolist() == [5]
    assert history_lengths(16).tolist() == [14, 15, 16]


def test_draws_have_the_posterior_distribution() -> None:
    logs = encode_logs(tiny.logs(), np.arange(2))
    mean = np.array([[0.0, 5.0], [1.0, -5.0]], dtype=np.float32)
    posterior = Posterior(mean, np.log(np.array([[0.25, 1.0], [4.0, 1.0]], dtype=np.float32)))
    count = moments.PAIR_COUNT
    people = DistillationData(
        logs, posterior, np.zeros(count, np.float32), np.ones(count, np.float32)
    )
    draws = people.draw(np.repeat([1, 0], 20_000), np.random.default_rng(0)).reshape(2, -1, 2)
    np.testing.assert_allclose(draws.mean(axis=1), mean[::-1], atol=0.05)
    np.testing.assert_allclose(draws.std(axis=1), posterior.sd[::-1], rtol=0.02)
    assert people.features(0, np.array([1, 0, 1])).shape == (3, moments.FEATURE_WIDTH)


def test_features_on_disk_are_those_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    logs, count = encode_logs(tiny.logs(), np.arange(12)), moments.PAIR_COUNT
    nothing = np.zeros((12, 2), dtype=np.float32)
    rng = np.random.default_rng(1)
    normaliser = rng.standard_normal(count), 1.0 + rng.random(count)

    def found(most: int) -> tuple[np.ndarray, np.ndarray, bool]:
        monkeypatch.setattr(distillation_data, "MOST_FEATURES_KEPT", most)
        monkeypatch.setattr(distillation_data, "_READ_TOGETHER", 5)
        data = DistillationData(logs, Posterior(nothing, nothing), *normaliser)
        one = data.features(np.arange(len(data.lengths)), np.full(len(data.lengths), 7))
        return one, data.features(3, np.array([11, 0])), is_mapped(data._features)

    kept, of_two, mapped = found(10**9)
    assert not mapped
    # Of a whole log, they are what the runtime works out.
    whole = moments_until(logs, np.array([logs.days]))[0]
    wanted = moments.features(whole, *normaliser)
    np.testing.assert_allclose(kept[-1], wanted[7], atol=1e-3)  # sums of pieces and of all
    on_disk, again, mapped = found(0)
    assert mapped and not list(tmp_path.iterdir())
    np.testing.assert_array_equal(on_disk, kept)
    np.testing.assert_array_equal(again, of_two)
