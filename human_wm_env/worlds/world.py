"""The World protocol: what Env and VectorEnv ask of anything that can be stepped.

A World is functional and batch-first. It knows nothing of Gymnasium's bookkeeping:
time limits, autoreset, seeding and the scalar reward belong to the Env.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
from gymnasium import spaces

from human_wm_env.random_streams import Stream
from human_wm_env.worlds.start_options import Start


@dataclass(slots=True)  # frozen ones take a microsecond more for every three fields
class Transition:
    """What a step brings, batch-first.

    Attributes:
        state: the world's next state.
        observation: float32 (slots, width).
        components: float32 (slots, components), reward components in the world's order.
        terminated: bool (slots,).
        extras: arrays for `info`, each (slots, ...); `uncertainty` is always there.

    All arrays but those of the state are new: the caller may write into them.
    """

    state: Any
    observation: np.ndarray
    components: np.ndarray
    terminated: np.ndarray
    extras: dict[str, np.ndarray]


class World(Protocol):
    """A batched, functional model with spaces, `reset` and `step`.

    Attributes:
        observation_space: of one slot, a flat float32 Box with finite bounds.
        observation_parts: named slices of the flat observation, for Dict observations.
        action_space: of one slot.
        component_names: names of the reward components.
        default_weights: weight of each component in the scalar reward.
        horizon: days an episode may last; the noise of that many days is drawn at reset.
        render_modes: what `render` accepts.
    """

    observation_space: spaces.Box
    observation_parts: Mapping[str, slice]
    action_space: spaces.Box
    component_names: tuple[str, ...]
    default_weights: Mapping[str, float]
    horizon: int
    render_modes: tuple[str, ...]

    def draw_start(self, rng: np.random.Generator, branch: int | None) -> Start:
        """Draw a random start; the branch too where it is None."""
        ...

    def start_from(self, options: Mapping[str, Any], drawn: Start) -> Start:
        """Apply the caller's reset options to a drawn start; errors where impossible."""
        ...

    def reset(self, starts: Sequence[Start], streams: Sequence[Stream]) -> tuple[Any, np.ndarray]:
        """Begin an episode per start; returns the state and the first observations."""
        ...

    def step(self, state: Any, actions: np.ndarray) -> Transition:
        """Advance every slot by one day with checked actions, float32 (slots, ...)."""
        ...

    def check_actions(self, action: object, slots: int | None) -> np.ndarray:
        """Return the actions as a clipped float32 batch, or raise InvalidActionError."""
        ...

    def info(self, state: Any) -> dict[str, np.ndarray]:
        """Return new arrays (slots, ...) that describe the state, for `info` after a reset."""
        ...

    def render(self, state: Any, trail: Sequence[Any], mode: str) -> Any:
        """Draw the first slot; `trail` holds the states of its episode so far."""
        ...


StateT = TypeVar("StateT")


def take(state: StateT, slots: np.ndarray) -> StateT:
    """Return the state of some slots (repeats allowed): slices, tiles and copies.

    A planner branches from any state by stepping `take(state, np.repeat(...))`.

    Args:
        state: a dataclass of arrays and of further such dataclasses, all batch-first.
        slots: int (n,) or bool (slots,).
    """
    chosen = np.flatnonzero(slots) if slots.dtype == np.bool_ else slots
    return _map_arrays(state, lambda array: _take(array, chosen))


def _take(array: np.ndarray, slots: np.ndarray) -> np.ndarray:
    """Return some slots of an array, in its own order in memory."""
    side_by_side = len(array) == 1 or array.strides[0] == array.itemsize
    if array.ndim == 1 or not side_by_side:
        return array[slots]
    # Slots are side by side.
    return np.moveaxis(np.moveaxis(array, 0, -1).take(slots, axis=-1), -1, 0)


def put(state: StateT, slots: np.ndarray, part: StateT) -> StateT:
    """Return a copy of the state with some slots replaced by those of `part`."""
    values: dict[str, Any] = {}
    for field in dataclasses.fields(state):  # type: ignore[arg-type]
        old, new = getattr(state, field.name), getattr(part, field.name)
        if dataclasses.is_dataclass(old):
            values[field.name] = put(old, slots, new)
        elif isinstance(old, np.ndarray):
            merged = old.copy(order="K")
            merged[slots] = new
            values[field.name] = merged
    return dataclasses.replace(state, **values)  # type: ignore[type-var]


def _map_arrays(state: StateT, function: Any) -> StateT:
    values: dict[str, Any] = {}
    for field in dataclasses.fields(state):  # type: ignore[arg-type]
        value = getattr(state, field.name)
        if dataclasses.is_dataclass(value):
            values[field.name] = _map_arrays(value, function)
        elif isinstance(value, np.ndarray):
            values[field.name] = function(value)
    return dataclasses.replace(state, **values)  # type: ignore[type-var]
