"""The 125 imagined futures of one person, as raw rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from human_wm_env.dataset import History, LogDataset
from human_wm_env.worlds.person_world import BRANCHES
from human_wm_env.worlds.world import Stream


@dataclass(frozen=True)
class Futures:
    """What one person might do and feel.

    Attributes:
        rows: float32 (branches, horizon, 10), raw rows, nothing masked.
        history: the log before the first imagined day.
        user: the person's id.
        day: the first imagined day.
    """

    rows: np.ndarray
    history: History
    user: str
    day: int


def imagine_futures(
    dataset: LogDataset,
    user: str,
    day: int,
    *,
    world_model: Any = None,
    horizon: int = 30,
    temperature: float = 1.0,
    seed: int = 0,
) -> Futures:
    """Imagine a person who follows their own habits, in 5 x 5 x 5 branches.

    Branch b has draws b // 25, b // 5 % 5 and b % 5 of z_a, z_b and z_c. They are a
    factorial design for display and attribution, not 125 independent draws.

    Args:
        dataset: the logs.
        user: a person's id.
        day: the first imagined day; only rows before it are read.
        world_model: checkpoint folder; None means the bundled one.
        horizon: imagined days.
        temperature: tau of the dream.
        seed: of latents and noise.

    Raises:
        DataError: unknown user, a day outside the log, or too little history.
        CheckpointError: see `runtime.checkpoint.load_checkpoint`.
    """
    from human_wm_env.runtime.checkpoint import load_world_model
    from human_wm_env.worlds.dream import DreamWorld
    from human_wm_env.worlds.world import FOR_START, generator

    world = DreamWorld(
        load_world_model(world_model),
        dataset,
        split="all",
        horizon=horizon,
        adherence=0.0,
        temperature=temperature,
    )
    drawn = world.draw_start(generator((seed, 0, 0), FOR_START), None)
    starts = [
        world.start_from({"user": user, "day": day, "branch": branch}, drawn)
        for branch in range(BRANCHES)
    ]
    streams = [Stream((seed, 0, 0), (seed, branch, 0)) for branch in range(BRANCHES)]
    state, _ = world.reset(starts, streams)
    idle = np.zeros((BRANCHES, *world.action_space.shape), dtype=np.float32)
    rows = []
    for _ in range(horizon):
        state = world.step(state, idle).state
        rows.append(state.row)
    return Futures(np.stack(rows, axis=1), dataset.history(starts[0].user, day), user, day)
