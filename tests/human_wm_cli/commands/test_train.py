from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from agents.env_config import EnvConfig
from agents.registry import ALGORITHMS
from agents.saving import load_agent
from agents.sb3.hyperparameters import PPOConfig
from human_wm_cli.commands.train import TrainAgentConfig, chosen_schema, main, train
from human_wm_cli.config import compose
from human_wm_cli.console import run_script
from human_wm_cli.run import RunConfig, RunFolder
from human_wm_env.people.embedded import EmbeddedConfig, load_embedded
from tests.human_wm_cli.dashboard.reading import scalars

AGENT = "agent/weights.safetensors"
TINY = ["agent.steps=120", "agent.slots=6", "agent.n_steps=5", "agent.batch_size=15"]
TINY += ["agent.width=8", "agent.warm_start=0", "env=simulator", "env.horizon=5"]


@pytest.fixture(autouse=True)
def few_people(monkeypatch: pytest.MonkeyPatch) -> None:
    people = load_embedded(EmbeddedConfig(users=12, days=120, seed=3))
    monkeypatch.setattr("human_wm_env.people.embedded.load_embedded", lambda: people)


def run(tmp_path: Path, *words: str) -> None:
    arguments = [*TINY, f"run.root={tmp_path}", "run.name=one", *words]
    run_script(main, TrainAgentConfig, "train_agent", arguments=arguments)


def test_the_defaults() -> None:
    config = compose(TrainAgentConfig, "train_agent")
    assert config.agent == PPOConfig()
    assert config.env == EnvConfig("HumanWM-v0")
    assert compose(TrainAgentConfig, "train_agent", ["env=simulator"]).env == EnvConfig(
        "HumanWMSim-v0"
    )
    quick = compose(TrainAgentConfig, "train_agent", ["agent=ppo_quick"]).agent
    assert quick.steps < PPOConfig().steps


def test_settings_of_the_environment() -> None:
    words = ["env.id=HumanWMSim-v0", "env.masking=0.25", "env.reward_weights={mood: 1}"]
    env = compose(TrainAgentConfig, "train_agent", words).env
    assert (env.masking, env.reward_weights) == (0.25, {"mood": 1.0})
    words = ["env.world_model=runs/a/checkpoint", "env.temperature=0.5", "env.person_context=true"]
    env = compose(TrainAgentConfig, "train_agent", words).env
    assert (env.world_model, env.temperature) == ("runs/a/checkpoint", 0.5)
    assert env.person_context


def test_a_run_leaves_agent_curves_and_metrics(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path)
    folder = tmp_path / "one"
    out, err = capsys.readouterr()
    assert str(folder / "agent") in out and "mood" in out
    assert "measured in simulator" in out and "{" not in out
    assert "100%" not in err  # no bar where nobody watches
    actions = load_agent(folder / "agent").act(np.zeros((2, 43), dtype=np.float32))
    assert actions.shape == (2, 7)
    metrics = json.loads((folder / "metrics.json").read_text())
    assert 0.0 < metrics["training_return"] < 5.0
    assert set(metrics["components"]) == {"mood", "recovery", "sleep", "effort"}
    saved = compose(TrainAgentConfig, "config", [], folder)
    assert (saved.agent.steps, saved.env.horizon) == (120, 5)
    points = scalars(folder / "tensorboard/agent")
    assert {"rollout/ep_rew_mean", "components/mood", "train/loss"} <= set(points)
    assert [step for step, _ in points["components/mood"]] == [30, 60, 90, 120]
    for world in ("dream", "simulator"):
        measured = scalars(folder / f"tensorboard/agent_in_{world}")
        assert [step for step, _ in measured["measured/return"]] == [0, 30, 60, 90, 120]
        assert measured["measured/return"][-1][1] == pytest.approx(
            metrics["measured_return"][world]
        )


def test_json_is_one_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(tmp_path, "json=true")
    result = json.loads(capsys.readouterr().out)
    assert result["agent"] == str(tmp_path / "one" / "agent")
    assert result["env"] == "HumanWMSim-v0"


