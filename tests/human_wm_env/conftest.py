"""Shared people and logs; the small ones wherever they are enough."""

from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.data.dataset import LogDataset
from human_wm_env.people.embedded import EmbeddedConfig, EmbeddedPeople, assemble, generate
from human_wm_env.person import schema

SMALL = EmbeddedConfig(users=12, days=120, seed=3)


@pytest.fixture(scope="session")
def small() -> EmbeddedPeople:
    return assemble(SMALL, generate(SMALL))


@pytest.fixture(scope="session")
def full() -> EmbeddedPeople:
    """The 999 x 1000 people, as everybody gets them; takes seconds."""
    config = EmbeddedConfig()
    return assemble(config, generate(config))


@pytest.fixture(scope="session")
def short_logs() -> LogDataset:
    """Four people; the second logged 20 days, the third only from day 30 on."""
    rng = np.random.default_rng(0)
    rows = typical_rows(4, 60)
    rows[..., schema.STEPS] += rng.integers(0, 4000, (4, 60))
    observed = rng.random((4, 60, schema.FEATURE_COUNT)) < 0.7
    observed[:, 0] = True
    observed[2, :30] = False
    return LogDataset.from_arrays(
        rows,
        observed,
        user_ids=["ann", "bob", "cem", "dan"],
        start_weekday=np.array([0, 6, -1, 3]),
        days_logged=np.array([60, 20, 60, 50]),
        name="short",
    )


def typical_rows(*shape: int) -> np.ndarray:
    """Rows at the schema's centres, with the first category of each."""
    rows = np.zeros((*shape, schema.FEATURE_COUNT), dtype=np.float32)
    for index in schema.CONTINUOUS_FEATURES:
        rows[..., index] = schema.continuous(index).centre
    return rows
