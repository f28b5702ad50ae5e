"""The World: what Env and VectorEnv ask of anything that can be stepped.

A World is functional and batch-first. It knows nothing of Gymnasium's bookkeeping:
time limits, autoreset, seeding and the scalar reward belong to the Env.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Generic, TypeAlias, TypeVar

import numpy as np
from gymnasium import spaces
from numpy.typing import ArrayLike

from human_wm_env.errors import ConfigError
from human_wm_env.random_streams import Stream
from human_wm_env.worlds.action_batch import action_batch

StateT = TypeVar("StateT")
StartT = TypeVar("StartT")
# What a caller may ask of a reset, by name; each world checks its own.
Options: TypeAlias = Mapping[str, object]


@dataclass(slots=True)  # frozen ones take a microsecond more for every three fields
class Transition(Generic[StateT]):
    """What a step brings, batch-first.

    Attributes:
        state: the world's next state.
        observation: (slots, width) in the dtype of the observation space.
        components: float32 (slots, components), reward components in the world's order.
        terminated: bool (slots,).
        extras: arrays for `info`, each (slots, ...); `uncertainty` where the world has one.

    All arrays but those of the state are new: the caller may write into them.
    """

    state: StateT
    observation: np.ndarray
    components: np.ndarray
    terminated: np.ndarray
    extras: dict[str, np.ndarray]


class World(ABC, Generic[StateT, StartT]):
    """A batched, functional model with spaces, `reset` and `step`.

    `StateT` is a dataclass of batch-first arrays (see `take`), `StartT` says where one slot
    begins; neither means anything to the environments.

    Attributes:
        observation_space: of one slot, a flat Box.
        observation_parts: named slices of the flat observation, for Dict observations.
        action_space: of one slot: Box, Discrete, MultiDiscrete; others need `check_actions`.
        action_picks: which entries of a Box of actions pick a category, and of how many: such an
            entry falls into one of so many equal bins.
        component_names: names of the reward components.
        component_bounds: lowest and highest value of a component.
        default_weights: weight of each component in the scalar reward.
        horizon: steps an episode may last; the noise of that many is drawn at reset.
        branches: futures of one start that the layout "branches" puts side by side.
        draws_starts: False where every start is the same one, and no generator is needed for it.
        whole_options: reset options that are one value for all slots though they are sequences.
        step_info: shapes, of one slot, of what only a step adds to `info`: zeros after a reset.
        render_modes: what `render` accepts.
    """

    observation_space: spaces.Box
    observation_parts: Mapping[str, slice]
    action_space: spaces.Space
    action_picks: Mapping[int, int] = MappingProxyType({})
    component_names: tuple[str, ...]
    component_bounds: tuple[float, float] = (-np.inf, np.inf)
    default_weights: Mapping[str, float]
    horizon: int
    branches: int = 1
    draws_starts: bool = True
    whole_options: tuple[str, ...] = ()
    step_info: Mapping[str, tuple[int, ...]] = MappingProxyType({})
    render_modes: tuple[str, ...] = ()

    @abstractmethod
    def draw_start(self, rng: np.random.Generator) -> StartT:
        """Draw a random start, its branch too."""

    @abstractmethod
    def reset(
        self, starts: Sequence[StartT], streams: Sequence[Stream]
    ) -> tuple[StateT, np.ndarray]:
        """Begin an episode per start; returns the state and the first observations."""

    @abstractmethod
    def step(self, state: StateT, actions: np.ndarray) -> Transition[StateT]:
        """Advance every slot by one step with checked actions, (slots, ...)."""

    def at_branch(self, start: StartT, branch: int) -> StartT:
        """Return the same start with another of its futures, 0 <= branch < `branches`."""
        return start

    def start_from(self, options: Sequence[Options], drawn: Sequence[StartT]) -> list[StartT]:
        """Apply the caller's reset options, one mapping a slot, to drawn starts.

        An option `branch` is also the number of the noise stream of a scalar environment.
        A world without options refuses them all with a ConfigError.
        """
        for name in {name for one in options for name in one}:
            raise ConfigError(
                f"no reset options for {type(self).__name__}", repr(name), "Leave it out."
            )
        return list(drawn)

    def check_actions(self, action: ArrayLike, slots: int | None) -> np.ndarray:
        """Return the actions as a batch, or raise InvalidActionError; see `action_batch`."""
        return action_batch(self.action_space, action, slots)

    def info(self, state: StateT) -> dict[str, np.ndarray]:
        """Return new arrays (slots, ...) that describe the state, for `info` after a reset."""
        return {}

    def reseed(self, state: StateT, streams: Sequence[Stream]) -> StateT:
        """Return the state with the noise of the steps to come drawn anew, one stream a slot."""
        raise NotImplementedError(f"{type(self).__name__} draws no noise anew")

    def user_name(self, index: int) -> str:
        """Return the id of the person whom `user_index` in `info` counts; "" for -1."""
        raise NotImplementedError(f"{type(self).__name__} has no people")

    def render(self, trail: Sequence[StateT], mode: str, slot: int = 0) -> np.ndarray | str:
        """Draw a slot; `trail` holds the states of its episode so far, the last one is now.

        A frame is uint8 (height, width, 3), always of one size.
        """
        raise NotImplementedError(f"{type(self).__name__} has render_modes, but no render")


# A world whose state and starts are its own business.
AnyWorld: TypeAlias = World[Any, Any]


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
    values: dict[str, object] = {}
    for field in dataclasses.fields(state):  # type: ignore[arg-type]
        old, new = getattr(state, field.name), getattr(part, field.name)
        if dataclasses.is_dataclass(old):
            values[field.name] = put(old, slots, new)
        elif isinstance(old, np.ndarray):
            merged = old.copy(order="K")
            merged[slots] = new
            values[field.name] = merged
    return dataclasses.replace(state, **values)  # type: ignore[type-var]


def _map_arrays(state: StateT, function: Callable[[np.ndarray], np.ndarray]) -> StateT:
    values: dict[str, object] = {}
    for field in dataclasses.fields(state):  # type: ignore[arg-type]
        value = getattr(state, field.name)
        if dataclasses.is_dataclass(value):
            values[field.name] = _map_arrays(value, function)
        elif isinstance(value, np.ndarray):
            values[field.name] = function(value)
    return dataclasses.replace(state, **values)  # type: ignore[type-var]
