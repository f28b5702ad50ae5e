"""Every trait can be recovered from a masked log by whoever knows the equations."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from human_wm_env.people.embedded import EmbeddedConfig, EmbeddedPeople, assemble, generate
from human_wm_env.people.traits import TRAIT_NAMES
from world_model.card import trait_oracle

PEOPLE = 120


def people_of(config: EmbeddedConfig) -> EmbeddedPeople:
    return assemble(config, generate(config))


@pytest.fixture(scope="module")
def full() -> EmbeddedPeople:
    """As everybody gets them; takes seconds."""
    return people_of(EmbeddedConfig())


@pytest.fixture(scope="module")
def explained(full: EmbeddedPeople) -> dict[str, float]:
    users = np.arange(PEOPLE)
    estimated = trait_oracle.estimate(full.dataset, users, full.config.response_gain)
    return trait_oracle.r_squared(estimated, full.people.traits[users].astype(float))


@pytest.mark.parametrize("name", TRAIT_NAMES)
def test_the_oracle_recovers(name: str, explained: dict[str, float]) -> None:
    assert explained[name] >= 0.8


def test_the_oracle_sees_nothing_behind_the_mask() -> None:
    users = np.arange(2)
    logs = people_of(EmbeddedConfig(users=12, days=120, seed=3)).dataset
    hidden = np.random.default_rng(0).normal(50.0, 10.0, logs.rows.shape).astype(np.float32)
    rows = np.where(logs.observed, logs.rows, hidden)
    changed = dataclasses.replace(logs, rows=rows)
    one, other = (trait_oracle.estimate(data, users, 1.0) for data in (logs, changed))
    categories_filled = np.isfinite(one).all()
    assert categories_filled
    np.testing.assert_allclose(one, other, rtol=1e-4)
