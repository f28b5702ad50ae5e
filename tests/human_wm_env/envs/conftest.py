"""Vector envs of both worlds."""

from __future__ import annotations

from typing import Any

import pytest

from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.people.embedded import EmbeddedPeople
from tests.human_wm_env.envs.vector_envs import Make, world_of


@pytest.fixture(params=["simulator", "dream"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def make(kind: str, small: EmbeddedPeople) -> Make:
    def made(num_envs: int, **arguments: Any) -> VectorEnv:
        settings = {"horizon", "split", "adherence", "masking", "weather"}
        own = {name: arguments.pop(name) for name in settings & set(arguments)}
        return VectorEnv(world_of(kind, small, **own), num_envs, **arguments)

    return made
