"""From a net's outputs to actions: amounts through tanh, and the likeliest of each category."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from gymnasium import spaces

from agents.action_layout import ActionLayout, bins, middles
from agents.env_config import Vector
from agents.protocol import Space
from human_wm_env.errors import ConfigError


@dataclass(frozen=True)
class HybridHead:
    """What the outputs of an actor stand for: amounts first, then the logits of each category.

    Attributes:
        space: the action space: a bounded Box of one axis, or Discrete, which is one category.
        picks: which columns of a Box pick a category, and of how many; see `ActionLayout`.
    """

    space: Space
    picks: Mapping[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        space = self.space
        if isinstance(space, spaces.Discrete):
            return
        if isinstance(space, spaces.Box) and len(space.shape) == 1 and space.is_bounded():
            return
        raise ConfigError(
            "a Discrete action space, or a Box of one axis with finite bounds",
            str(self.space),
            "Wrap the environment, for instance with gymnasium.wrappers.RescaleAction.",
        )

    @classmethod
    def of(cls, env: Vector) -> HybridHead:
        """Return the head for an environment, whose world may say what picks a category."""
        world = getattr(env.unwrapped, "world", None)
        return cls(env.single_action_space, dict(getattr(world, "action_picks", {})))

    @property
    def _layout(self) -> ActionLayout:
        assert isinstance(self.space, spaces.Box)
        return ActionLayout(self.space, self.picks)

    @property
    def amounts(self) -> int:
        """How many outputs are amounts."""
        return 0 if isinstance(self.space, spaces.Discrete) else len(self._layout.amounts)

    @property
    def categories(self) -> tuple[int, ...]:
        """How many logits each category has."""
        if isinstance(self.space, spaces.Discrete):
            return (int(self.space.n),)
        return tuple(self.picks.values())

    @property
    def outputs(self) -> int:
        """Outputs of the net."""
        return self.amounts + sum(self.categories)

    @property
    def logits(self) -> list[slice]:
        """Where the logits of each category stand."""
        ends = self.amounts + np.cumsum([0, *self.categories])
        return [slice(int(a), int(b)) for a, b in pairwise(ends)]

    def parts(self, actions: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
        """Return what actions of the space are made of: `act` undone.

        Returns:
            Amounts, float32 (n, amounts), in [-1, 1]; and which of each category, int (n,).
        """
        if isinstance(self.space, spaces.Discrete):
            picked = actions.astype(np.intp) - int(self.space.start)
            return np.empty((len(actions), 0), dtype=np.float32), [picked]
        assert isinstance(self.space, spaces.Box)
        low, high = self.space.low, self.space.high
        unit = (2.0 * (actions - low) / (high - low) - 1.0).astype(np.float32)
        picks = [bins(unit[:, column], count) for column, count in self.picks.items()]
        return unit[:, self._layout.amounts], picks

    def act(self, outputs: np.ndarray, correction: np.ndarray | None = None) -> np.ndarray:
        """Return actions of the space.

        Args:
            outputs: float32 (n, outputs) of a net.
            correction: float32 (n, outputs), added to the amounts in [-1, 1] and to the logits.
        """
        amounts = np.tanh(outputs[:, : self.amounts])
        if correction is not None:
            outputs = outputs + correction
            amounts = np.clip(amounts + correction[:, : self.amounts], -1.0, 1.0)
        picked = [outputs[:, part].argmax(axis=1) for part in self.logits]
        if isinstance(self.space, spaces.Discrete):
            return picked[0] + self.space.start
        assert isinstance(self.space, spaces.Box)
        low, high = self.space.low, self.space.high
        unit = np.empty((len(outputs), len(low)), dtype=np.float32)
        unit[:, self._layout.amounts] = amounts
        for (column, count), chosen in zip(self.picks.items(), picked, strict=True):
            unit[:, column] = middles(chosen, count)
        return np.clip(low + 0.5 * (unit + 1.0) * (high - low), low, high)
