from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from gymnasium import spaces

from agents.baselines import ConstantAgent, RandomAgent
from agents.env_config import EnvConfig
from agents.evaluation.bootstrap_intervals import Bootstrap
from agents.evaluation.off_policy import OffPolicyConfig
from agents.evaluation.settings import EvaluationConfig
from agents.evaluation.untrained_model import write_untrained_model
from agents.planning.best_constant import SearchConfig
from agents.saving import save_agent
from human_wm_cli.commands.evaluate import (
    EvaluateAgentConfig,
    chosen_agents,
    main,
    run_evaluation,
)
from human_wm_cli.config import compose
from human_wm_cli.console import run_script
from human_wm_env.errors import ConfigError
from human_wm_env.people.embedded import EmbeddedConfig, load_embedded

TINY = ["dream=null", "simulator.horizon=5", "evaluation.split=all", "evaluation.people=2"]
TINY += ["evaluation.episodes_per_person=1", "evaluation.baselines=[random,habit]"]


@pytest.fixture(autouse=True)
def few_people(monkeypatch: pytest.MonkeyPatch) -> None:
    people = load_embedded(EmbeddedConfig(users=12, days=120, seed=3))
    monkeypatch.setattr("human_wm_env.people.embedded.load_embedded", lambda: people)


def run(tmp_path: Path, *words: str) -> None:
    arguments = [*TINY, f"run.root={tmp_path}", "run.name=one", *words]
    run_script(main, EvaluateAgentConfig, "evaluate_agent", arguments=arguments)


def test_the_defaults() -> None:
    config = compose(EvaluateAgentConfig, "evaluate_agent")
    assert config.worlds() == {
        "dream": EnvConfig("HumanWM-v0"),
        "simulator": EnvConfig("HumanWMSim-v0"),
    }
    assert config.evaluation == EvaluationConfig()
    assert list(compose(EvaluateAgentConfig, "evaluate_agent", ["dream=null"]).worlds()) == [
        "simulator"
    ]
    quick = compose(EvaluateAgentConfig, "evaluate_agent", ["evaluation=quick"]).evaluation
    assert (quick.people, quick.search.iterations) == (20, 4)


def test_agents_and_baselines_in_a_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_agent(ConstantAgent(np.zeros(7)), tmp_path / "zero" / "agent")
    run(tmp_path, f"agents=[{tmp_path / 'zero'}]")
    out, _ = capsys.readouterr()
    lines = out.splitlines()
    assert "Return of 5 days with 95% intervals" in lines[0]
    assert [line.split()[0] for line in lines[3:6]] == ["zero", "random", "habit"]
    assert "- habit" in lines[1] and "mood" in lines[1]
    metrics = json.loads((tmp_path / "one" / "metrics.json").read_text())
    assert metrics["worlds"]["simulator"]["zero"]["episodes"] == 2


def test_json_is_one_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(tmp_path, "json=true")
    result = json.loads(capsys.readouterr().out)
    habit = result["worlds"]["simulator"]["habit"]
    assert habit["return"]["low"] <= habit["return"]["mean"] <= habit["return"]["high"]
    assert set(habit["minus_random"]) == {"mean", "low", "high"}


def test_two_worlds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(tmp_path, "dream={id: HumanWMSim-v0, horizon: 5, masking: none}")
    header = capsys.readouterr().out.splitlines()[1]
    assert header.index("return in dream") < header.index("return in simulator")


