from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from human_wm_cli.commands.sweep import SweepConfig, main
from human_wm_cli.config import compose
from human_wm_cli.console import run_script
from human_wm_env import ConfigError
from human_wm_env.people.embedded import EmbeddedConfig, load_embedded

TINY = "agent.steps=120,agent.slots=6,agent.n_steps=5,agent.batch_size=15,agent.width=8"
TINY += ",agent.warm_start=0,env=simulator,env.horizon=5,measurements=0"


@pytest.fixture(autouse=True)
def few_people(monkeypatch: pytest.MonkeyPatch) -> None:
    people = load_embedded(EmbeddedConfig(users=12, days=120, seed=3))
    monkeypatch.setattr("human_wm_env.people.embedded.load_embedded", lambda: people)


def swept(capsys: pytest.CaptureFixture[str], folder: Path, *words: str) -> dict[str, Any]:
    own = [f"settings=[{TINY}]", f"run.root={folder}", "run.name=one", "json=true", "trials=5"]
    run_script(main, SweepConfig, "sweep", arguments=[*own, *words])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_trials_are_runs_and_some_are_stopped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["full_trials=1", "search={agent.learning_rate: [1.0e-4, 1.0, log]}"]
    found = swept(capsys, tmp_path / "a", *words)
    ends = [trial["end"] for trial in found["trials"]]
    assert ends[0] == "complete" and "pruned" in ends and len(ends) == 5
    best = max(
        (one for one in found["trials"] if one["end"] == "complete"),
        key=lambda one: one["rollout/ep_rew_mean"],
    )
    assert found["best"] == best
    assert (tmp_path / "a" / "one" / "trials" / best["trial"] / "agent").is_dir()
    assert 1e-4 <= best["agent.learning_rate"] <= 1.0
    again = swept(capsys, tmp_path / "b", *words)
    assert again["trials"] == found["trials"]  # the same seed


def test_whole_numbers_and_choices(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["search={agent.width: [8, 16], env.weather: [chain, log]}", "full_trials=9"]
    for trial in swept(capsys, tmp_path, *words)["trials"]:
        assert 8 <= trial["agent.width"] <= 16 and trial["env.weather"] in ("chain", "log")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["search={agent.gamma: [0.9]}"], r"\[low, high\]"),
        (["search={agent.gamma: [0.9, 0.5]}"], "low is below high"),
        (["search={agent.gamma: [0.0, 0.5, log]}"], "above 0 with log"),
        ([], "something to search"),
        (["trials=0", "search={agent.gamma: [0.9, 0.99]}"], "at least one trial"),
    ],
)
def test_impossible_searches_are_refused(words: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        compose(SweepConfig, "sweep", words)