def test_wrong_settings_end_with_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        run(tmp_path, "agent.batch_size=16")
    assert "divides slots * n_steps" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        run(tmp_path, "agent.learning_rat=1")
    assert "Did you mean 'agent.learning_rate'" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        run(tmp_path, "env.temperature=2.0")
    assert "'temperature'" in capsys.readouterr().err
    for name in ("checkpoint_days", "measurements"):
        with pytest.raises(SystemExit):
            run(tmp_path, f"{name}=-1")
        assert f"expected {name} >= 0" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        run(tmp_path, "env.adherence=0")
    assert "env.adherence > 0 for training" in capsys.readouterr().err


def test_training_in_process(tmp_path: Path) -> None:
    people = load_embedded(EmbeddedConfig(users=5, days=80, seed=1))
    config = TrainAgentConfig(
        EnvConfig("HumanWMSim-v0", horizon=5, split="all"),
        PPOConfig(steps=30, slots=6, n_steps=5, batch_size=15, width=8, warm_start=0),
        RunConfig(str(tmp_path), "one"),
    )
    with RunFolder("train_agent", config, config.run) as folder:
        training = train(config, folder, dataset=people)
    assert training.folder == tmp_path / "one" / "agent"
    assert training.metrics["components"].keys() == {"mood", "recovery", "sleep", "effort"}


def run_any(tmp_path: Path, *words: str) -> None:
    arguments = ["env=simulator", "env.horizon=5", f"run.root={tmp_path}", "run.name=one", *words]
    run_script(main, chosen_schema(arguments), "train_agent", arguments=arguments)


def test_the_settings_are_those_of_the_algorithm() -> None:
    for name, algorithm in ALGORITHMS.items():
        schema = chosen_schema([f"agent={name}"])
        config = compose(schema, "train_agent", [f"agent={name}"])
        assert config.agent == algorithm.config()
    assert isinstance(compose(chosen_schema([]), "train_agent").agent, PPOConfig)
    hidden = compose(chosen_schema(["agent=cma_es_hidden"]), "train_agent", ["agent=cma_es_hidden"])
    assert hidden.agent.hidden == 8


def test_an_unknown_algorithm_names_the_nearest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        run_any(tmp_path, "agent=cma_ess")
    assert "Did you mean 'cma_es'" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        run_any(tmp_path, "agent=cma_es", "agent.generation=2")
    assert "Did you mean 'agent.generations'" in capsys.readouterr().err


def test_cma_es_goes_on_where_it_stopped(tmp_path: Path) -> None:
    tiny = ["agent=cma_es", "agent.population=4", "agent.episodes=3", "agent.warm_start=0"]
    run_any(tmp_path, *tiny, "agent.generations=2", "checkpoint_days=60")
    snapshots = tmp_path / "one" / "training_state" / "snapshots"
    assert sorted(file.name for file in snapshots.iterdir()) == ["day_000000060", "day_000000120"]
    run_any(tmp_path, *tiny, "agent.generations=3", "run.resume=true")
    resumed = load_agent(tmp_path / "one" / "agent")
    (tmp_path / "whole").mkdir()
    run_any(tmp_path / "whole", *tiny, "agent.generations=3")
    whole = load_agent(tmp_path / "whole" / "one" / "agent")
    seen = np.random.default_rng(0).normal(size=(2, 43)).astype(np.float32)
    np.testing.assert_array_equal(resumed.act(seen), whole.act(seen))


def test_a_resume_without_a_state_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path)
    shutil.rmtree(tmp_path / "one" / "training_state")  # as if stopped before the first one
    with pytest.raises(SystemExit):
        run(tmp_path, "run.resume=true")
    assert "or its state was removed" in capsys.readouterr().err
    run_any(tmp_path, "agent=habit", "run.resume=true")  # has none to go on from


