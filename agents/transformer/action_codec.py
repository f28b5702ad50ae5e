"""Actions of Discrete and Box spaces as the transformer reads and chooses them."""

from __future__ import annotations

import math

import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor
from torch.nn import functional

from agents.protocol import Space
from human_wm_env.errors import ConfigError


class ActionCodec:
    """Encodes actions, and turns the action head's output into a distribution.

    Args:
        space: a Discrete, or a Box of one axis with finite bounds.

    Raises:
        ConfigError: any other space.
    """

    def __init__(self, space: Space) -> None:
        self.space = space
        self.continuous = isinstance(space, spaces.Box)
        if isinstance(space, spaces.Discrete):
            self.width = int(space.n)
        elif isinstance(space, spaces.Box) and len(space.shape) == 1 and space.is_bounded():
            self.width = int(space.shape[0])
            self._middle = torch.from_numpy((space.high + space.low).astype(np.float32) / 2.0)
            self._reach = torch.from_numpy((space.high - space.low).astype(np.float32) / 2.0)
        else:
            raise ConfigError(
                "a Discrete action space, or a Box of one axis with finite bounds",
                str(space),
                "Train another algorithm there, such as ppo.",
            )

    def encode(self, actions: Tensor) -> Tensor:
        """Return choices one-hot, or amounts as they are (scaled to [-1, 1])."""
        if self.continuous:
            return actions.clamp(-1.0, 1.0)
        return functional.one_hot(actions, self.width).to(torch.float32)

    def nothing(self, slots: int) -> Tensor:
        """Return the encoded action before the first one."""
        return torch.zeros(slots, self.width)

    def sample(self, output: Tensor, log_std: Tensor | None, rng: torch.Generator) -> Tensor:
        """Draw actions: int64 (...), or float32 (..., width) in units of half the range."""
        if log_std is None:
            probabilities = output.softmax(dim=-1).reshape(-1, self.width)
            drawn = torch.multinomial(probabilities, 1, generator=rng)
            return drawn.reshape(output.shape[:-1])
        noise = torch.randn(output.shape, generator=rng)
        return output + log_std.exp() * noise

    def at_random(self, count: int, rng: torch.Generator) -> Tensor:
        """Draw so many actions that have nothing to do with the state."""
        if self.continuous:
            return 2.0 * torch.rand(count, self.width, generator=rng) - 1.0
        return torch.randint(self.width, (count,), generator=rng)

    def best(self, output: Tensor) -> Tensor:
        """Return the likeliest actions."""
        return output if self.continuous else output.argmax(dim=-1)

    def log_probability(self, output: Tensor, log_std: Tensor | None, actions: Tensor) -> Tensor:
        """Return the log-probability of actions, (...)."""
        if log_std is None:
            return output.log_softmax(dim=-1).gather(-1, actions[..., None])[..., 0]
        off = (actions - output) / log_std.exp()
        return (-0.5 * off**2 - log_std - 0.5 * math.log(2.0 * math.pi)).sum(dim=-1)

    def entropy(self, output: Tensor, log_std: Tensor | None) -> Tensor:
        """Return the entropy, (...)."""
        if log_std is None:
            logs = output.log_softmax(dim=-1)
            return -(logs.exp() * logs).sum(dim=-1)
        each = log_std + 0.5 * math.log(2.0 * math.pi * math.e)
        return each.sum().expand(output.shape[:-1])

    def to_env(self, actions: Tensor) -> np.ndarray:
        """Return actions of the space; amounts are cut off at its bounds."""
        if isinstance(self.space, spaces.Discrete):
            return actions.numpy() + int(self.space.start)
        assert isinstance(self.space, spaces.Box)
        amounts = (self._middle + self._reach * actions.clamp(-1.0, 1.0)).numpy()
        return np.clip(amounts, self.space.low, self.space.high).astype(np.float32)
