from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmark_agents import BenchmarkAgentsConfig, main
from composition import compose
from human_wm_env.people.embedded import EmbeddedConfig, load_embedded
from report import run_script

TINY = [
    *("dream.horizon=4", "simulator.horizon=4", "seeds=1", "others=[]", "people=2"),
    *("episodes_per_person=1", "temperatures=[0.25]", "pessimisms=[]", "adherences=[]"),
    *("exploit_seeds=1", "bootstrap.resamples=50"),
    *("ppo.steps=8", "ppo.slots=2", "ppo.n_steps=4", "ppo.batch_size=4", "ppo.n_epochs=1"),
    *("ppo.width=4", "ppo.warm_start=0"),
    *("cma_es.generations=1", "cma_es.population=3", "cma_es.episodes=1", "cma_es.warm_start=0"),
    *("search.iterations=1", "search.episodes=2", "search.candidates=3", "search.elite=2"),
    "planner={days: 1, draws: 1, first_iterations: 1}",
    "oracle={days: 1, draws: 1, first_iterations: 1, search: {candidates: 9}}",
    "off_policy={updates: 2, batch: 8, width: 4, fits: 1}",
]


@pytest.fixture(autouse=True)
def few_people(monkeypatch: pytest.MonkeyPatch) -> None:
    people = load_embedded(EmbeddedConfig(users=24, days=120, seed=3))
    monkeypatch.setattr("human_wm_env.envs.registration.load_embedded", lambda: people)


def run(tmp_path: Path, *words: str) -> None:
    arguments = [*TINY, f"run.root={tmp_path}", "run.name=one", *words]
    run_script(main, BenchmarkAgentsConfig, "benchmark_agents", arguments=arguments)


def test_the_defaults() -> None:
    config = compose(BenchmarkAgentsConfig, "benchmark_agents")
    assert config.seeds >= 5
    assert (config.dream.id, config.simulator.id) == ("HumanWM-v0", "HumanWMSim-v0")


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
    assert page.count("## ") == 6  # no sweep but that of the temperature

    def refuse(*arguments: object, **named: object) -> None:
        raise AssertionError("it was run before")

    monkeypatch.setattr("benchmark_agents.train_agent", refuse)
    monkeypatch.setattr("agents.evaluation.store.run_episodes", refuse)
    run(tmp_path, "json=true", "run.resume=true")
    again = json.loads(capsys.readouterr().out)
    assert again == first
