"""Dreams of a tiny model for the tests of this folder."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.random_streams import Stream
from human_wm_env.runtime.dream_state import DreamState
from human_wm_env.worlds.dream import DreamWorld
from human_wm_env.worlds.person_state import PersonState
from human_wm_env.worlds.starts import PersonStart
from tests.world_model import tiny

HORIZON = 6


START = PersonStart(user=4, day=70, branch=0)


State = PersonState[DreamState]


def dream(dataset: LogDataset | None = None, **settings: Any) -> DreamWorld:
    logs = tiny.logs() if dataset is None else dataset
    runtime = tiny.runtime(settings.pop("architecture", tiny.TINY))
    return DreamWorld(runtime, logs, **({"split": "all", "horizon": HORIZON} | settings))


def streams(count: int, seed: int = 0, group: int = 0) -> list[Stream]:
    return [Stream((seed, group, 0), (seed, slot, 0)) for slot in range(count)]


def actions(slots: int, seed: int = 0) -> np.ndarray:
    shape = (HORIZON, slots, 7)
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def live(
    world: DreamWorld,
    starts: list[PersonStart],
    given_streams: list[Stream] | None = None,
    chosen: np.ndarray | None = None,
) -> tuple[State, np.ndarray, np.ndarray]:
    """First state, imagined rows (slots, days, 10) and observations (slots, 1 + days, 43)."""
    slots = len(starts)
    state, observation = world.reset(starts, given_streams or streams(slots))
    first, rows, seen = state, [], [observation]
    for action in actions(slots) if chosen is None else chosen:
        after = world.step(state, action)
        state = after.state
        rows.append(state.row)
        seen.append(after.observation)
    return first, np.stack(rows, axis=1), np.stack(seen, axis=1)


def all_people() -> list[PersonStart]:
    return [dataclasses.replace(START, branch=branch) for branch in range(125)]
