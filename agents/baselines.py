"""Agents that learn nothing: chance, one constant action, and a person's own habit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from gymnasium import spaces

from agents.protocol import Arrays, Manifest, Overrides, Plain, Space
from agents.space_json import space_from_json, space_to_json
from human_wm_env.errors import ConfigError
from human_wm_env.person.actions import action_space


@dataclass(frozen=True)
class RandomConfig:
    """Settings of the random agent.

    Attributes:
        seed: of its actions.
    """

    seed: int = 0
    algorithm: Literal["random"] = "random"


@dataclass(frozen=True)
class HabitConfig:
    """Settings of habit: none."""

    algorithm: Literal["habit"] = "habit"


class RandomAgent:
    """Chooses uniformly from the action space.

    Args:
        seed: a reset begins the same sequence again.
        space: a bounded Box, Discrete or MultiDiscrete; None is that of people.
    """

    kind = "random"

    def __init__(self, seed: int = 0, space: Space | None = None) -> None:
        self.name = "random"
        self.env_overrides: Overrides = {}
        self.seed = seed
        self._space = action_space() if space is None else space
        self._rng = np.random.default_rng(seed)

    def reset(self, slots: int) -> None:
        """Begin the sequence again."""
        self._rng = np.random.default_rng(self.seed)

    def act(self, observations: np.ndarray) -> np.ndarray:
        """Draw an action for every slot."""
        space, slots = self._space, len(observations)
        if isinstance(space, spaces.Discrete):
            return self._rng.integers(space.start, space.start + space.n, slots)
        if isinstance(space, spaces.MultiDiscrete):
            return self._rng.integers(space.start, space.start + space.nvec, (slots, *space.shape))
        if isinstance(space, spaces.Box):
            drawn = self._rng.uniform(space.low, space.high, (slots, *space.shape))
            return drawn.astype(space.dtype)
        raise ConfigError("a Box, Discrete or MultiDiscrete", str(space), "Give another space.")

    def to_manifest(self) -> tuple[Plain, Arrays]:
        """Return its seed, and its space unless that is the one of people."""
        return {"seed": self.seed, **_space_entry(self._space)}, {}

    @classmethod
    def from_manifest(cls, manifest: Manifest, weights: Arrays) -> Self:
        """Return the agent that `to_manifest` described."""
        return cls(int(manifest["seed"]), _space_of(manifest))


class ConstantAgent:
    """Gives every slot the same action, every day.

    Args:
        action: float (width,), clipped into the space.
        name: what to call it.
        space: of actions; None is that of people.

    Raises:
        ConfigError: the action has another shape, or is not finite.
    """

    kind = "constant"

    def __init__(
        self, action: np.ndarray, name: str = "constant", space: spaces.Box | None = None
    ) -> None:
        self._space = space = action_space() if space is None else space
        given = np.asarray(action, dtype=np.float32)
        if given.shape != space.shape or not np.isfinite(given).all():
            raise ConfigError(
                f"a constant action of {int(np.prod(space.shape))} finite numbers",
                f"shape {given.shape}: {given}",
                "Give one number for each entry of the action space.",
            )
        self.name = name
        self.env_overrides: Overrides = {}
        self.action = np.clip(given, space.low, space.high)

    def reset(self, slots: int) -> None:
        """Nothing to do."""

    def act(self, observations: np.ndarray) -> np.ndarray:
        """Return the constant for every slot."""
        return np.repeat(self.action[None], len(observations), axis=0)

    def to_manifest(self) -> tuple[Plain, Arrays]:
        """Return its name, its space unless that is the one of people, and the action."""
        return {"name": self.name, **_space_entry(self._space)}, {"action": self.action}

    @classmethod
    def from_manifest(cls, manifest: Manifest, weights: Arrays) -> Self:
        """Return the agent that `to_manifest` described."""
        space = _space_of(manifest)
        if not (space is None or isinstance(space, spaces.Box)):
            raise ConfigError("a Box for a constant action", str(space), "Save the agent again.")
        return cls(weights["action"], str(manifest["name"]), space)


class HabitAgent:
    """Lets people do as they always do: they never follow it (adherence 0)."""

    kind = "habit"

    def __init__(self) -> None:
        self.name = "habit"
        self.env_overrides: Overrides = {"adherence": 0.0}

    def reset(self, slots: int) -> None:
        """Nothing to do."""

    def act(self, observations: np.ndarray) -> np.ndarray:
        """Return the typical day, which is never followed."""
        return np.zeros((len(observations), *action_space().shape), dtype=np.float32)

    def to_manifest(self) -> tuple[Plain, Arrays]:
        """Return nothing: all habits are alike."""
        return {}, {}

    @classmethod
    def from_manifest(cls, manifest: Manifest, weights: Arrays) -> Self:
        """Return the habit."""
        return cls()


def _space_entry(space: Space) -> Plain:
    """Manifests and digests of people's agents stay as they were before spaces were kept."""
    return {} if space == action_space() else {"space": space_to_json(space)}


def _space_of(manifest: Manifest) -> Space | None:
    return space_from_json(manifest["space"]) if "space" in manifest else None
