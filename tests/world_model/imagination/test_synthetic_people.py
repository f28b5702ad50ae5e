"""Imagined people: masks of real ones, latents that are known, a seed that decides all."""

from __future__ import annotations

import dataclasses
from typing import Any

import mlx.core as mx
import numpy as np
import pytest

from human_wm_env.data.dataset import LogDataset
from human_wm_env.person import schema
from human_wm_env.person.weather import TRANSITIONS
from human_wm_env.runtime.encoder import Posterior
from tests.world_model import tiny
from tests.world_model.fitting_runs import recognition
from world_model.data.distillation_data import DistillationData
from world_model.data.encoded_logs import encode_logs
from world_model.imagination import synthetic_people
from world_model.imagination.synthetic_people import crossed_latents, imagine_people

PEOPLE = 20
BLOCKS = tiny.TINY.blocks


def dream(
    real: DistillationData, logs: LogDataset | None = None, seed: int = 0
) -> DistillationData:
    return imagine_people(
        tiny.model(), logs or tiny.logs(), real, TRANSITIONS, people=PEOPLE, seed=seed
    )


@pytest.fixture(scope="module")
def real() -> DistillationData:
    return recognition("train")


@pytest.fixture(scope="module")
def dreamt_people(real: DistillationData) -> DistillationData:
    return dream(real)


def test_dreamt_people_lose_cells_like_real_ones(
    real: DistillationData, dreamt_people: DistillationData
) -> None:
    def lost(which: DistillationData) -> np.ndarray:
        shares: np.ndarray = 1.0 - which.logs.observed[:, 1:].mean(axis=1)
        return shares

    # On the average as many, of each feature, and not the same of everybody.
    np.testing.assert_allclose(lost(dreamt_people).mean(0), lost(real).mean(0), atol=0.12)
    assert lost(dreamt_people)[:, schema.STEPS].std() > 0.03
    assert not dreamt_people.logs.observed[:, 0].any()
    # What the mask hides is gone.
    for index, part in schema.ROW_SLICES.items():
        hidden = ~dreamt_people.logs.observed[..., index]
        assert hidden.any() and not dreamt_people.logs.rows[hidden][:, part].any()


def test_short_logs_are_dreamt_short() -> None:
    logs = tiny.logs()
    short = dataclasses.replace(
        LogDataset.from_arrays(
            logs.rows, logs.observed, days_logged=np.arange(60, 120, 5), name="short"
        ),
        split_of=logs.split_of,
    )
    encoded = encode_logs(short, short.users_of("train"))
    real = dataclasses.replace(recognition("train"), logs=encoded)
    days = dream(real, short).logs.days_logged
    assert set(days) <= set(encoded.days_logged) and len(set(days)) > 3


def test_each_block_is_drawn_from_another_persons_posterior() -> None:
    rng = np.random.default_rng(0)
    mean = 10.0 * rng.standard_normal((8, tiny.TINY.latent_width)).astype(np.float32)
    sure = Posterior(mean, np.full_like(mean, -30.0))
    latents, named = crossed_latents(sure, 200, tiny.TINY, np.random.default_rng(1))
    assert latents.shape == (200, tiny.TINY.latent_width) and latents.dtype == np.float32
    whose = []
    for part in BLOCKS.values():
        distance = np.abs(latents[:, None, part] - mean[None, :, part]).max(axis=2)
        assert distance.min(axis=1).max() < 1e-4  # the whole block is one person's
        whose.append(distance.argmin(axis=1))
    for block, own in zip(BLOCKS, whose, strict=True):
        np.testing.assert_array_equal(named[block], own)
    for block in whose:
        assert np.bincount(block, minlength=8).min() > 8
    # Independently: two blocks are of one person about one time in eight.
    for one, two in ((0, 1), (0, 2), (1, 2)):
        assert 0.05 < (whose[one] == whose[two]).mean() < 0.25


def test_latents_are_as_wide_as_the_posteriors() -> None:
    shape = (1, tiny.TINY.latent_width)
    mean = np.linspace(-2.0, 2.0, shape[1], dtype=np.float32)[None]
    log_variance = np.linspace(-4.0, 1.0, shape[1], dtype=np.float32)[None]
    posterior = Posterior(mean, log_variance)
    latents, _ = crossed_latents(posterior, 20_000, tiny.TINY, np.random.default_rng(1))
    np.testing.assert_allclose(latents.mean(axis=0), mean[0], atol=0.05)
    np.testing.assert_allclose(latents.std(axis=0), posterior.sd[0], rtol=0.03)
    correlation = np.corrcoef(latents.T) - np.eye(shape[1])
    assert np.abs(correlation).max() < 0.05


def test_the_target_is_the_latents_that_dreamt(
    real: DistillationData, dreamt_people: DistillationData, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[np.ndarray] = []
    imagine = synthetic_people.imagine

    def watched(model: Any, latents: mx.array, *rest: Any) -> mx.array:
        seen.append(np.array(latents))
        return imagine(model, latents, *rest)

    monkeypatch.setattr(synthetic_people, "imagine", watched)
    again = dream(real)
    np.testing.assert_array_equal(seen, [again.posterior.mean])
    drawn = again.draw(np.arange(PEOPLE), np.random.default_rng(0))
    np.testing.assert_allclose(drawn, again.posterior.mean, atol=1e-3)
    # Their moments are standardised as those of real people are.
    assert again.mean is real.mean and again.sd is real.sd


def test_the_same_seed_dreams_the_same_people(
    real: DistillationData, dreamt_people: DistillationData
) -> None:
    same, other = dream(real), dream(real, seed=1)
    for name in ("rows", "observed", "remembered", "weekday"):
        one = getattr(dreamt_people.logs, name)
        np.testing.assert_array_equal(getattr(same.logs, name), one)
        assert (getattr(other.logs, name) != one).any()
    np.testing.assert_array_equal(same.posterior.mean, dreamt_people.posterior.mean)
    assert (other.posterior.mean != dreamt_people.posterior.mean).any()


def test_the_markov_form_is_dreamt_without_memory() -> None:
    shape = (3, tiny.MARKOV.latent_width)
    encoded = encode_logs(tiny.logs(), np.arange(3), use_memory=False)
    posterior = Posterior(np.zeros(shape, np.float32), np.zeros(shape, np.float32))
    real = dataclasses.replace(recognition("train"), logs=encoded, posterior=posterior)
    logs = imagine_people(
        tiny.model(tiny.MARKOV), tiny.logs(), real, TRANSITIONS, people=2, seed=0
    ).logs
    assert logs.rows.any() and not logs.remembered.any()
