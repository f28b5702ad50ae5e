from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.vector import AutoresetMode

from agents.baselines import RandomAgent
from agents.env_config import GymEnvConfig, make_vector_env
from agents.protocol import Agent
from agents.registry import train_agent
from agents.saving import load_agent, save_agent
from agents.sb3.hyperparameters import A2CConfig, PPOConfig
from agents.sb3.policy import PolicyAgent
from agents.training_session import Session
from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.errors import CheckpointError, ConfigError
from tests.human_wm_env.envs.toy_world import ToyWorld

ACTIONS = {
    "discrete": spaces.Discrete(3),
    "multi": spaces.MultiDiscrete([3, 2]),
    "box": spaces.Box(-2.0, 2.0, (1,), np.float32),
}


class FollowTheSignal(gym.vector.VectorEnv[np.ndarray, np.ndarray, np.ndarray]):
    """Rewards the action that the observation names; a third miss ends the episode."""

    def __init__(self, num_envs: int, autoreset_mode: AutoresetMode, actions: str) -> None:
        assert autoreset_mode == AutoresetMode.SAME_STEP
        self.num_envs = num_envs
        self.metadata = {"autoreset_mode": autoreset_mode}
        self.single_observation_space = spaces.Box(0.0, 1.0, (3,), np.float32)
        self.single_action_space = ACTIONS[actions]

    def _signal(self, slots: np.ndarray) -> np.ndarray:
        self.named[slots] = self.rng.integers(3, size=slots.sum())
        return np.eye(3, dtype=np.float32)[self.named]

    def reset(self, **options: Any) -> tuple[np.ndarray, dict[str, Any]]:
        self.rng = np.random.default_rng(options.get("seed"))
        self.named, self.misses, self.age = (np.zeros(self.num_envs, int) for _ in range(3))
        return self._signal(np.ones(self.num_envs, bool)), {}

    def step(self, actions: np.ndarray) -> Any:
        first = actions.reshape(self.num_envs, -1)[:, 0]
        if isinstance(self.single_action_space, spaces.Box):
            first = np.digitize(first, [-0.5, 0.5])
        hit = first == self.named
        self.misses += ~hit
        self.age += 1
        terminated, truncated = self.misses == 3, self.age == 10
        over = terminated | truncated
        final = self._signal(~over)
        self.misses[over] = self.age[over] = 0
        info = {"reward_components": {"right": hit.astype(float)}}
        if over.any():
            info |= {"final_obs": list(final), "final_info": info}  # type: ignore[dict-item]
        return self._signal(over), np.where(hit, 3.0, -1.0), terminated, truncated, info


@pytest.fixture(autouse=True, scope="module")
def registered() -> Any:
    gym.register(
        "FollowTheSignal-v0", vector_entry_point=lambda **settings: FollowTheSignal(**settings)
    )
    gym.register(
        "ToyWalk-v0",
        vector_entry_point=lambda num_envs, **k: VectorEnv(ToyWorld(), num_envs, **k),
    )
    yield
    del gym.registry["FollowTheSignal-v0"], gym.registry["ToyWalk-v0"]


def mean_reward(agent: Agent, env: GymEnvConfig) -> float:
    vector = make_vector_env(env, 20, autoreset=AutoresetMode.SAME_STEP)
    agent.reset(20)
    observations, _ = vector.reset(seed=7)
    rewards = []
    for _ in range(30):
        observations, reward, *_ = vector.step(agent.act(observations))
        rewards.append(reward.mean())
    return float(np.mean(rewards))


def test_it_learns_to_stay_in_the_middle_of_a_walk(tmp_path: Path) -> None:
    """The toy world: categories from -1, termination, rewards of its own names."""
    weights = {"distance": -1.0, "toll": 0.1}
    env = GymEnvConfig("ToyWalk-v0", {"reward_weights": weights})
    agent = train_agent(replace(PPO, steps=6000), env)
    chance = mean_reward(RandomAgent(3, ToyWorld().action_space), env)
    learned = mean_reward(agent, env)
    assert learned > 0.7 * chance > chance  # rewards are negative
    assert set(agent.act(np.zeros((3, 3), dtype=np.float32))) <= {-1, 0, 1}
    assert mean_reward(load_agent(save_agent(agent, tmp_path / "agent")), env) == learned


PPO = PPOConfig(
    steps=4000, slots=10, n_steps=20, batch_size=50, width=16, warm_start=0, learning_rate=1e-2
)
A2C = A2CConfig(steps=4000, slots=10, width=16, warm_start=0, learning_rate=1e-2)


@pytest.mark.parametrize(
    ("config", "actions"), [(PPO, "discrete"), (PPO, "multi"), (PPO, "box"), (A2C, "discrete")]
)
def test_it_learns_in_a_world_without_people(
    config: PPOConfig | A2CConfig, actions: str, tmp_path: Path
) -> None:
    env = GymEnvConfig("FollowTheSignal-v0", {"actions": actions})
    days: list[int] = []
    agent = train_agent(config, env, Session(progress=days.append))
    assert isinstance(agent, PolicyAgent)
    assert sum(days) == 4000
    chance = mean_reward(RandomAgent(3, ACTIONS[actions]), env)
    learned = mean_reward(agent, env)
    assert chance < 1.5
    assert learned > chance + 1.5
    loaded = load_agent(save_agent(agent, tmp_path / "agent"))
    assert isinstance(loaded, PolicyAgent)
    assert (loaded.env, loaded.config) == (env, config)
    assert loaded.policy.action_space == ACTIONS[actions]
    assert mean_reward(loaded, env) == learned


def test_a_training_goes_on_and_knows_its_world(tmp_path: Path) -> None:
    env = GymEnvConfig("FollowTheSignal-v0", {"actions": "discrete"})
    session = Session(state_folder=tmp_path, resume=True)
    train_agent(replace(PPO, steps=200), env, session)
    train_agent(replace(PPO, steps=400), env, session)
    with pytest.raises(CheckpointError, match=r"env\.arguments"):
        train_agent(replace(PPO, steps=600), replace(env, arguments={"actions": "multi"}), session)


def test_what_needs_people_says_so() -> None:
    from agents.baselines import HabitConfig

    env = GymEnvConfig("FollowTheSignal-v0", {"actions": "discrete"})
    with pytest.raises(ConfigError, match="warm_start=0"):
        train_agent(replace(PPO, warm_start=2), env)
    with pytest.raises(ConfigError, match=r"EnvConfig for habit.*ppo"):
        train_agent(HabitConfig(), env)
