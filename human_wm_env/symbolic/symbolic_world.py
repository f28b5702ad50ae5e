"""What the symbolic worlds share: one-hot states, success that never ends an episode, hiding."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeVar

import numpy as np
from gymnasium import spaces

from human_wm_env.errors import ConfigError
from human_wm_env.random_streams import Stream, draw_noise
from human_wm_env.settings import finite_number, whole_number
from human_wm_env.worlds.world import Transition, World

RENDERED = "ansi"
MOST_SYMBOLS = 64


class Part(NamedTuple):
    """One one-hot part of a state.

    Attributes:
        name: what it is called in Dict observations.
        width: how many entries it has; all are 0 where the part says nothing.
        changed_by: whether the agent's action changes it, or the world does by itself.
    """

    name: str
    width: int
    changed_by: Literal["action", "world"]


@dataclass(frozen=True)
class References:
    """Expected returns of an episode, computed and not sampled.

    Attributes:
        random: of uniform actions.
        memoryless: of the best policy that sees the current state alone.
        optimal: of the best policy that remembers its episode.
    """

    random: float
    memoryless: float
    optimal: float

    def __str__(self) -> str:
        return (
            f"random {self.random:.3f}, best memoryless {self.memoryless:.3f}, "
            f"optimal {self.optimal:.3f}"
        )


@dataclass(frozen=True)
class SymbolicState:
    """What every symbolic state holds, batch-first.

    Attributes:
        steps: int (slots,), steps since the start.
        hidden: bool (slots, horizon + 1), at which of them the state is not shown.
        success: bool (slots,), whether the last action was rewarded.
    """

    steps: np.ndarray
    hidden: np.ndarray
    success: np.ndarray


StateT = TypeVar("StateT", bound=SymbolicState)


class SymbolicWorld(World[StateT, None]):
    """A world of symbols: Discrete actions, one-hot states, the reward component `goal`.

    Episodes end by their time limit alone: success is logged (`info["success"]`) and
    never terminates.

    Args:
        symbols: how many there are; each is an action, too.
        horizon: steps of an episode.
        masking: probability, at each step, that the state is not shown: its entries are 0.

    Attributes:
        parts: of the state, in the order of the observation.
        decisions: steps of an episode at which a success is possible at best.
    """

    component_names = ("goal",)
    component_bounds = (0.0, 1.0)
    default_weights: Mapping[str, float] = {"goal": 1.0}
    render_modes = (RENDERED,)
    draws_starts = False
    parts: tuple[Part, ...]
    decisions: int

    def __init__(self, *, symbols: int, horizon: int, masking: float) -> None:
        self.symbols = in_range(symbols, "symbols", 2, MOST_SYMBOLS)
        self.horizon = in_range(horizon, "horizon", 1, 10_000)
        self.masking = finite_number(masking, "masking")
        if not 0.0 <= self.masking < 1.0:
            raise ConfigError("0 <= masking < 1", f"{masking}", "0 shows every state.")
        self.action_space = spaces.Discrete(self.symbols)
        ends = np.cumsum([0, *(part.width for part in self.parts)]).tolist()
        self.observation_parts = {
            part.name: slice(begin, end)
            for part, begin, end in zip(self.parts, ends, ends[1:], strict=False)
        }
        self.observation_space = spaces.Box(0.0, 1.0, (ends[-1],), np.float32)

    @abstractmethod
    def references(self) -> References:
        """Compute the returns of random, best memoryless and optimal play.

        Raises:
            ConfigError: states are hidden by chance (`masking`), or there is no such number.
        """

    @abstractmethod
    def determined(self, state: StateT, actions: np.ndarray) -> np.ndarray:
        """Say which entries of the next state follow from the rule and what was shown so far.

        Returns:
            bool (slots, width); False for what is drawn, and for what nobody can know yet.
        """

    def decisive(self, state: StateT) -> np.ndarray:
        """Say, bool (slots,), where what an action brings depends on the rule, not on time."""
        return np.ones(len(state.steps), dtype=bool)

    @abstractmethod
    def hidden_rule(self, state: StateT) -> np.ndarray:
        """Return what changes from episode to episode and is not shown, int (slots, symbols)."""

    @abstractmethod
    def encode(self, state: StateT) -> dict[str, np.ndarray]:
        """Return each part of the state by name: int (slots,), -1 where it says nothing."""

    def draw_start(self, rng: np.random.Generator) -> None:
        """Return nothing: all that differs between episodes comes from their noise."""

    def draw(self, streams: Sequence[Stream], width: int) -> tuple[np.ndarray, np.ndarray]:
        """Draw a whole episode at once.

        Returns:
            Numbers in [0, 1), float32 (slots, horizon + 1, width), and which states are
            hidden, bool (slots, horizon + 1).
        """
        _, uniforms = draw_noise(streams, self.horizon + 1, 0, width + 1)
        return uniforms[:, :, :width], uniforms[:, :, width] < self.masking

    def observe(self, state: StateT) -> np.ndarray:
        """Return the state one-hot, float32 (slots, width); zeros where it is hidden."""
        slots = len(state.steps)
        shown = np.zeros((slots, *self.observation_space.shape), dtype=np.float32)
        every = np.arange(slots)
        visible = ~state.hidden[every, np.minimum(state.steps, self.horizon)]
        encoded = self.encode(state)
        for name, part in self.observation_parts.items():
            value = encoded[name]
            says = visible & (value >= 0)
            shown[every[says], part.start + value[says]] = 1.0
        return shown

    def outcome(self, after: StateT, success: np.ndarray) -> Transition[StateT]:
        """Return the transition into a state, with its observation and reward."""
        return Transition(
            after,
            self.observe(after),
            success.astype(np.float32)[:, None],
            np.zeros(len(success), dtype=bool),
            {"success": success.copy()},
        )

    def info(self, state: StateT) -> dict[str, np.ndarray]:
        """Return whether the last action succeeded."""
        return {"success": state.success.copy()}

    def render(self, trail: Sequence[StateT], mode: str, slot: int = 0) -> str:
        """Return a slot's state in words."""
        state = trail[-1]
        encoded = self.encode(state)
        said = [f"{name} {value[slot]}" for name, value in encoded.items() if value[slot] >= 0]
        return f"step {state.steps[slot]}: {', '.join(said) or 'nothing shown'}"

    def entries(self, changed_by: str) -> np.ndarray:
        """Return which entries of the observation are changed by "action" or by "world"."""
        return np.concatenate(
            [np.full(part.width, part.changed_by == changed_by) for part in self.parts]
        )

    def mark(self, **parts: np.ndarray | bool) -> np.ndarray:
        """Return bool (slots, width) from one bool or bool (slots,) for each part."""
        slots = max(np.size(value) for value in parts.values())
        marked = np.zeros((slots, *self.observation_space.shape), dtype=bool)
        for name, value in parts.items():
            marked[:, self.observation_parts[name]] = np.reshape(value, (-1, 1))
        return marked

    def require_shown(self) -> None:
        """Refuse to compute references of states that are hidden by chance."""
        if self.masking:
            raise ConfigError(
                "masking=0 for computed references",
                f"masking={self.masking}",
                "Compute them in the same world without masking.",
            )


def in_range(value: object, name: str, low: int, high: int) -> int:
    """Return a whole number between two others, both included."""
    number = whole_number(value, name)
    if not low <= number <= high:
        raise ConfigError(f"{low} <= {name} <= {high}", f"{number}", "Choose one in between.")
    return number


def as_symbols(uniforms: np.ndarray, symbols: int) -> np.ndarray:
    """Return symbols, int64, of numbers in [0, 1)."""
    return np.minimum((uniforms * symbols).astype(np.int64), symbols - 1)


def as_permutations(uniforms: np.ndarray) -> np.ndarray:
    """Return a random permutation, int64, of each row of numbers."""
    return np.argsort(uniforms, axis=-1, kind="stable")
