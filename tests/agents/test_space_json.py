from __future__ import annotations

import json

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from agents.space_json import space_from_json, space_to_json
from human_wm_env.errors import ConfigError

INFINITE = np.array([[np.inf, 1.5], [2.0, np.inf]], dtype=np.float32)


@pytest.mark.parametrize(
    "space",
    [
        spaces.Box(-1.0, 2.0, (3,), np.float32),
        spaces.Box(-INFINITE, INFINITE, dtype=np.float32),
        spaces.Box(-np.inf, np.inf, (), np.float32),
        spaces.Discrete(3, start=-1),
        spaces.MultiDiscrete([2, 4], start=[0, 1]),
    ],
)
def test_a_space_comes_back(space: spaces.Space) -> None:
    text = json.dumps(space_to_json(space), allow_nan=False)
    assert space_from_json(json.loads(text)) == space


@pytest.mark.parametrize("env_id", ["CartPole-v1", "Acrobot-v1", "Pendulum-v1", "MountainCar-v0"])
def test_spaces_of_other_environments_come_back(env_id: str) -> None:
    env = gym.make(env_id)
    for space in (env.observation_space, env.action_space):
        assert (
            space_from_json(json.loads(json.dumps(space_to_json(space), allow_nan=False))) == space
        )


@pytest.mark.parametrize("bound", ["nan", "Infinity", "1", None])
def test_other_words_are_no_bounds(bound: str | None) -> None:
    with pytest.raises((ValueError, TypeError)):
        space_from_json({"low": [0.0], "high": [bound]})


def test_other_spaces_are_refused() -> None:
    with pytest.raises(ConfigError, match="a Box, Discrete or MultiDiscrete"):
        space_to_json(spaces.Dict({}))
