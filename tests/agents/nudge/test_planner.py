from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from agents.env_config import EnvConfig, make_vector_env
from agents.episode_starts import draw_starts
from agents.evaluation.paired_runs import run_episodes
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
