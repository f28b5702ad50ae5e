"""Digests change with whatever changes what an agent does, and with nothing else."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from agents.baselines import ConstantAgent, HabitAgent, RandomAgent
from agents.env_config import EnvConfig
from agents.evaluation.degraded_policies import DilutedAgent, NoisyAgent
from agents.evaluation.fingerprints import agent_digest, env_identity, model_digest
from agents.evolution.controller import ControllerAgent, ControllerShape
from agents.evolution.hyperparameters import CMAESConfig
from agents.planning.dream_planner import ImaginingPlanner
from agents.planning.model_predictive_control import PlannerConfig
from human_wm_env.errors import ConfigError
from human_wm_env.model.checkpoint import BUNDLED, save_checkpoint
from human_wm_env.runtime.world_model import load_world_model

SEEING = EnvConfig("HumanWM-v0", person_context=True)


@pytest.fixture
def other_model(tmp_path: Path) -> str:
    """The bundled weights, of which one is another."""
    bundled = load_world_model(None).checkpoint
    weights = load_file(BUNDLED / "weights.safetensors")
    transitions = weights.pop("weather_transitions")
    weights[min(weights)] = weights[min(weights)] + np.float32(1.0)
    save_checkpoint(
        tmp_path / "model",
        architecture=bundled.architecture,
        weights=weights,
        weather_transitions=transitions,
        details={},
    )
    return str(tmp_path / "model")


def controller(value: float, env: EnvConfig = SEEING) -> ControllerAgent:
    shape = ControllerShape(3)
    return ControllerAgent(shape, np.full(shape.parameters, value), CMAESConfig(), env)


def test_agents_that_act_alike_have_one_digest_and_no_others() -> None:
    zero = ConstantAgent(np.zeros(7))
    agents = [
        zero,
        ConstantAgent(np.full(7, 0.5)),
        HabitAgent(),
        RandomAgent(0),
        RandomAgent(1),
        DilutedAgent(zero, 0.5),
        DilutedAgent(zero, 0.25),
        NoisyAgent(zero, 0.1),
        NoisyAgent(zero, 0.1, seed=1),
        controller(0.0),
        controller(1.0),
        ImaginingPlanner(PlannerConfig()),
        ImaginingPlanner(PlannerConfig(days=3)),
    ]
    digests = [agent_digest(agent) for agent in agents]
    assert len(set(digests)) == len(agents)
    assert agent_digest(ConstantAgent(np.zeros(7))) == digests[0]
    assert agent_digest(NoisyAgent(zero, 0.1)) == digests[7]


def test_a_model_counts_by_its_content(other_model: str, tmp_path: Path) -> None:
    assert model_digest(None) == model_digest("bundled") != model_digest(other_model)
    shutil.copytree(BUNDLED, tmp_path / "copy")
    copied = replace(SEEING, context_model=str(tmp_path / "copy"))
    own = agent_digest(controller(0.0))
    assert agent_digest(controller(0.0, copied)) == own
    assert agent_digest(controller(0.0, replace(SEEING, context_model=other_model))) != own
    planners = [ImaginingPlanner(world_model=model) for model in (None, other_model)]
    assert agent_digest(planners[0]) != agent_digest(planners[1])


def test_a_simulator_has_no_model(other_model: str) -> None:
    world = EnvConfig("HumanWMSim-v0")
    assert env_identity(world) == env_identity(replace(world, world_model=other_model))
    assert env_identity(SEEING) != env_identity(replace(SEEING, world_model=other_model))


def test_what_cannot_be_written_down_is_refused() -> None:
    class Odd(HabitAgent):
        def __init__(self) -> None:
            super().__init__()
            self.weights = np.zeros(3)

    with pytest.raises(ConfigError, match="plain values"):
        agent_digest(Odd())
