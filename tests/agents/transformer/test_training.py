from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from agents.env_config import EnvConfig, GymEnvConfig
from agents.evaluation.bootstrap_intervals import Bootstrap
from agents.evaluation.other_worlds import compare, judge, references_of
from agents.registry import train_agent
from agents.saving import load_agent, save_agent
from agents.sb3.hyperparameters import PPOConfig
from agents.training_session import Session
from agents.transformer.agent import TransformerAgent
from agents.transformer.network import as_neighbours
from agents.transformer.settings import (
    CurriculumConfig,
    PlanningConfig,
    ReinforceConfig,
    TransformerPPOConfig,
)
from human_wm_env.errors import CheckpointError, ConfigError

ECHO = GymEnvConfig("PatternEcho-v0", {"symbols": 4})
TINY = ReinforceConfig(
    *(150, 32), learning_rate=3e-3, layers=1, width=32, heads=2, feed_forward=32, keep_every=0
)
TINY_PPO = TransformerPPOConfig(
    *(100, 32), learning_rate=3e-3, layers=1, width=32, heads=2, feed_forward=32, keep_every=0
)


class Curves:
    def __init__(self) -> None:
        self.points: dict[str, list[tuple[int, float]]] = {}

    def scalar(self, name: str, value: float, step: int) -> None:
        self.points.setdefault(name, []).append((step, value))


def weights(agent: object) -> list[torch.Tensor]:
    assert isinstance(agent, TransformerAgent)
    return list(agent.net.state_dict().values())


@pytest.mark.parametrize("config", [TINY, TINY_PPO, replace(TINY_PPO, n_epochs=1, n_minibatches=4)])
def test_it_learns_to_echo(config: ReinforceConfig, tmp_path: Path) -> None:
    curves = Curves()
    agent = train_agent(config, ECHO, Session(logger=curves))
    judged = judge(agent, ECHO, episodes=200, seed=1)
    assert judged.success_rate is not None and judged.success_rate > 0.9
    losses = [loss for _, loss in curves.points["train/world_model_loss"]]
    assert losses[-1] < losses[0]
    assert {"components/goal", "components/prediction", "train/entropy"} <= curves.points.keys()
    loaded = load_agent(save_agent(agent, tmp_path / "agent"))
    assert isinstance(loaded, TransformerAgent)
    assert (loaded.config, loaded.env) == (config, ECHO)
    again = judge(loaded, ECHO, episodes=200, seed=1)
    np.testing.assert_array_equal(again.returns, judged.returns)


def test_an_agent_of_before_is_loaded_with_its_pairs_in_their_new_places() -> None:
    agent = train_agent(replace(TINY, steps=2), ECHO)
    assert isinstance(agent, TransformerAgent)
    entries, weights = agent.to_manifest()
    of_before = {"algorithm": agent.kind, **entries}
    now = TransformerAgent.from_manifest(of_before, weights)
    del of_before["rotary_pairs"]
    then = TransformerAgent.from_manifest(of_before, weights)
    moved = as_neighbours(agent.net.state_dict(), agent.config.heads)
    for name, array in weights.items():
        np.testing.assert_array_equal(now.to_manifest()[1][name], array)
        np.testing.assert_array_equal(then.to_manifest()[1][name], moved[name].numpy())


def test_a_resumed_training_is_the_one_that_was_never_interrupted(tmp_path: Path) -> None:
    config = replace(
        TINY,
        steps=12,
        keep_every=5,
        curriculum=CurriculumConfig([{"symbols": 4, "horizon": 1}, {"horizon": 3}], 200, 0.2, 0.0),
    )
    echo = GymEnvConfig("PatternEcho-v0", {"symbols": 4})
    whole_curves, resumed_curves = Curves(), Curves()
    whole = train_agent(config, echo, Session(logger=whole_curves))

    class Stopped(Exception):
        pass

    def stop(agent: object, update: int) -> None:
        if update == 5:
            raise Stopped

    with pytest.raises(Stopped):
        train_agent(config, echo, Session(state_folder=tmp_path, snapshot=stop))
    done: list[int] = []
    session = Session(
        logger=resumed_curves, state_folder=tmp_path, resume=True, progress=done.append
    )
    resumed = train_agent(config, echo, session)
    assert sum(done) == 12
    for one, other in zip(weights(whole), weights(resumed), strict=True):
        assert torch.equal(one, other)
    for name, points in resumed_curves.points.items():
        assert points == [point for point in whole_curves.points[name] if point[0] > 5]
    with pytest.raises(CheckpointError, match=r"agent\.gamma"):
        train_agent(replace(config, gamma=0.5), echo, session)


