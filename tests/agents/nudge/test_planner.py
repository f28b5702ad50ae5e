from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from agents.env_config import EnvConfig, make_vector_env
from agents.episode_starts import draw_starts
from agents.evaluation.paired_runs import run_episodes
from agents.nudge.answers import DispositionPosterior
from agents.nudge.planner import (
    NudgeOracle,
    NudgeOracleConfig,
    NudgePlanner,
    NudgePlannerConfig,
)
from agents.nudge.rules import NudgeRuleConfig, make_rule
from agents.planning.model_predictive_control import PlannerConfig
from agents.registry import train_agent
from agents.saving import load_agent, save_agent
from human_wm_env.errors import ConfigError, ResetNeededError
from human_wm_env.people.embedded import EmbeddedPeople

SMALL = PlannerConfig(days=4, draws=4)
REAL = EnvConfig("HumanWMNudgeSim-v0", horizon=6, split="all")


def starts_of(people: EmbeddedPeople, count: int, env: EnvConfig = REAL) -> Any:
    return draw_starts(env, people=count, episodes_per_person=1, seed=0, dataset=people)


@pytest.mark.parametrize("kind", ["planner", "oracle"])
def test_it_plans_for_people_who_quit_at_different_times(
    kind: str, people: EmbeddedPeople, tmp_path: Path
) -> None:
    config: Any = NudgePlannerConfig(SMALL) if kind == "planner" else NudgeOracleConfig(SMALL)
    agent = train_agent(config, REAL)
    loaded = load_agent(save_agent(agent, tmp_path / kind))
    starts = starts_of(people, 6)
    found = [run_episodes(each, REAL, starts, dataset=people) for each in (agent, loaded, agent)]
    assert np.array_equal(found[0].returns, found[1].returns)
    assert np.array_equal(found[0].returns, found[2].returns)
    assert set(found[0].executed) >= {"nudged", "complied"}


def test_full_compliance_is_worth_something_to_who_knows(people: EmbeddedPeople) -> None:
    env = EnvConfig("HumanWMNudgeSim-v0", horizon=12, split="all", compliance="full")
    starts = starts_of(people, 12, env)
    oracle = NudgeOracle(NudgeOracleConfig(PlannerConfig(days=6, draws=16)))
    never = make_rule(NudgeRuleConfig(), env)
    returns = [run_episodes(each, env, starts, dataset=people).returns for each in (oracle, never)]
    assert (returns[0] - returns[1]).mean() > 0.2


def test_where_they_can_act(people: EmbeddedPeople) -> None:
    oracle, planner = NudgeOracle(NudgeOracleConfig()), NudgePlanner(NudgePlannerConfig())
    assert oracle.knows("HumanWMNudgeSim-v0") and not oracle.knows("HumanWMNudge-v0")
    assert planner.knows("HumanWMNudge-v0") and not planner.knows("HumanWMSim-v0")
    with pytest.raises(ResetNeededError, match="Planners act for its people"):
        planner.act(np.zeros((1, 53), dtype=np.float32))
    other = make_vector_env(
        EnvConfig("HumanWMSim-v0", split="all"),
        *(2,),
        autoreset=AutoresetMode.NEXT_STEP,
        dataset=people,
    )
    with pytest.raises(ConfigError, match="an environment with nudges"):
        planner.enter(other)  # type: ignore[arg-type]
    for config in (NudgePlannerConfig(), NudgeOracleConfig()):
        with pytest.raises(ConfigError, match="an environment with nudges"):
            train_agent(config, EnvConfig("HumanWMSim-v0"))


def test_it_learns_from_answers_to_what_was_sent(people: EmbeddedPeople) -> None:
    """Others may act in its place: all get a walk, on days on which it would send what it likes."""
    compliance = {"tiredness": 3.0, "weather": 3.0}
    env = EnvConfig("HumanWMNudge-v0", horizon=6, split="all", compliance=compliance)
    planner = NudgePlanner(NudgePlannerConfig(SMALL))
    vector = make_vector_env(env, 12, autoreset=AutoresetMode.NEXT_STEP, dataset=people)
    observed, _ = vector.reset(**starts_of(people, 12, env).reset_arguments())
    planner.enter(vector.unwrapped)
    planner.reset(12)
    world = vector.unwrapped.world
    by_hand = DispositionPosterior(world.compliance, 12)
    walk = np.full(12, world.nudges.action_of("walk"))
    advised = 0
    for _ in range(3):
        advised += int((planner.act(observed) == walk).sum())
        open_to = world.receptivity(vector.unwrapped.state)
        less = (open_to.tired * 3.0 + open_to.bad_weather * 3.0).astype(float)
        less += world.compliance.burden * open_to.burden
        less += world.compliance.habituation * open_to.habituation
        observed, *_ = vector.step(walk)
        state = vector.unwrapped.state
        by_hand.take_in(less, state.shown, state.complied)
    planner.act(observed)
    assert advised < 36 and planner._posterior is not None
    np.testing.assert_allclose(planner._posterior.log_odds(), by_hand.log_odds(), rtol=1e-5)
    vector.close()


def test_pessimism_changes_what_the_planner_sends(people: EmbeddedPeople) -> None:
    starts = starts_of(people, 12)
    config = NudgePlannerConfig(SMALL)
    found = [
        run_episodes(NudgePlanner(config, pessimism=pessimism), REAL, starts, dataset=people)
        for pessimism in (0.0, 50.0)
    ]
    assert not np.array_equal(found[0].executed["nudged"], found[1].executed["nudged"])
