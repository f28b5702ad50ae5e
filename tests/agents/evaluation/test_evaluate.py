from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agents.baselines import ConstantAgent, HabitAgent, RandomAgent
from agents.env_config import EnvConfig
from agents.evaluation.advice import day_rows
from agents.evaluation.evaluate import evaluate, load_agents
from agents.evaluation.settings import EvaluationConfig
from agents.nudge.rules import NudgeRuleConfig, make_rule
from agents.planning.best_constant import SearchConfig
from agents.saving import save_agent
from human_wm_env.errors import CheckpointError, ConfigError
from human_wm_env.people.embedded import EmbeddedPeople

QUICK = EvaluationConfig(
    people=1,
    episodes_per_person=2,
    search=SearchConfig(iterations=1, candidates=4, elite=2, episodes=3),
)


def test_agents_and_baselines_meet_in_every_world(
    people: EmbeddedPeople, simulator: EnvConfig
) -> None:
    worlds = {"other": replace(simulator, masking="none"), "simulator": simulator}
    agents = {"zero": ConstantAgent(np.zeros(7))}
    done: list[int] = []
    evaluation = evaluate(agents, worlds, QUICK, dataset=people, progress=done.append)
    results = evaluation.results
    assert evaluation._repr_html_().count("<tr>") == 1 + len(results["simulator"])
    assert list(results) == ["other", "simulator"]
    for of_agents in results.values():
        assert list(of_agents) == ["zero", "random", "habit", "best_constant"]
        for episodes in of_agents.values():
            np.testing.assert_array_equal(episodes.users, of_agents["zero"].users)
            np.testing.assert_array_equal(episodes.days, results["other"]["zero"].days)
    assert len(done) == 8
    logs = people.dataset
    judged = {logs.split_of[logs.index_of(u)] for u in results["simulator"]["zero"].users}
    assert judged == {"test"}


def test_the_constant_is_searched_in_one_world_on_other_people(
    people: EmbeddedPeople, simulator: EnvConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[EnvConfig] = []

    def search(env: EnvConfig, config: SearchConfig, *, dataset: object) -> ConstantAgent:
        searched.append(env)
        return ConstantAgent(np.zeros(7), "best_constant")

    monkeypatch.setattr("agents.evaluation.compared_baselines.search_best_constant", search)
    worlds = {"dream": replace(simulator, masking="none"), "simulator": simulator}
    evaluate({}, worlds, QUICK, dataset=people)
    evaluate({}, worlds, replace(QUICK, search_world="dream"), dataset=people)
    assert [env.masking for env in searched] == ["person", "none"]
    assert {env.split for env in searched} == {"train"}
    with pytest.raises(ConfigError, match="Did you mean 'dream'"):
        evaluate({}, worlds, replace(QUICK, search_world="dreem"), dataset=people)


def test_what_cannot_be_paired_is_refused(people: EmbeddedPeople, simulator: EnvConfig) -> None:
    with pytest.raises(ConfigError, match="at least one world"):
        evaluate({}, {}, QUICK, dataset=people)
    longer = {"a": simulator, "b": replace(simulator, horizon=6)}
    with pytest.raises(ConfigError, match="the same horizon"):
        evaluate({}, longer, QUICK, dataset=people)
    with pytest.raises(ConfigError, match="at least one agent"):
        evaluate({}, {"a": simulator}, replace(QUICK, baselines=[]), dataset=people)


def test_an_unknown_baseline_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="Did you mean 'habit'"):
        EvaluationConfig(baselines=["habbit"])


def test_agents_are_named_after_their_run(tmp_path: Path) -> None:
    save_agent(RandomAgent(), tmp_path / "first" / "agent")
    save_agent(HabitAgent(), tmp_path / "second" / "agent")
    save_agent(HabitAgent(), tmp_path / "third")
    agents = load_agents([tmp_path / "first", tmp_path / "second" / "agent", tmp_path / "third"])
    assert {name: type(agent).__name__ for name, agent in agents.items()} == {
        "first": "RandomAgent",
        "second": "HabitAgent",
        "third": "HabitAgent",
    }


def test_names_must_differ(tmp_path: Path) -> None:
    for folder in ("a/one/agent", "b/one/agent", "habit"):
        save_agent(RandomAgent(), tmp_path / folder)
    with pytest.raises(ConfigError, match="a second 'one'"):
        load_agents([tmp_path / "a/one", tmp_path / "b/one"])
    with pytest.raises(ConfigError, match="a second 'habit'"):
        load_agents([tmp_path / "habit"])


def test_a_baseline_does_not_replace_an_agent(people: EmbeddedPeople, simulator: EnvConfig) -> None:
    with pytest.raises(ConfigError, match="a second 'habit'"):
        evaluate({"habit": RandomAgent()}, {"sim": simulator}, QUICK, dataset=people)


@pytest.mark.parametrize(
    ("agents", "message"),
    [
        (ConstantAgent(np.zeros(7)), "agents as a mapping"),
        ([ConstantAgent(np.zeros(7))], "agents as a mapping"),
        ({"mine": "runs/mine"}, "agents that act; received 'mine': 'runs/mine'"),
    ],
)
def test_agents_of_other_types_are_refused(agents: Any, message: str, simulator: EnvConfig) -> None:
    with pytest.raises(ConfigError, match=message):
        evaluate(agents, {"simulator": simulator}, QUICK)


@pytest.mark.parametrize("worlds", ["HumanWMSim-v0", {"simulator": "HumanWMSim-v0"}])
def test_worlds_of_other_types_are_refused(worlds: Any) -> None:
    with pytest.raises(ConfigError, match=r"worlds as a mapping|an EnvConfig for each world"):
        evaluate({}, worlds, QUICK)


def test_a_wrong_folder_is_a_checkpoint_error(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="run of `humanwm train`"):
        load_agents([tmp_path])


def test_an_evaluation_is_summed_up_once(people: EmbeddedPeople, simulator: EnvConfig) -> None:
    done = evaluate({}, {"simulator": simulator}, QUICK, dataset=people)
    assert list(done.summary["simulator"]) == ["random", "habit", "best_constant"]
    assert done.summary is done.summary
    assert done.foresight == {} and isinstance(done.transfer, dict)


def test_where_people_are_nudged_habit_is_to_send_nothing(people: EmbeddedPeople) -> None:
    world = EnvConfig("HumanWMNudgeSim-v0", horizon=3, split="all", compliance="full")
    walk = make_rule(NudgeRuleConfig("walk"), world)
    settings = replace(QUICK, baselines=["random", "habit"])
    done = evaluate({"walk": walk}, {"simulator": world}, settings, dataset=people)
    nudged = {
        name: each.executed["nudged"].mean() for name, each in done.results["simulator"].items()
    }
    assert (nudged["walk"], nudged["habit"]) == (1.0, 0.0) and nudged["random"] > 0.0
    rows = {row["agent"]: row for row in day_rows(done.results["simulator"])}
    assert (rows["walk"]["nudged"], rows["walk"]["complied"]) == ("100%", "100%")
    assert rows["habit"]["nudged"] == "0%" and "steps" in rows["habit"]
    with pytest.raises(ConfigError, match="no best_constant among the baselines"):
        evaluate({"walk": walk}, {"simulator": world}, QUICK, dataset=people)