def test_a_training_that_stopped_before_its_first_state_begins_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path)
    agent = (tmp_path / "one" / AGENT).read_bytes()
    for name in ("training_state", "agent"):
        shutil.rmtree(tmp_path / "one" / name)
    (tmp_path / "one" / "metrics.json").unlink()
    run(tmp_path, "run.resume=true")
    assert "begins anew" in capsys.readouterr().err
    assert (tmp_path / "one" / AGENT).read_bytes() == agent


def test_a_refused_resume_leaves_agent_and_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path)
    before = {file: (tmp_path / "one" / file).read_bytes() for file in ("config.yaml", AGENT)}
    with pytest.raises(SystemExit):
        run(tmp_path, "run.resume=true", "agent.gamma=0.5", "env=dream")
    error = capsys.readouterr().err
    assert "agent.gamma=0.8" in error and "agent.gamma=0.5" in error
    assert "env.id=HumanWMSim-v0" in error and "env.id=HumanWM-v0" in error
    after = {file: (tmp_path / "one" / file).read_bytes() for file in before}
    assert after == before


def test_states_are_kept_by_default(tmp_path: Path) -> None:
    assert 0 < TrainAgentConfig(EnvConfig("HumanWMSim-v0")).checkpoint_days < PPOConfig().steps


def test_an_agent_without_training(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_any(tmp_path, "agent=planner", "agent.planner.days=3", "json=true")
    result = json.loads(capsys.readouterr().out)
    assert (result["algorithm"], result["days"]) == ("planner", 0)
    assert load_agent(tmp_path / "one" / "agent").name == "planner"


SYMBOLS = ["agent=reinforce", "env.id=PatternEcho-v0", "env.arguments={symbols: 4}"]


def run_symbols(tmp_path: Path, *words: str) -> None:
    arguments = [*SYMBOLS, f"run.root={tmp_path}", "run.name=one", *words]
    run_script(main, chosen_schema(arguments), "train_agent", arguments=arguments)


def test_training_among_symbols(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_symbols(tmp_path, "total_steps=3", "agent.episodes=8", "json=true")
    out, err = capsys.readouterr()
    result = json.loads(out)
    assert (result["updates"], result["references"]["random"]) == (3, 0.5)
    assert {"success_rate", "entropy", "world_model_loss"} <= result.keys()
    assert "world.id=PatternEcho-v0" in err
    saved = compose(chosen_schema(SYMBOLS), "config", [], tmp_path / "one")
    assert (saved.agent.steps, saved.total_steps) == (3, None)
    run_symbols(tmp_path, "total_steps=4", "agent.episodes=8", "run.resume=true")


def test_total_steps_need_an_algorithm_that_counts_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        run_any(tmp_path, "agent=cma_es", "total_steps=5")
    assert "no agent.steps" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        run_symbols(tmp_path, "env.argument={}")
    assert "Did you mean 'env.arguments'" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        run_symbols(tmp_path, "agent=habit")
    assert "EnvConfig for habit" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ("agent=ppo", "env.id=Pendulum-v1", "agent.n_steps=20", "agent.batch_size=20"),
        ("agent=ppo", "env.id=CartPole-v1", "agent.n_steps=20", "agent.batch_size=20"),
        ("agent=dqn", "env.id=CartPole-v1", "agent.learning_starts=10", "agent.batch_size=8"),
        ("agent=reinforce", "env.id=CartPole-v1", "agent.width=32", "agent.heads=2"),
    ],
)
def test_agents_of_other_environments(
    tmp_path: Path, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    given = [*words, f"run.root={tmp_path}", "run.name=one", "json=true"]
    if "agent=reinforce" in words:
        given += ["total_steps=2"]
    else:
        given += ["total_steps=40", "agent.slots=2", "checkpoint_days=20"]
    given += ["agent.warm_start=0"] if "agent=ppo" in words else []
    run_script(main, chosen_schema(given), "train_agent", arguments=given)
    assert json.loads(capsys.readouterr().out)["env"] == words[1].partition("=")[2]
    agent = load_agent(tmp_path / "one" / "agent")
    agent.reset(1)
    assert len(agent.act(np.zeros((1, 3 if "Pendulum" in words[1] else 4), np.float32))) == 1
