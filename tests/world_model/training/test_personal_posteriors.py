from __future__ import annotations

import mlx.core as mx
import numpy as np
import pytest

from human_wm_env.runtime.encoder import LOG_VARIANCE_HIGH, LOG_VARIANCE_LOW, Posterior
from tests.world_model import tiny
from world_model.data.encoded_logs import EncodedLogs, encode_logs
from world_model.data.windows import windows
from world_model.export import flat_weights
from world_model.losses import elbo
from world_model.nets.likelihood import log_likelihood
from world_model.training.config import TrainingConfig
from world_model.training.personal_posteriors import (
    PersonalPosteriors,
    Refinement,
    random_days,
    refine,
)

CONFIG = TrainingConfig(window_days=32)


@pytest.fixture(scope="module")
def held_out() -> EncodedLogs:
    return encode_logs(tiny.logs(), tiny.logs().users_of("validation"))


def bound(logs: EncodedLogs, posterior: Posterior, draws: int = 16) -> np.ndarray:
    """ELBO of the whole logs by Monte Carlo, nats, (people,)."""
    people = np.arange(logs.people)
    window = windows(logs, people, np.tile(np.arange(logs.days), (logs.people, 1)))
    mean, log_variance = mx.array(posterior.mean), mx.array(posterior.log_variance)
    total = np.zeros(logs.people)
    for draw in range(draws):
        noise = mx.random.normal(mean.shape, key=mx.random.key(draw))
        latents = elbo.sample(mean, log_variance, noise)
        total += np.array(log_likelihood(tiny.model(), latents, window).total) / draws
    return total - np.array(elbo.kl_divergence(mean, log_variance).sum(axis=1))


def refined(
    logs: EncodedLogs, start: Posterior | None = None, steps: int = 40, seed: int = 0
) -> Posterior:
    return refine(tiny.model(), logs, start, Refinement(steps, 0.03, CONFIG, seed))


def prior(people: int) -> Posterior:
    shape = (people, tiny.TINY.latent_width)
    return Posterior(np.zeros(shape, np.float32), np.full(shape, -1.0, np.float32))


def test_refining_raises_the_bound_of_held_out_people(held_out: EncodedLogs) -> None:
    before = flat_weights(tiny.model())
    first = bound(held_out, prior(held_out.people))
    better = refined(held_out)
    assert (bound(held_out, better) > first + 50.0).all()
    for name, value in flat_weights(tiny.model()).items():
        np.testing.assert_array_equal(value, before[name])


def test_refining_goes_on_from_the_start(held_out: EncodedLogs) -> None:
    start = refined(held_out)
    same = refined(held_out, start, steps=0)
    np.testing.assert_array_equal(same.mean, start.mean)
    np.testing.assert_allclose(same.log_variance, start.log_variance, atol=1e-6)
    near, far = refined(held_out, start, steps=3), refined(held_out, steps=3)
    distances = [np.linalg.norm(one.mean - start.mean) for one in (near, far)]
    assert 0 < distances[0] < 0.4 * distances[1]


def test_refining_is_deterministic(held_out: EncodedLogs) -> None:
    one, two, other = (refined(held_out, steps=3, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.mean, two.mean)
    np.testing.assert_array_equal(one.log_variance, two.log_variance)
    assert (one.mean != other.mean).any()


def test_later_days_have_no_influence() -> None:
    logs = tiny.logs()
    rows, observed = logs.rows.copy(), logs.observed.copy()
    # A different life from day 50 on, of the second person from day 20 on.
    for person, day in enumerate((50, 20, 50)):
        rows[person, day:] = tiny.people().true_rows[11 - person, day:]
        observed[person, day:] = True
    other = tiny.with_rows(logs, rows, observed)
    users = np.arange(3)
    cut = [encode_logs(which, users).until(np.array([50, 20, 50])) for which in (logs, other)]
    one, two = (refined(encoded, steps=5) for encoded in cut)
    np.testing.assert_array_equal(one.mean, two.mean)
    np.testing.assert_array_equal(one.log_variance, two.log_variance)
    later = refined(encode_logs(other, users).until(np.array([52, 20, 50])), steps=5)
    assert np.abs(later.mean[0] - one.mean[0]).max() > 1e-4


def test_windows_lie_within_each_log() -> None:
    logs = encode_logs(tiny.logs(), np.arange(4)).until(np.array([120, 50, 31, 10]))
    rng = np.random.default_rng(0)
    starts = []
    for _ in range(200):
        days, factor = random_days(logs, np.arange(4), 32, rng)
        assert days.shape == (4, 32) and (np.diff(days) == 1).all()
        assert (days[:2, -1] < [120, 50]).all() and (days[2:, 0] == 0).all()
        np.testing.assert_allclose(factor, [120 / 32, 50 / 32, 1.0, 1.0])
        starts.append(days[0, 0])
    assert min(starts) <= 3 and max(starts) >= 85
    short, _ = random_days(logs, np.array([3, 2]), 32, rng)
    assert short.shape == (2, 31)


def test_log_variances_stay_in_range() -> None:
    posteriors = PersonalPosteriors(2, 3)
    posteriors.log_variance = mx.array([[-99.0, 0.0, 99.0]] * 2)
    kept = posteriors.as_posterior()
    assert kept.log_variance[0].tolist() == [LOG_VARIANCE_LOW, 0.0, LOG_VARIANCE_HIGH]
    np.testing.assert_allclose(kept.sd[0], np.exp([-4.5, 0.0, 1.5]), rtol=1e-6)
