from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np

from agents.reward_components import named_components
from human_wm_env.envs.env import Env
from human_wm_env.envs.vector_env import VectorEnv
from tests.human_wm_env.envs.toy_world import ToyWorld


def stepped(env: Any) -> dict[str, np.ndarray]:
    env.reset(seed=[3, 4])
    return named_components(env, env.step(np.array([1, -1]))[-1])


def test_an_array_and_gymnasiums_dicts_have_the_same_names() -> None:
    ours = stepped(VectorEnv(ToyWorld(), 2, layout="people"))
    theirs = stepped(gym.vector.SyncVectorEnv([lambda: Env(ToyWorld())] * 2))
    assert list(ours) == list(theirs) == ["distance", "toll"]
    for name, values in ours.items():
        assert values.shape == (2,)
        np.testing.assert_allclose(values, theirs[name])


def test_columns_by_hand() -> None:
    env = VectorEnv(ToyWorld(), 2)
    found = named_components(env, {"reward_components": np.array([[1.0, 2.0], [3.0, 4.0]])})
    assert {name: values.tolist() for name, values in found.items()} == {
        "distance": [1.0, 3.0],
        "toll": [2.0, 4.0],
    }


def test_an_info_without_components_has_none() -> None:
    assert named_components(VectorEnv(ToyWorld(), 2), {}) == {}
