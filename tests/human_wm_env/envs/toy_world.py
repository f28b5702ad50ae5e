"""A world without people: walks on a line, to the left, nowhere or to the right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from gymnasium import spaces

from human_wm_env.random_streams import Stream, draw_noise
from human_wm_env.worlds.world import Transition, World

END = 3.0  # a walk that comes so far terminates
LENGTH = 12


@dataclass(frozen=True)
class Walk:
    """Place, steps so far and noise of each slot."""

    place: np.ndarray
    steps: np.ndarray
    noise: np.ndarray


class ToyWorld(World[Walk, float]):
    """Random walks with a push; a start is a place."""

    observation_space = spaces.Box(-9.0, 9.0, (3,), np.float32)
    observation_parts: Mapping[str, slice] = {"place": slice(0, 1), "ends": slice(1, 3)}
    component_names = ("distance", "toll")
    default_weights: Mapping[str, float] = {"distance": -100.0, "toll": 1.0}

    def __init__(self, space: spaces.Space | None = None, horizon: int = LENGTH) -> None:
        self.action_space = spaces.Discrete(3, start=-1) if space is None else space
        self.horizon = horizon

    def draw_start(self, rng: np.random.Generator) -> float:
        """Draw a place in the middle."""
        return float(rng.uniform(-1.0, 1.0))

    def reset(self, starts: Sequence[float], streams: Sequence[Stream]) -> tuple[Walk, np.ndarray]:
        """Begin walks at the starts."""
        noise, _ = draw_noise(streams, self.horizon, 1, 0)
        place = np.array(starts, dtype=np.float32)
        state = Walk(place, np.zeros(len(place), dtype=int), noise)
        return state, self._observe(state)

    def step(self, state: Walk, actions: np.ndarray) -> Transition[Walk]:
        """Push every walk; far away it terminates."""
        slots, push = np.arange(len(actions)), actions.reshape(len(actions), -1)[:, 0]
        step = np.minimum(state.steps, self.horizon - 1)
        place = state.place + push + 0.5 * state.noise[slots, step, 0]
        after = Walk(place.astype(np.float32), state.steps + 1, state.noise)
        components = np.stack([np.abs(after.place), -np.abs(push)], axis=1).astype(np.float32)
        terminated = np.abs(after.place) >= END
        return Transition(after, self._observe(after), components, terminated, self.info(after))

    def info(self, state: Walk) -> dict[str, np.ndarray]:
        """Return where each walk is, and how long it has been."""
        return {"place": state.place.copy(), "steps": state.steps.copy()}

    def _observe(self, state: Walk) -> np.ndarray:
        place = state.place
        return np.clip(np.stack([place, END - place, END + place], axis=1), -9.0, 9.0)
