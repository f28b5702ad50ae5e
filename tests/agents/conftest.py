from __future__ import annotations

import pytest

from agents.env_config import EnvConfig
from human_wm_env.people.embedded import EmbeddedConfig, EmbeddedPeople, load_embedded

SMALL = EmbeddedConfig(users=12, days=120, seed=3)


@pytest.fixture(scope="session")
def people() -> EmbeddedPeople:
    return load_embedded(SMALL)


@pytest.fixture
def simulator() -> EnvConfig:
    return EnvConfig("HumanWMSim-v0", horizon=5, split="all")
