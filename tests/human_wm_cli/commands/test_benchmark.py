from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from human_wm_cli.benchmarks import (
    imagination,
    parts,
    pretraining_costs,
    processes,
    step_speed,
    training_step,
    transformer_updates,
    vector_worlds,
)
from human_wm_cli.benchmarks.film_model import film_model
from human_wm_cli.benchmarks.timer import Job, interleaved, slope
from human_wm_cli.commands import benchmark
from human_wm_cli.commands.benchmark import GROUPS, BenchmarkConfig, main, measure
from human_wm_cli.config import compose
from human_wm_cli.console import run_script
from human_wm_env.errors import ConfigError
from human_wm_env.people.embedded import EmbeddedConfig, load_embedded
from human_wm_env.runtime import film
from human_wm_env.runtime.world_model import WorldModelRuntime
from tests.human_wm_env.response import responses


@pytest.fixture(autouse=True)
def few_people(monkeypatch: pytest.MonkeyPatch) -> None:
    people = load_embedded(EmbeddedConfig(users=12, days=120, seed=3))
    monkeypatch.setattr("human_wm_env.people.embedded.load_embedded", lambda: people)
    monkeypatch.setattr(imagination, "load_embedded", lambda: people)
    monkeypatch.setattr(step_speed, "load_embedded", lambda: people)
    monkeypatch.setattr(imagination, "DAY", 60)
    monkeypatch.setattr(imagination, "TOGETHER", 2)


def test_the_defaults() -> None:
    assert compose(BenchmarkConfig, "benchmark") == BenchmarkConfig(quick=False, only=None)
    with pytest.raises(ConfigError, match="Did you mean 'stepping'"):
        compose(BenchmarkConfig, "benchmark", ["only=steping"])


def test_jobs_are_timed_in_turns() -> None:
    order: list[str] = []
    jobs = {
        name: Job(lambda name=name: order.append(name), prepare=lambda: order.append("-"))
        for name in "ab"
    }
    seconds = interleaved(jobs, 2)
    assert "".join(order) == 3 * "-a-b" and set(seconds) == {"a", "b"}
    assert slope([1, 10, 100], [2.0, 20.0, 200.0]) == pytest.approx(1.0)
    assert slope([1, 10], [3.0, 3.0]) == pytest.approx(0.0)


def test_every_row_of_stepping() -> None:
    rows, numbers = step_speed.stepping_rows(2, 1)
    assert all(row["env steps/s"] > 0 for row in rows) and len(rows) == 10
    assert numbers["multiply_adds_per_step"] == 5 * 64 * (55 + 64 + 7)
    assert all(np.isfinite(value) for value in numbers.values())


@pytest.mark.parametrize(("model", "count"), [(film_model, 9), (responses.runtime, 6)])
def test_the_parts_of_a_step_are_timed_and_let_go(
    model: Callable[[], WorldModelRuntime], count: int
) -> None:
    before = film.modulate, film.FilmWeights._run_many
    rows = {row["part of a step"]: row["us, median"] for row in parts.parts_rows(5, model())}
    assert all(microseconds > 0 for microseconds in rows.values()) and len(rows) == count
    assert before == (film.modulate, film.FilmWeights._run_many)
    named = [each for name, each in rows.items() if not name.startswith("a step")]
    assert max(named) < rows["a step with timers"]


def test_the_rows_of_pretraining(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretraining_costs, "load_embedded", imagination.load_embedded)
    monkeypatch.setattr(pretraining_costs, "TRAINED", 6)
    monkeypatch.setattr(pretraining_costs, "VALIDATED", 6)
    rows = pretraining_costs.pretraining_rows(1)
    assert len(rows) == 2 and all(row["seconds"] > 0 for row in rows)


