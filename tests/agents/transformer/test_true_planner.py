from __future__ import annotations

import itertools

import numpy as np
import pytest
from gymnasium import spaces

from agents.transformer.true_planner import SOONER, TruePlanner
from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.errors import ConfigError
from human_wm_env.worlds.world import take
from tests.human_wm_env.envs.toy_world import ToyWorld


@pytest.mark.parametrize("depth", [1, 3])
def test_every_sequence_is_tried_in_the_world_itself(depth: int) -> None:
    env, planner = VectorEnv(ToyWorld(), 4), TruePlanner(depth)
    planner.enter(env)
    planner.reset(4)
    observations, _ = env.reset(seed=1)
    chosen = planner.act(observations)
    world = env.world
    weights = np.array([world.default_weights[name] for name in world.component_names])
    for slot in range(4):
        best: dict[int, float] = {}
        for actions in itertools.product((-1, 0, 1), repeat=depth):
            state, total = take(env.state, np.array([slot])), 0.0
            for step, action in enumerate(actions):
                after = world.step(state, np.array([action]))
                paid = float(after.components[0] @ weights)
                state, total = after.state, total + SOONER**step * paid
            best[actions[0]] = max(total, best.get(actions[0], -np.inf))
        assert best[int(chosen[slot])] == pytest.approx(max(best.values()))
    assert planner.knows("any") and planner.env_overrides == {}


def test_it_needs_choices_and_a_step() -> None:
    with pytest.raises(ConfigError, match="depth >= 1"):
        TruePlanner(0)
    amounts = VectorEnv(ToyWorld(spaces.Box(-1.0, 1.0, (1,), np.float32)), 2)
    with pytest.raises(ConfigError, match="a World with Discrete actions"):
        TruePlanner(1).enter(amounts)