def test_a_wrong_agent_fails_before_a_run_is_created(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        run(tmp_path, f"agents=[{tmp_path / 'nowhere'}]")
    assert "CheckpointError" in capsys.readouterr().err
    assert not (tmp_path / "one").exists()


def test_evaluation_in_process() -> None:
    people = load_embedded(EmbeddedConfig(users=5, days=80, seed=1))
    config = EvaluateAgentConfig(
        simulator=EnvConfig("HumanWMSim-v0", horizon=5),
        evaluation=EvaluationConfig(
            baselines=["habit"], split="all", people=3, bootstrap=Bootstrap(resamples=100)
        ),
    )
    summary = run_evaluation(config, {"zero": ConstantAgent(np.zeros(7))}, dataset=people).summary
    zero = summary["simulator"]["zero"]
    assert (zero["people"], zero["episodes"]) == (3, 12)
    assert set(summary["simulator"]["habit"]["components"]) == {
        "mood",
        "recovery",
        "sleep",
        "effort",
    }


def test_scores_and_transfer_with_the_oracle(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(
        tmp_path,
        "dream={id: HumanWM-v0, horizon: 5}",
        "evaluation.baselines=[random,habit,oracle,planner]",
        "evaluation.oracle={days: 1, draws: 1, first_iterations: 1}",
        "evaluation.planner={days: 1, draws: 1, first_iterations: 1}",
        "json=true",
    )
    result = json.loads(capsys.readouterr().out)
    assert result["worlds"]["simulator"]["oracle"]["score"]["mean"] == pytest.approx(100.0)
    assert "oracle" not in result["worlds"]["dream"]
    assert result["headroom"] is None  # the best constant took no part
    assert result["transfer"]["dream"]["policies"] == 3


def test_the_replay_is_told_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compose(EvaluateAgentConfig, "evaluate_agent", ["evaluation=full"]).evaluation.replay
    run(tmp_path, "evaluation.replay=true")
    out = capsys.readouterr().out
    head, _, rest = out.partition("Foresight in the replay")
    assert "return in replay" not in head and "habit" in head
    assert "random" in rest and "habit" not in rest  # who chooses no days foresees none
    metrics = json.loads((tmp_path / "one" / "metrics.json").read_text())
    assert list(metrics["worlds"]) == ["simulator"]
    assert 0.0 < metrics["replay"]["random"]["foresight"]["mean"] < 1.0


def test_the_replay_is_no_world(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(tmp_path, "dream={id: HumanWMReplay-v0, horizon: 5}", "simulator=null")
    assert "evaluation.replay=true" in capsys.readouterr().err


def test_without_a_simulator_the_log_and_a_second_opinion_judge(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_agent(ConstantAgent(np.zeros(7)), tmp_path / "zero" / "agent")
    other = write_untrained_model(tmp_path / "other")
    words = [f"agents=[{tmp_path / 'zero'}]", "dream={id: HumanWM-v0, horizon: 5}"]
    words += ["simulator=null", f"second_opinion={other}"]
    words += ["off_policy={updates: 2, batch: 8, width: 4, fits: 1}"]
    run(tmp_path, *words)
    out, reported = capsys.readouterr()
    assert "return in second opinion" in out.splitlines()[1]
    rows = out.partition("estimated from the log alone")[2].splitlines()
    assert "fitted Q" in rows[1] and "second opinion" in rows[1]
    assert [row.split()[0] for row in rows[3:]] == ["zero"]
    assert "not estimated from the log: habit, random" in reported
    metrics = json.loads((tmp_path / "one" / "metrics.json").read_text())
    assert list(metrics["worlds"]) == ["dream", "second opinion"]
    assert set(metrics["off_policy"]["zero"]) >= {"fitted_q", "doubly_robust"}
    with pytest.raises(SystemExit):
        run(tmp_path, f"second_opinion={other}", "run.overwrite=true")  # TINY has no dream
    assert "a dream beside its second_opinion" in capsys.readouterr().err


def test_logs_of_ones_own_are_judged_in_process() -> None:
    logs = load_embedded(EmbeddedConfig(users=6, days=80, seed=1)).dataset
    config = EvaluateAgentConfig(
        dream=EnvConfig("HumanWM-v0", horizon=5),
        evaluation=EvaluationConfig(
            baselines=["habit", "best_constant"],
            split="all",
            people=2,
            episodes_per_person=1,
            search_split="all",
            search=SearchConfig(iterations=1, candidates=3, elite=2, episodes=2),
            bootstrap=Bootstrap(resamples=50),
            replay=True,
        ),
        off_policy=OffPolicyConfig(updates=2, batch=8, width=4, fits=1),
    )
    found = run_evaluation(config, {}, dataset=logs)
    assert list(found.results) == ["dream"]
    assert list(found.estimates) == list(found.replayed) == ["best_constant"]


def test_agents_do_not_replace_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(file: str, algorithm: str, *, trust: bool) -> ConstantAgent:
        return ConstantAgent(np.zeros(7), f"{algorithm} {file}")

    monkeypatch.setattr("human_wm_cli.commands.evaluate.load_sb3_zip", load)

    def chosen(*words: str) -> list[str]:
        config = compose(EvaluateAgentConfig, "evaluate_agent", list(words))
        return list(chosen_agents(config))

    assert chosen("sb3_zips={ppo: model.zip}") == ["model"]
    assert chosen("sb3_zips={ppo: [one.zip, other.zip], sac: x.zip}") == ["one", "other", "x"]
    for zips in ("{ppo: [a/model.zip, b/model.zip]}", "{ppo: model.zip, sac: b/model.zip}"):
        with pytest.raises(ConfigError, match="a second 'model'"):
            chosen(f"sb3_zips={zips}")
    with pytest.raises(ConfigError, match="a second 'habit'"):
        chosen("sb3_zips={ppo: habit.zip}")
    save_agent(ConstantAgent(np.zeros(7)), tmp_path / "one" / "agent")
    with pytest.raises(ConfigError, match="a second 'one'"):
        chosen(f"agents=[{tmp_path / 'one'}]", "sb3_zips={ppo: one.zip}")
    with pytest.raises(ConfigError, match="list of them"):
        chosen("sb3_zips={ppo: [1]}")


def test_a_zip_needs_trust(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(tmp_path, "sb3_zips={ppo: model.zip}")
    assert "trust_sb3_zip=true" in capsys.readouterr().err


def test_another_world(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = save_agent(RandomAgent(3, spaces.Discrete(8)), tmp_path / "chance")
    words = [f"agents=[{folder}]", "world.id=Detour-v0", "episodes=20", "json=true"]
    run_script(
        main,
        EvaluateAgentConfig,
        "evaluate_agent",
        arguments=[*words, f"run.root={tmp_path}", "run.name=one"],
    )
    result = json.loads(capsys.readouterr().out)
    assert result["agents"].keys() == {"chance", "random"}
    assert result["references"]["optimal"] > result["references"]["memoryless"]
    metrics = json.loads((tmp_path / "one" / "metrics.json").read_text())
    assert metrics["agents"]["chance"] == result["agents"]["chance"]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["dream.split=train"], "evaluation.split"),
        (["simulator.pessimism=0.5"], "for training"),
        (["evaluation.oracle.days=3"], "baseline oracle"),
        (["evaluation.baselines=habit", "evaluation.search.iterations=2"], "best_constant"),
        (["dream.context_update=daily"], "person_context=true"),
    ],
)
def test_settings_that_would_change_nothing_are_refused(words: list[str], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        compose(EvaluateAgentConfig, "evaluate_agent", words)