def test_the_torch_step_is_the_dreams() -> None:
    """The same first day, given the same noise; up to a category that rounding flips."""
    import gymnasium as gym
    import torch

    settings = {"masking": "none", "layout": "people", "split": "all", "world_model": film_model()}
    env: Any = gym.make_vec(step_speed.DREAM, 40, **settings)
    env.reset(seed=0)
    action = np.random.default_rng(0).uniform(-1, 1, (40, 7)).astype(np.float32)
    env.step(action)
    world, state = env.unwrapped.world, env.unwrapped.state
    step = step_speed.TorchStep(world.runtime, state)
    normal, uniform = world.today_noise(state)
    from human_wm_env.runtime import dream_step

    own = uniform[:, dream_step.UNIFORM_COLUMNS["state"]]
    dealt = np.concatenate(
        [
            own[:, :1],
            own[:, 2:],
            uniform[:, dream_step.NEXT_WEATHER, None],
            uniform[:, dream_step.UNIFORM_COLUMNS["mask"]],
        ],
        axis=1,
    )
    rates = normal[:, dream_step.NORMAL_COLUMNS["state"]][:, 0]
    observation, reward = step(
        torch.as_tensor(action), torch.as_tensor(rates), torch.as_tensor(dealt)
    )
    wanted, paid, *_ = env.step(action)
    # The share of the horizon that is left is a constant there.
    np.testing.assert_allclose(observation[:, :-1], wanted[:, :-1], atol=1e-4)
    np.testing.assert_allclose(reward, paid, atol=1e-4)


def test_the_other_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, numbers = imagination.imagination_rows(2, 1)
    assert len(rows) == 3 and numbers["peak_memory_gb"] > 0
    monkeypatch.setattr(training_step, "PEOPLE", 2)
    row = training_step.training_rows([5], 1)[0]
    assert row["ours / torch"] > 0 and row["mlx.nn.GRU / ours"] > 0
    monkeypatch.setattr(processes, "_seconds", lambda code, **_: float(len(code)))
    assert len(processes.first_use_rows(1, generate=True)) == 4


def test_the_script_prints_one_object(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(benchmark, "training_rows", lambda *_: [{"training step": "1 day"}])
    run_script(main, BenchmarkConfig, "benchmark", arguments=["only=training", "json=true"])
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {"machine", "training"} and found["machine"]["cores"] > 0
    run_script(main, BenchmarkConfig, "benchmark", arguments=["only=training"])
    assert "1 day" in capsys.readouterr().out
    for name in ("stepping_rows", "imagination_rows"):
        monkeypatch.setattr(benchmark, name, lambda *_: ([{"row": 1}], {"number": 2.0}))
    names = ("growth_rows", "parts_rows", "pretraining_rows", "first_use_rows", "ppo_rows")
    for name in (*names, "update_rows", "vector_world_rows"):
        monkeypatch.setattr(benchmark, name, lambda *_, **__: [{"row": 1}])
    usual = {*GROUPS} - {"large_data"}  # which takes too long to be one of all
    assert set(measure(BenchmarkConfig(quick=True))) == {"machine", *usual}
    monkeypatch.setattr(benchmark, "large_data_rows", lambda sizes: [{"people": sizes.people}])
    asked = BenchmarkConfig(only="large_data", people=400)
    assert measure(asked)["large_data"]["rows"] == [{"people": 400}]
    assert asked.unused().keys() == {"pairs"} and "people" in BenchmarkConfig(people=400).unused()
    with pytest.raises(ConfigError, match="people >= 300"):
        BenchmarkConfig(people=1)


def test_rows_of_the_transformer() -> None:
    rows = transformer_updates.update_rows(1, 1)
    assert len(rows) == len(transformer_updates.TRAINED)
    assert all(row["updates/s"] > 0.0 for row in rows)


def test_rows_of_dreams_of_other_environments() -> None:
    (row,) = vector_worlds.vector_world_rows(["Pendulum-v1"], 2, 1)
    for name in ("dream", "dream, all members", "one real one"):
        assert float(row[f"{name}, steps/s"] or 0.0) > 0.0
    assert row["M, ours / torch"] == pytest.approx(float(row["M s"]) / float(row["M torch s"]))
