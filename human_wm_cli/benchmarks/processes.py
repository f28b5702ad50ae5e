"""Rows about the first use: import and first reset in fresh processes; and PPO's wall-clock."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode
from stable_baselines3 import PPO

from agents.sb3.vec_env import SB3VecEnv
from human_wm_cli.benchmarks.step_speed import DREAM, SIMULATOR
from human_wm_cli.console import Facts, Row
from human_wm_env.files.cache import CACHE_VARIABLE
from human_wm_env.model.branches import BRANCHES
from human_wm_env.people.embedded import load_embedded

_IMPORT = "import time; began = time.perf_counter(); import human_wm_env"
_TELL = "; print(time.perf_counter() - began)"
_RESET = f"; import gymnasium; env = gymnasium.make('{DREAM}'); env.reset(seed=0)"
_STEP = "; env.step(env.action_space.sample())"


def _seconds(code: str, **environment: str) -> float:
    done = subprocess.run(
        [sys.executable, "-c", code + _TELL],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout.split()[-1])


def first_use_rows(repeats: int, *, generate: bool) -> list[Row]:
    """Measure import and first observation in fresh processes.

    Args:
        repeats: of what needs no new data.
        generate: also measure the first use ever, which generates the embedded people and
            compiles.
    """
    _seconds(_IMPORT + _RESET)  # the data are there from now on
    rows: list[Row] = [
        {
            "first use": name,
            "seconds": statistics.median([_seconds(code) for _ in range(repeats)]),
        }
        for name, code in (
            ("import human_wm_env", _IMPORT),
            ("first observation, data generated before", _IMPORT + _RESET),
        )
    ]
    if generate:
        for name, code in (
            ("first observation ever: people generated, loops compiled", _IMPORT + _RESET),
            ("first step ever", _IMPORT + _RESET + _STEP),
        ):
            with tempfile.TemporaryDirectory() as folder:
                empty = {CACHE_VARIABLE: folder, "NUMBA_CACHE_DIR": folder}
                rows.append({"first use": name, "seconds": _seconds(code, **empty)})
    return rows


class _TimedVecEnv(SB3VecEnv):
    """Counts the seconds spent in the environment."""

    seconds = 0.0

    def step_wait(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[Facts]]:
        """Step, and count."""
        began = time.perf_counter()
        result = super().step_wait()
        self.seconds += time.perf_counter() - began
        return result

    def reset(self) -> np.ndarray:
        """Reset, and count."""
        began = time.perf_counter()
        result = super().reset()
        self.seconds += time.perf_counter() - began
        return result


def ppo_rows(rollouts: int) -> list[Row]:
    """Measure our share of PPO's wall-clock: 125 random people, new ones every 30 days.

    Args:
        rollouts: of 125 x 30 days. In the dream the first run encodes all people it meets, the
            second is that of a new environment, which finds them on disk.
    """
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for env_id, notes in (
            (DREAM, ("no person encoded before", "posteriors on disk")),
            (SIMULATOR, ("new environment",)),
        ):
            for note in notes:
                env = _TimedVecEnv(_people(env_id, folder))
                agent = PPO(
                    "MlpPolicy", env, n_steps=30, batch_size=750, seed=0, device="cpu", verbose=0
                )
                began = time.perf_counter()
                agent.learn(rollouts * BRANCHES * 30)
                wall = time.perf_counter() - began
                rows.append(
                    {
                        "PPO": f"{env_id}, {rollouts} rollouts, {note}",
                        "seconds": wall,
                        "share of the env": env.seconds / wall,
                    }
                )
    return rows


def _people(env_id: str, folder: str) -> gym.vector.VectorEnv:
    """Make an environment of 125 people that keeps posteriors in an empty folder of its own."""
    load_embedded()  # from where they are kept
    before = os.environ.get(CACHE_VARIABLE)
    os.environ[CACHE_VARIABLE] = folder
    try:
        return gym.make_vec(
            env_id, BRANCHES, layout="people", autoreset_mode=AutoresetMode.SAME_STEP
        )
    finally:
        os.environ.pop(CACHE_VARIABLE)
        if before is not None:
            os.environ[CACHE_VARIABLE] = before
