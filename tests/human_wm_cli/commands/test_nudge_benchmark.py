from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agents.evaluation.nudge_benchmark import NudgeBenchmarkConfig, fixed_rules, nudge_report
from agents.rollout import Episodes
from human_wm_cli.commands.nudge_benchmark import NudgeBenchmarkCommand, main
from human_wm_cli.config import compose
from human_wm_cli.console import run_script
from human_wm_env.errors import ConfigError
from human_wm_env.people.embedded import EmbeddedConfig, load_embedded

SMOKE = ["smoke=true", "json=true"]


@pytest.fixture(autouse=True)
def few_people(monkeypatch: pytest.MonkeyPatch) -> None:
    people = load_embedded(EmbeddedConfig(users=24, days=120, seed=3))
    monkeypatch.setattr("human_wm_env.people.embedded.load_embedded", lambda: people)


def run(tmp_path: Path, *words: str) -> None:
    arguments = [f"run.root={tmp_path}", "run.name=one", *words]
    run_script(main, NudgeBenchmarkCommand, "nudge_benchmark", arguments=arguments)


def test_the_defaults_sweep_compliance_over_enough_starts() -> None:
    config = compose(NudgeBenchmarkCommand, "nudge_benchmark")
    assert config.compliances == ["default", "harsh", "full"]
    assert config.people is None and config.episodes_per_person >= 4  # of 100 people
    assert (config.dream.id, config.simulator.id) == ("HumanWMNudge-v0", "HumanWMNudgeSim-v0")
    assert config.ppo is not None and config.ppo.warm_start == 0
    names = [entry.name for entry in config.entries("harsh")]
    assert "harsh, ppo, seed 3" in names
    for entry in config.entries("harsh"):
        if entry.group in ("backprop", "distilled"):  # people quit, in expectation
            assert entry.env.compliance == "harsh"
        else:
            assert entry.env.compliance["quit_rate"] == 0.0
    drawn = replace(config, staying=False).entries("harsh")
    assert all(entry.env.compliance == "harsh" for entry in drawn)


def test_it_makes_a_table_and_goes_on_without_running_anything_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path, *SMOKE)
    first = json.loads(capsys.readouterr().out)
    found = first["compliances"]["default"]
    rules = {name for name, _ in fixed_rules(compose_config().simulator)}
    others = {"random", "planner", "oracle", "ppo", "dqn", "thompson", "backprop", "distilled"}
    assert set(found["agents"]) == rules | others
    assert found["best_rule"] in rules
    assert found["agents"]["never"]["nudged"] == 0.0
    assert found["agents"]["walk daily"]["nudged"] == 1.0
    table = next((tmp_path / "one").glob("*.md")).read_text(encoding="utf-8")
    assert "best fixed rule" in table and "| thompson |" in table

    def refuse(*arguments: object, **named: object) -> None:
        raise AssertionError("it was run before")

    monkeypatch.setattr("agents.evaluation.artifact_cache.train_agent", refuse)
    monkeypatch.setattr("agents.evaluation.episode_cache.run_episodes", refuse)
    run(tmp_path, *SMOKE, "run.resume=true")
    again = json.loads(capsys.readouterr().out)
    assert again["compliances"] == first["compliances"]


def compose_config() -> NudgeBenchmarkConfig:
    return compose(NudgeBenchmarkCommand, "nudge_benchmark")


def episodes(returns: list[float], lengths: list[int], nudged: float) -> Episodes:
    count = len(returns)
    share = np.full(count, nudged)
    return Episodes(
        users=np.array(["a", "a", "b", "c"]),
        days=np.zeros(count, dtype=int),
        returns=np.array(returns),
        lengths=np.array(lengths),
        components={},
        uncertainty=np.zeros(count),
        executed={"nudged": share, "complied": share / 4},
    )


def test_the_report_compares_with_the_rule_that_turned_out_best() -> None:
    config = compose_config()
    names = [name for name, _ in fixed_rules(config.simulator)]
    found: dict[str, dict[str, list[Any]]] = {
        "default": {
            **{name: [episodes([1.0, 1.0, 1.0, 1.0], [30] * 4, 0.5)] for name in names},
            "never": [episodes([2.0, 2.0, 2.0, 2.0], [30] * 4, 0.0)],
            "walk every 3": [episodes([3.0, 2.0, 2.0, 2.0], [30, 30, 10, 30], 0.5)],
            "ppo": [episodes([4.0] * 4, [30] * 4, 0.2), episodes([3.0] * 4, [30] * 4, 0.4)],
        }
    }
    report = nudge_report(found, config)["default"]
    assert report["best_rule"] == "walk every 3"
    ppo, walk = report["agents"]["ppo"], report["agents"]["walk every 3"]
    assert ppo["runs"] == 2 and ppo["return"]["mean"] == 3.5
    assert ppo["over_never"]["mean"] == 1.5 and ppo["over_best_rule"]["mean"] == 1.25
    assert ppo["nudged"] == pytest.approx(0.3) and ppo["complied"] == pytest.approx(0.25)
    assert walk["quit"] == 0.25 and walk["over_best_rule"]["mean"] == 0.0
    assert report["agents"]["never"]["complied"] is None


def test_wrong_settings_are_refused() -> None:
    for words, message in (
        (["compliances=[hars]"], "Did you mean 'harsh'"),
        (["seeds=0"], "seeds >= 1"),
        (["dream.id=HumanWM-v0"], "a dream and a simulator with nudges"),
    ):
        with pytest.raises(ConfigError, match=message):
            compose(NudgeBenchmarkCommand, "nudge_benchmark", words)
