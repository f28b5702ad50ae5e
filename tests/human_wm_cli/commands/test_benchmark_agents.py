from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agents.env_config import EnvConfig
from agents.evaluation.agent_benchmark import estimated_from_log
from agents.evaluation.benchmark_entries import benchmark_entries
from agents.protocol import Agent
from agents.registry import train_agent
from agents.training_session import Session
from human_wm_cli.commands.benchmark_agents import BenchmarkAgentsConfig, main
from human_wm_cli.config import compose
from human_wm_cli.console import run_script
from human_wm_env.people.embedded import EmbeddedConfig, load_embedded

TINY = [
    *(
        "dream.horizon=4",
        "simulator.horizon=4",
        "seeds=1",
        "distilled_seeds=1",
        "others=[]",
        "people=2",
    ),
    *("episodes_per_person=1", "temperatures=[0.25]", "pessimisms=[]", "adherences=[]"),
    *("exploit_seeds=1", "bootstrap.resamples=50"),
    *("ppo.steps=8", "ppo.slots=2", "ppo.n_steps=4", "ppo.batch_size=4", "ppo.n_epochs=1"),
    *("ppo.width=4", "ppo.warm_start=0"),
    *("cma_es.generations=1", "cma_es.population=3", "cma_es.episodes=1", "cma_es.warm_start=0"),
    *("search.iterations=1", "search.episodes=2", "search.candidates=3", "search.elite=2"),
    *("backprop.steps=1", "backprop.slots=2", "backprop.starts=2", "backprop.width=4"),
    *("distilled.rounds=1", "distilled.episodes=2", "distilled.passes=1", "distilled.width=4"),
    "distilled.planner={days: 1, draws: 1, first_iterations: 1}",
    *("hybrid.steps=8", "hybrid.slots=2", "hybrid.n_steps=4", "hybrid.batch_size=4"),
    *("hybrid.n_epochs=1", "hybrid.width=4", "hybrid.warm_start=0"),
    "correction={days: 1, pieces: 1, draws: 1, first_iterations: 1}",
    "small_correction=null",
    "planner={days: 1, draws: 1, first_iterations: 1}",
    "oracle={days: 1, draws: 1, first_iterations: 1, search: {candidates: 9}}",
    "off_policy={updates: 2, batch: 8, width: 4, fits: 1}",
]


@pytest.fixture(autouse=True)
def few_people(monkeypatch: pytest.MonkeyPatch) -> None:
    people = load_embedded(EmbeddedConfig(users=24, days=120, seed=3))
    monkeypatch.setattr("human_wm_env.people.embedded.load_embedded", lambda: people)


def run(tmp_path: Path, *words: str) -> None:
    arguments = [*TINY, f"run.root={tmp_path}", "run.name=one", *words]
    run_script(main, BenchmarkAgentsConfig, "benchmark_agents", arguments=arguments)


def test_the_defaults() -> None:
    config = compose(BenchmarkAgentsConfig, "benchmark_agents")
    assert config.seeds >= 5
    assert (config.dream.id, config.simulator.id) == ("HumanWM-v0", "HumanWMSim-v0")


def test_the_log_judges_the_first_seed_alone() -> None:
    config = compose(BenchmarkAgentsConfig, "benchmark_agents", ["seeds=11"])
    chosen = estimated_from_log(benchmark_entries(config, "untrained", str), config.ppo.seed)
    assert [entry.name for entry in chosen] == [
        "ppo dream, seed 1",
        "ppo dream context, seed 1",
        "backprop dream context, seed 1",
        "distilled dream context, seed 1",
    ]


def test_it_makes_table_and_figures_and_goes_on_without_running_anything_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path, "json=true")
    first = json.loads(capsys.readouterr().out)
    agents = {row["agent"] for row in first["table"]}
    assert {"oracle", "planner", "habit", "ppo dream context", "cma_es dream context"} <= agents
    assert set(first["off_policy"]) >= {"best_constant", "ppo dream, seed 1"}
    figures = {file.name for file in (tmp_path / "one" / "figures").iterdir()}
    assert figures == {"scores.png", "transfer_dream.png", "temperature.png"}
    page = (tmp_path / "one" / "page.md").read_text(encoding="utf-8")
    best = first["table"][0]
    assert f"| {best['agent']} | {best['runs']} | {best['return']['mean']:.2f} [" in page
    # One seed and one start day a person: the IQM of these runs has no interval.
    assert set(best["iqm"]) == {"mean"}
    assert f"| {best['iqm']['mean']:.2f} |" in page and "nothing to resample" in page
    assert "An exploit\nis a find" in page
    assert page.count("## ") == 7  # no sweep but that of the temperature

    def refuse(*arguments: object, **named: object) -> None:
        raise AssertionError("it was run before")

    monkeypatch.setattr("agents.evaluation.artifact_cache.train_agent", refuse)
    monkeypatch.setattr("agents.evaluation.episode_cache.run_episodes", refuse)
    run(tmp_path, "json=true", "run.resume=true")
    again = json.loads(capsys.readouterr().out)
    assert again == first


def test_what_was_made_of_other_settings_is_made_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path, "json=true")
    first = json.loads(capsys.readouterr().out)
    trained: list[str] = []

    def train(config: Any, env: EnvConfig, session: Session) -> Agent:
        trained.append(config.algorithm)
        return train_agent(config, env, session)

    monkeypatch.setattr("agents.evaluation.artifact_cache.train_agent", train)
    run(tmp_path, "json=true", "run.resume=true", "cma_es.sigma=0.5", "off_policy.seed=1")
    out, reported = capsys.readouterr()
    again = json.loads(out)
    assert set(trained) == {"cma_es"}
    assert "agent_cma_es_dream_context_seed_1 was made of other things (config): again" in reported
    assert "off_policy was made of other things (settings): again" in reported
    for name in ("typical day", "best_constant"):
        one, other = first["off_policy"][name], again["off_policy"][name]
        assert one["fitted_q"] != other["fitted_q"]