def test_levels_are_changed_and_logged() -> None:
    curves = Curves()
    levels = CurriculumConfig([{"symbols": 4}, {"symbols": 4, "horizon": 3}], 500, 0.8, 0.1)
    config = replace(TINY, curriculum=levels)
    train_agent(config, ECHO, Session(logger=curves))
    assert curves.points["curriculum/level"][0][1] == 0.0
    assert curves.points["curriculum/level"][-1][1] == 1.0


def test_without_the_head_nothing_is_asked() -> None:
    curves = Curves()
    config = replace(TINY, steps=2, world_model_coef=0.0)
    agent = train_agent(config, ECHO, Session(logger=curves))
    assert "train/world_model_loss" not in curves.points
    fresh = train_agent(replace(config, steps=1), ECHO)
    names = [name for name in agent.net.state_dict() if "world_model" in name]  # type: ignore[attr-defined]
    for name in names:
        one, other = (each.net.state_dict()[name] for each in (agent, fresh))  # type: ignore[attr-defined]
        assert torch.equal(one, other)


def test_predictions_are_a_reward_where_they_are_weighed() -> None:
    curves = Curves()
    config = replace(TINY, steps=3, prediction_weight=1.0, goal_weight=0.0)
    train_agent(config, ECHO, Session(logger=curves))
    shares = [share for _, share in curves.points["components/prediction"]]
    assert all(0.0 < share <= 1.0 for share in shares)


def test_it_acts_on_people_by_amounts(tmp_path: Path, simulator: EnvConfig) -> None:
    config = replace(TINY, steps=2, episodes=4)
    agent = train_agent(config, simulator)
    seen = np.zeros((3, 43), dtype=np.float32)
    actions = agent.act(seen)
    assert actions.shape == (3, 7) and np.abs(actions).max() <= 1.0
    loaded = load_agent(save_agent(agent, tmp_path / "agent"))
    loaded.reset(3)
    np.testing.assert_array_equal(loaded.act(seen), actions)
    assert isinstance(agent, TransformerAgent) and not agent.binary
    planning = agent.with_planning(PlanningConfig(depth=2, beam=2, actions=4))
    assert planning.act(seen).shape == (3, 7)
    with pytest.raises(ConfigError, match="shape"):
        agent.act(np.zeros((3, 5), dtype=np.float32))
    levels = CurriculumConfig([{"horizon": 3}])
    with pytest.raises(ConfigError, match="not of people"):
        train_agent(replace(config, curriculum=levels), simulator)


@pytest.mark.parametrize(
    "config",
    [
        replace(TINY, steps=2, episodes=4, context=8),
        PPOConfig(40, 4, n_steps=10, batch_size=20, width=8, warm_start=0),
    ],
)
def test_it_balances_a_pole(config: ReinforceConfig | PPOConfig) -> None:
    pole = GymEnvConfig("CartPole-v1")
    agent = train_agent(config, pole)
    judged = judge(agent, pole, episodes=3, seed=0)
    assert (judged.returns >= 8.0).all() and judged.success_rate is None
    assert references_of(pole) is None


def test_agents_are_compared_with_random_actions() -> None:
    agent = train_agent(replace(TINY, steps=1), ECHO)
    settings = Bootstrap(resamples=200)
    found = compare({"new": agent}, ECHO, episodes=50, seed=0, bootstrap=settings)
    assert found.keys() == {"new", "random"}
    assert found["random"]["return"]["low"] <= found["random"]["return"]["mean"]
    assert "over_random" in found["new"] and 0.0 <= found["new"]["success_rate"] <= 1.0
    references = references_of(ECHO)
    assert references is not None and references.optimal == 2.0


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": 0},
        {"width": 10},
        {"gamma": 1.5},
        {"learning_rate": 0.0},
        {"world_model_coef": -1.0},
        {"state_loss": "absolute"},
        {"planning": {"depth": -1}},
        {"episodes": 4, "random_share": 0.9},
        {"n_epochs": 0},
        {"n_minibatches": 0},
        {"episodes": 8, "random_share": 0.25, "n_minibatches": 7},
    ],
)
def test_wrong_settings_are_errors(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        if "planning" in wrong:
            PlanningConfig(**wrong["planning"])  # type: ignore[arg-type]
        else:
            TransformerPPOConfig(**wrong)  # type: ignore[arg-type]
