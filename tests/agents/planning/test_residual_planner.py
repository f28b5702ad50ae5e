"""A planner that corrects an actor."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from agents.action_layout import PERSON_ACTIONS
from agents.actor.actor_agent import ActorAgent
from agents.actor.hybrid_head import HybridHead
from agents.actor.net import NetShape
from agents.baselines import HabitAgent
from agents.env_config import EnvConfig, make_vector_env
from agents.episode_starts import draw_starts
from agents.evaluation.paired_runs import run_episodes
from agents.planning.cross_entropy import CrossEntropyConfig
from agents.planning.model_predictive_control import PlannerConfig
from agents.planning.residual_planner import (
    LOGIT_REACH,
    ResidualPlanner,
    ResidualPlannerConfig,
    load_actor,
)
from agents.registry import train_agent
from agents.saving import load_agent, save_agent
from human_wm_env.errors import ConfigError
from human_wm_env.people.embedded import EmbeddedPeople

DREAM = EnvConfig("HumanWM-v0", horizon=4, split="all", person_context=True)


def an_actor(width: int) -> ActorAgent:
    head = HybridHead(PERSON_ACTIONS.space, dict(PERSON_ACTIONS.picks))
    shape = NetShape(width, 8, 1, head.outputs)
    weights = shape.first_weights(np.random.default_rng(1))
    weights["1.bias"][5 + 3] = 2.0
    return ActorAgent("backprop", head, shape, weights, {}, DREAM)


def budget(candidates: int, std: float) -> PlannerConfig:
    search = CrossEntropyConfig(iterations=1, candidates=candidates, elite=2, std=std)
    return PlannerConfig(
        days=3, pieces=1, draws=2, first_iterations=1, search=search, narrow_std=std
    )


@pytest.fixture(scope="module")
def actor(people: EmbeddedPeople) -> ActorAgent:
    env = make_vector_env(DREAM, 1, autoreset=AutoresetMode.DISABLED, dataset=people)
    shape = env.single_observation_space.shape
    assert shape is not None
    return an_actor(shape[0])


def test_it_corrects_the_actor_and_earns_more(people: EmbeddedPeople, actor: ActorAgent) -> None:
    starts = draw_starts(DREAM, people=6, episodes_per_person=2, seed=0, dataset=people)
    alone = run_episodes(actor, DREAM, starts, dataset=people)
    hardly = ResidualPlanner(actor, budget(3, 1e-6))
    same = run_episodes(hardly, DREAM, starts, dataset=people)
    np.testing.assert_allclose(same.returns, alone.returns, atol=0.2)
    planner = ResidualPlanner(actor, budget(24, 0.3))
    better = run_episodes(planner, DREAM, starts, dataset=people)
    assert better.returns.mean() > alone.returns.mean() + 0.05
    again = run_episodes(planner, DREAM, starts, dataset=people)
    np.testing.assert_array_equal(again.returns, better.returns)


def test_an_amount_moves_by_its_whole_range_and_a_logit_by_its_own(actor: ActorAgent) -> None:
    reach = ResidualPlanner(actor)._reach
    amounts = actor.head.amounts
    assert 0 < amounts < len(reach) == actor.head.outputs
    assert set(reach[:amounts]) == {1.0} and set(reach[amounts:]) == {LOGIT_REACH}


def test_it_is_made_of_a_saved_actor_and_saved_with_it(
    people: EmbeddedPeople, actor: ActorAgent, tmp_path: Path
) -> None:
    save_agent(actor, tmp_path / "run" / "agent")
    config = ResidualPlannerConfig(str(tmp_path / "run"), budget(4, 0.2), temperature=0.5)
    made = train_agent(config, DREAM)
    loaded = load_agent(save_agent(made, tmp_path / "planner"))
    starts = draw_starts(DREAM, people=2, episodes_per_person=1, seed=0, dataset=people)
    one, two = (run_episodes(each, DREAM, starts, dataset=people) for each in (made, loaded))
    np.testing.assert_array_equal(one.returns, two.returns)
    assert isinstance(loaded, ResidualPlanner)
    assert (loaded.temperature, loaded.config) == (0.5, config.planner)


def test_what_cannot_be_corrected_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"agent\.actor"):
        load_actor("")
    with pytest.raises(ConfigError, match="an actor out of backprop"):
        load_actor(str(save_agent(HabitAgent(), tmp_path / "habit")))
    with pytest.raises(ConfigError, match=r"planner\.pieces=1"):
        ResidualPlannerConfig(planner=PlannerConfig())
