"""The settings of back-propagation through the dream, with their defaults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agents.actor.net import ACTIVATIONS
from human_wm_env.errors import ConfigError
from human_wm_env.settings import one_of


@dataclass(frozen=True)
class BackpropConfig:
    """Settings of analytic policy gradients.

    Attributes:
        steps: updates; each runs an episode of every slot, from its first day to its last.
        slots: episodes side by side. Their starts, who the person is within what their log says,
            and noise are drawn anew for every update.
        starts: drawn beforehand, of which each update takes some; one costs an encoding of the
            person's log when it is first taken.
        width: of each hidden layer.
        layers: number of hidden layers.
        activation: of the hidden layers, tanh or softsign; MLX takes seven times as long for tanh.
        learning_rate: the first one; it falls to 0 along a cosine.
        max_grad_norm: longer gradients are shortened to this.
        relaxation: temperature of the soft categories, whose gradient the picked ones have.
        window: most days that gradients flow through; longer episodes are cut into windows, and a
            value net says what comes after one.
        value_rate: learning rate of the value net.
        value_passes: its updates for each of the actor's.
        gamma: discount between windows and within them; 1 is none.
        seed: of weights, starts and noise.
    """

    steps: int = 560
    slots: int = 200
    starts: int = 3000
    width: int = 128
    layers: int = 3
    activation: str = "softsign"
    learning_rate: float = 2e-3
    max_grad_norm: float = 1.0
    relaxation: float = 0.5
    window: int = 60
    value_rate: float = 1e-3
    value_passes: int = 4
    gamma: float = 1.0
    seed: int = 0
    algorithm: Literal["backprop"] = "backprop"

    def __post_init__(self) -> None:
        for name in ("steps", "slots", "starts", "width", "layers", "window", "value_passes"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} >= 1", f"{getattr(self, name)}", "Raise it.")
        one_of(self.activation, tuple(ACTIVATIONS), "activation")
        for name in ("learning_rate", "max_grad_norm", "relaxation", "value_rate"):
            if not getattr(self, name) > 0.0:
                raise ConfigError(f"{name} > 0", f"{getattr(self, name)}", "Raise it.")
        if not 0.0 < self.gamma <= 1.0:
            raise ConfigError("0 < gamma <= 1", f"{self.gamma}", "1 does not discount.")
