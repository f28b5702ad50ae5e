"""What acts in real environments: slots, random actions, and who is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces

from agents.env_config import GymEnvConfig
from agents.evolution.controller import ControllerAgent, ControllerShape
from agents.evolution.hyperparameters import CMAESConfig
from agents.vector_tasks.policies import (
    AgentPolicy,
    ChancePolicy,
    LatentPolicy,
    Mixture,
    PerturbedPolicy,
    draw_actions,
    policy_of,
)
from human_wm_env.errors import CheckpointError, ConfigError
from human_wm_env.vector_dream.checkpoint import save_vector_checkpoint
from human_wm_env.vector_dream.latent_view import LatentReader
from human_wm_env.vector_dream.task import ActionCode
from tests.human_wm_env.vector_dream.small import TASK, batch, checkpoint

BEGAN = np.ones(4, dtype=bool)


class Summing:
    """Acts by the sum of what it sees."""

    def __init__(self, env: Any = None) -> None:
        self.env, self.slots = env, 0

    def reset(self, slots: int) -> None:
        self.slots = slots

    def act(self, observations: np.ndarray) -> np.ndarray:
        return np.tanh(observations.sum(axis=1, keepdims=True))


def test_chance_is_uniform_and_of_its_seed() -> None:
    many = np.zeros((4000, 3), dtype=np.float32)
    one, again, other = (ChancePolicy(TASK.action, seed).act(many, BEGAN) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any() and one.shape == (4000, 1) and one.dtype == np.float32
    assert one.min() < -0.99 and one.max() > 0.99 and abs(one.mean()) < 0.05
    choices = ChancePolicy(ActionCode(count=3, first=7), 0).act(many, BEGAN)
    assert choices.shape == (4000,) and set(choices.tolist()) == {0, 1, 2}
    rng = np.random.default_rng(0)
    assert draw_actions(spaces.Box(-1.0, 1.0, (2,), np.float32), 5, rng).shape == (5, 2)


def test_random_actions_take_the_place_of_some() -> None:
    space = spaces.Box(-1.0, 1.0, (2,), np.float32)
    chosen = np.full((4000, 2), 5.0, dtype=np.float32)
    mixed = Mixture(space, 0.25, 3)(chosen)
    replaced = (mixed != 5.0).any(axis=1)
    assert replaced.mean() == pytest.approx(0.25, abs=0.02)
    assert (mixed[replaced] != 5.0).all() and np.abs(mixed[replaced]).max() <= 1.0
    assert Mixture(space, 0.0, 3)(chosen) is chosen
    flat = Mixture(spaces.Discrete(3), 0.5, 3)(np.full(4000, 9))
    assert flat.shape == (4000,) and (flat != 9).mean() == pytest.approx(0.5, abs=0.03)
    np.testing.assert_array_equal(Mixture(space, 0.25, 3)(chosen), mixed)


def test_an_agent_of_the_environment_has_its_actions_coded() -> None:
    agent, seen = Summing(), batch(3)
    policy = AgentPolicy(agent, TASK, 4)
    assert agent.slots == 4
    np.testing.assert_allclose(policy.act(seen, BEGAN), agent.act(seen) / 2.0)  # a Box of -2 to 2
    mixed = AgentPolicy(agent, TASK, 4, chance=1.0, seed=5).act(seen, BEGAN)
    np.testing.assert_array_equal(mixed, Mixture(TASK.action.space, 1.0, 5)(seen[:, :1]))


def test_an_agent_of_the_dream_reads_along() -> None:
    made, agent = checkpoint(), Summing()
    policy, reader = LatentPolicy(agent, made, 4), LatentReader(made, 4)
    for step in range(3):
        seen, began = batch(3, seed=step), BEGAN if step == 0 else np.array([0, 1, 0, 0], bool)
        acted = policy.act(seen, began)
        np.testing.assert_allclose(acted, agent.act(reader.read(seen, began)), rtol=1e-6)
        reader.acted(acted)
    assert agent.slots == 4


def test_agents_act_where_they_were_trained(tmp_path: Path) -> None:
    made = checkpoint()
    save_vector_checkpoint(
        tmp_path / "model",
        task=TASK,
        architecture=made.architecture,
        weights=made.weights,
        starts=made.starts,
        terminates=True,
        details={},
    )
    dreamt = GymEnvConfig("human_wm_env:WorldModelDream-v0", {"world_model": tmp_path / "model"})
    assert isinstance(policy_of(Summing(dreamt), TASK, 2), LatentPolicy)
    assert isinstance(policy_of(Summing(GymEnvConfig("Made-v0")), TASK, 2), AgentPolicy)
    with pytest.raises(CheckpointError, match=r"an agent of a dream of Made-v0 with \{'g': 1\}"):
        policy_of(Summing(dreamt), replace(TASK, kwargs={"g": 1}), 2)
    for env, trained in ((GymEnvConfig("Other-v0"), "one of Other-v0"), (None, "no environment")):
        with pytest.raises(ConfigError, match="trained in Made-v0 or in its dream") as caught:
            policy_of(Summing(env), TASK, 2)
        assert trained in str(caught.value)


def test_perturbed_controllers_keep_their_weights_for_an_episode() -> None:
    made = checkpoint()
    shape = ControllerShape(2, 0, 1, width=6)
    env = GymEnvConfig("human_wm_env:WorldModelDream-v0")
    agent = ControllerAgent(shape, np.array([0.5, -1.0, 0.1]), CMAESConfig(), env)
    exact = PerturbedPolicy(agent, made, 4, noise=0.0)
    plain = LatentPolicy(agent, made, 4)
    noisy, again = (PerturbedPolicy(agent, made, 4, noise=0.3, seed=2) for _ in range(2))
    reader, weights = LatentReader(made, 4), np.zeros((4, 3))
    rng = np.random.default_rng([2, 79])
    for step in range(4):
        seen, began = (
            batch(3, seed=step),
            BEGAN if step == 0 else np.array([0, step == 2, 0, 0], bool),
        )
        np.testing.assert_array_equal(exact.act(seen, began), plain.act(seen, began))
        weights[began] = agent.parameters + 0.3 * rng.standard_normal((began.sum(), 3))
        acted = noisy.act(seen, began)
        np.testing.assert_allclose(acted, shape.act(weights, reader.read(seen, began)), rtol=1e-6)
        reader.acted(acted)
        np.testing.assert_array_equal(acted, again.act(seen, began))
    mixed = PerturbedPolicy(agent, made, 4, noise=0.0, chance=1.0, seed=5).act(batch(3), BEGAN)
    np.testing.assert_array_equal(mixed, Mixture(TASK.action.space, 1.0, 5)(mixed))
