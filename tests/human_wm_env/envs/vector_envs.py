"""Vector envs for the tests of this folder, in the dream and in the simulator."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode

from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.people.embedded import EmbeddedPeople
from human_wm_env.worlds.dream import DreamWorld
from human_wm_env.worlds.person_world import PersonWorld
from human_wm_env.worlds.simulator import SimulatorWorld
from tests.world_model import tiny

ROOT = Path(__file__).resolve().parents[3]


HORIZON = 4


AFTER_STEP = ("action", "uncertainty", "reward_components", "pessimism_penalty")


AT_RESET = ("user_index", "day", "branch", "mask")


MODES = list(AutoresetMode)


Make = Callable[..., VectorEnv]


def world_of(kind: str, small: EmbeddedPeople, **settings: Any) -> PersonWorld[Any]:
    settings = {"horizon": HORIZON} | settings
    if kind == "dream":
        return DreamWorld(tiny.runtime(), small.dataset, **settings)
    return SimulatorWorld(small, **settings)


def actions(steps: int, slots: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.uniform(-1, 1, (steps, slots, 7)).astype(np.float32)


def dumped(value: Any) -> bytes:
    return pickle.dumps(value)


def run(env: VectorEnv, steps: int = 6, seed: int = 0) -> list[Any]:
    seen = [env.reset(seed=seed)]
    seen += [env.step(action) for action in actions(steps, env.num_envs)]
    return seen
