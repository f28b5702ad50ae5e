"""`humanwm collect`: episodes of any environment, whole or not at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from agents.env_config import GymEnvConfig
from agents.evolution.controller import ControllerAgent, ControllerShape
from agents.evolution.hyperparameters import CMAESConfig
from agents.saving import save_agent
from human_wm_cli.commands.collect import run
from human_wm_env.vector_dream.episodes import EpisodeLog


class BrokenEnv(gym.Env[np.ndarray, np.ndarray]):
    """Gives NaN at its third step."""

    observation_space = spaces.Box(-1.0, 1.0, (2,), np.float32)
    action_space = spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: object = None) -> tuple[np.ndarray, dict]:
        self.steps = 0
        return np.zeros(2, np.float32), {}

    def step(self, action: object) -> tuple[np.ndarray, float, bool, bool, dict]:
        self.steps += 1
        value = np.nan if self.steps == 3 else 0.5
        return np.full(2, value, np.float32), 0.0, False, False, {}


def words(root: Path, *more: str) -> list[str]:
    return ["json=true", f"run.root={root}", "run.name=one", *more]


def test_episodes_with_arguments_of_the_environment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(words(tmp_path, "env.id=Pendulum-v1", "steps=450", "slots=2", "env.kwargs.g=3.5"))
    told = json.loads(capsys.readouterr().out)
    log = EpisodeLog.load(told["episodes_in"])
    assert log.task.kwargs == {"g": 3.5}
    assert (log.steps, len(log.episodes)) == (told["steps"], told["episodes"]) == (450, 4)
    assert (told["truncated"], told["terminated"]) == (2, 0)


def test_an_agent_plays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shape = ControllerShape(4, outputs=2, discrete=True)
    always_left = np.zeros(shape.parameters)
    always_left[-2] = 1.0
    agent = ControllerAgent(shape, always_left, CMAESConfig(), GymEnvConfig("CartPole-v1"))
    folder = save_agent(agent, tmp_path / "agent")
    run(words(tmp_path, "env.id=CartPole-v1", "steps=40", "slots=2", f"policy={folder}"))
    log = EpisodeLog.load(tmp_path / "one" / "episodes")
    assert not any(episode.actions.any() for episode in log.episodes)
    with pytest.raises(SystemExit):
        run([f"run.root={tmp_path}", "env.id=Acrobot-v1", f"policy={folder}"])
    assert "an agent that was trained in Acrobot-v1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (["env.id=Broken-v0"], "finite observations from Broken-v0"),
        (["env.id=FrozenLake-v1"], "vector observations"),
        (["env.id=Pendulum-v1", "env.kwargs.gravity=1"], "Correct env.kwargs"),
        (["env.id=Pendulum-v1", "steps=0"], "steps >= 1"),
        (["env.id=Pendulum-v1", "policy=nowhere"], "nowhere"),
        (["env.id=Pendulum-v1", "chance=0.5"], "changes something"),
    ],
)
def test_refusals_leave_nothing(
    settings: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gym.register("Broken-v0", BrokenEnv, max_episode_steps=10)
    try:
        with pytest.raises(SystemExit) as caught:
            run(words(tmp_path / "runs", *settings))
    finally:
        del gym.registry["Broken-v0"]
    assert caught.value.code == 2
    assert said in json.loads(capsys.readouterr().out)["error"]["message"]
    assert not [*tmp_path.glob("runs/*")]


def test_a_minari_data_set_comes_back(tmp_path: Path) -> None:
    pytest.importorskip("minari")
    program = (
        "import sys, minari; from human_wm_cli.commands.collect import run; run(sys.argv[1:])\n"
        "data = minari.load_dataset('pendulum/random-v0')\n"
        "assert (data.total_steps, data.total_episodes) == (450, 3), data.total_steps\n"
        "assert abs(data[0].actions).max() > 1.5, 'as the environment takes them'\n"
        "assert data[0].observations.shape == (201, 3) and data[0].truncations[-1]\n"
    )
    settings = ["env.id=Pendulum-v1", "steps=450", "slots=1", "minari=pendulum/random-v0"]
    environment = {**os.environ, "MINARI_DATASETS_PATH": str(tmp_path / "minari")}
    done = subprocess.run(
        [sys.executable, "-c", program, *words(tmp_path, *settings)],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
