"""`humanwm vmc`: from an id to a verdict, tiny; what it refuses; how it goes on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agents.saving import load_agent
from human_wm_cli.commands.vmc import run
from human_wm_cli.config import compose
from human_wm_cli.real_env import RealEnvConfig
from human_wm_cli.vmc.config import VMCConfig
from human_wm_env.vector_dream.checkpoint import load_vector_checkpoint
from human_wm_env.vector_dream.episodes import EpisodeLog
from human_wm_env.vector_dream.task import Task

SMALL = ["smoke=true", "json=true", "steps=1200", "episodes=2", "algorithms=[ppo]"]


def result_of(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    run(words)
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def error_of(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as caught:
        run([*words, "json=true"])
    assert caught.value.code == 2
    return str(json.loads(capsys.readouterr().out)["error"]["message"])


def test_pendulum_from_the_id_to_the_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("env.id=Pendulum-v1", "smoke=true", "json=true", f"run.root={tmp_path}")
    found = result_of(capsys, *words, "run.name=one")
    assert found["steps"] == 2000
    assert found["v"]["variance_explained"] > 0.98
    assert found["m"]["one_step"]["over_no_change"]["low"] > 0.0
    verdict = found["verdict"]
    assert verdict["compared"] == len(verdict["controllers"]) >= 20
    assert -1.0 <= verdict["rank_correlation"]["mean"] <= 1.0
    assert verdict["episode_length"]["random"]["ratio"]["mean"] == 1.0  # it never ends early
    folder = tmp_path / "one"
    card = (folder / "card.txt").read_text()
    assert card.startswith("World model of Pendulum-v1") and "rank correlation" in card
    for name in ("reconstruction", "futures", "controllers"):
        assert (folder / "figures" / f"{name}.png").stat().st_size > 5000
    again = result_of(capsys, *words, "run.name=one", "run.resume=true")
    for name in ("v", "m", "verdict"):
        assert again[name] == found[name]
    message = error_of(capsys, *words, "run.name=one", "run.resume=true", "steps=1900")
    assert "settings of the run" in message
    kept = load_vector_checkpoint(again["world_model"])
    assert kept.task == Task.of("Pendulum-v1")


def test_pessimism_is_no_bonus(capsys: pytest.CaptureFixture[str]) -> None:
    assert "pessimism >= 0" in error_of(capsys, "env.id=Pendulum-v1", "pessimism=-1")


def test_one_algorithm_needs_no_collector() -> None:
    config = compose(VMCConfig, "vmc", ["env.id=Pendulum-v1", "algorithms=[cma_es]"])
    assert config.algorithms == ["cma_es"] and config.rounds == 1


def test_the_second_round_collects_with_the_controller_of_the_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = ("env.id=CartPole-v1", "rounds=2", f"run.root={tmp_path}", "run.name=two")
    found = result_of(capsys, *SMALL, *own, "pessimism=0.5")
    agent = load_agent(tmp_path / "two" / "rounds" / "2" / "agent" / "ppo_round_2")
    assert agent.env.arguments["pessimism"] == 0.5 and agent.env.arguments["uncertainty"]
    assert [each["steps"] for each in found["history"]] == [600, 600]
    logs = [
        EpisodeLog.load(tmp_path / "two" / "rounds" / f"{number}" / "episodes") for number in (1, 2)
    ]
    assert sum(log.steps for log in logs) == found["steps"]
    random, second = (np.concatenate([e.actions for e in log.episodes]) for log in logs)
    assert not np.array_equal(random, second)
    length = found["verdict"]["episode_length"]["random"]
    assert 5.0 < length["real"]["p50"] < 60.0 and length["ratio"]["mean"] > 0.0


def test_rounds_go_on_from_the_one_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = [*SMALL[:-1], "locomotion=true", "nets.more_epochs=1"]
    warm = ("halting=1.5", "next_sigma=1e-9")
    own = ("env.id=CartPole-v1", "rounds=2", f"run.root={tmp_path}", "run.name=warm")
    found = result_of(capsys, *small, *own, *warm)
    folders = [tmp_path / "warm" / "rounds" / f"{number}" for number in (1, 2)]
    first, second = (load_vector_checkpoint(folder / "checkpoint") for folder in folders)
    for name, value in first.weights.items():
        if name.startswith(("encoder.", "decoder.", "normaliser.")):
            np.testing.assert_array_equal(second.weights[name], value)
    assert second.manifest["scores"]["rnn"]["epochs_run"] == 1
    agents = [
        load_agent(folder / "agent" / f"cma_es_round_{number}")
        for number, folder in enumerate(folders, 1)
    ]
    np.testing.assert_allclose(agents[0].parameters, agents[1].parameters, atol=1e-6)
    assert agents[1].env.arguments["halting"] == 1.5
    assert found["history"][1]["steps"] == 600
    used = VMCConfig(RealEnvConfig("CartPole-v1"))
    assert agents[0].config.generations == 4  # smoke=true is tiny in either case
    assert compose(VMCConfig, "vmc_locomotion", ["env.id=Hopper-v5"]).cma_es != used.cma_es
    resumed = result_of(capsys, *small, *own, *warm, "run.resume=true")
    assert resumed["verdict"] == found["verdict"]


@pytest.mark.slow
def test_the_full_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = ("env.id=Pendulum-v1", "verdict=full", f"run.root={tmp_path}", "run.name=full")
    found = result_of(capsys, *SMALL, *own)
    assert "sac" in found["verdict"]["controllers"]
    extra = found["full"]
    assert [one["temperature"] for one in extra["temperatures"]] == [0.5, 0.75, 1.0, 1.25, 1.5]
    assert extra["untrained_m"]["real"]["return"]["mean"] < 0.0
    assert extra["exploit_search"]["temperature"] == 0.25
    assert "untrained M" in (tmp_path / "full" / "card.txt").read_text()


def test_a_world_model_of_something_else_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from human_wm_env.vector_dream.checkpoint import save_vector_checkpoint
    from tests.world_model.vector import pendulum

    made = pendulum.checkpoint()
    save_vector_checkpoint(
        tmp_path / "model",
        task=made.task,
        architecture=made.architecture,
        weights=made.weights,
        starts=made.starts,
        terminates=made.terminates,
        details={},
    )
    root, own = f"run.root={tmp_path / 'runs'}", f"world_model={tmp_path / 'model'}"
    said = error_of(capsys, "env.id=CartPole-v1", "steps=100", own, root)
    assert "a world model of CartPole-v1" in said and "Pendulum-v1" in said
    people = Path(__file__).parents[3] / "human_wm_env" / "checkpoints"
    bundled = next(folder for folder in people.iterdir() if folder.is_dir())
    said = error_of(capsys, "env.id=CartPole-v1", "steps=100", f"world_model={bundled}", root)
    assert "kind" in said or "vector" in said
    assert not [*(tmp_path / "runs").glob("*")]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["env.id=FrozenLake-v1"], "vector observations"),
        (["env.id=Pendulun-v1"], "Pendulum-v1"),
        (["env.id=Pendulum-v1", "env.kwargs.gravity=1"], "Correct env.kwargs"),
        (["env.id=Pendulum-v1", "chance=0.5"], "rounds=2"),
        (["env.id=Pendulum-v1", "rounds=2", "collector=sac"], "collector out of algorithms"),
        (["env.id=Pendulum-v1", "collector=cma_es"], "rounds=2"),
        (["env.id=Pendulum-v1", "halting=0"], "halting > 0"),
        (["env.id=Pendulum-v1", "parameter_noise=-1"], "parameter_noise >= 0"),
        (["env.id=Pendulum-v1", "rounds=2", "parameter_noise=1"], "collector=cma_es"),
        (["env.id=Pendulum-v1", "warm_start=true"], "rounds=2"),
        (["env.id=Pendulum-v1", "rounds=2", "next_sigma=1"], "warm_start=true"),
        (["env.id=Pendulum-v1", "rounds=2", "nets.more_epochs=3"], "warm_start=true"),
        (["env.id=Pendulum-v1", "nets.more_epochs=-1"], "more_epochs >= 0"),
        (["env.id=Pendulum-v1", "algorithms=[]"], "at least one algorithm"),
        (["env.id=Pendulum-v1", "steps=0"], "steps >= rounds"),
        (["env.id=Pendulum-v1", "cma_es.part=w", "smoke=true", "steps=600"], "one of: h, z"),
    ],
)
def test_refusals(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said in error_of(capsys, *words, f"run.root={tmp_path / 'runs'}")
