"""Settings that all algorithms of stable-baselines3 share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import nn

from human_wm_env.errors import ConfigError, did_you_mean

ACTIVATIONS: dict[str, type[nn.Module]] = {"tanh": nn.Tanh, "relu": nn.ReLU, "elu": nn.ELU}


@dataclass(frozen=True)
class SB3Config:
    """Settings of a training; the names are stable-baselines3's where it has one.

    Attributes:
        steps: days lived, over all slots; rounded up to whole updates. The search of
            `warm_start` lives its own: 1.4 million with the defaults.
        slots: people that live at the same time.
        learning_rate: of the optimiser.
        linear_decay: take the learning rate down to 0 at the end.
        gamma: discount.
        width: of each hidden layer of policy and value net.
        layers: number of hidden layers.
        activation: of the hidden layers, one of ACTIVATIONS.
        warm_start: rounds of a search for the best constant action, in the training
            environment, around which the policy begins; 0 begins at the typical day.
        seed: of the weights, the people, their days and their noise.
        threads: of Torch; more than one seldom pays for nets of this size.
    """

    steps: int = 150_000
    slots: int = 125
    learning_rate: float = 1e-3
    linear_decay: bool = True
    gamma: float = 0.8
    width: int = 64
    layers: int = 2
    activation: str = "tanh"
    warm_start: int = 10
    seed: int = 0
    threads: int = 1

    def __post_init__(self) -> None:
        self.require_positive("steps", "slots", "width", "threads")
        if self.warm_start < 0:
            raise ConfigError("warm_start >= 0", f"{self.warm_start}", "0 switches it off.")
        if self.learning_rate <= 0.0:
            raise ConfigError("learning_rate > 0", f"{self.learning_rate}", "Raise it.")
        if self.activation not in ACTIVATIONS:
            raise ConfigError(
                f"an activation out of {', '.join(ACTIVATIONS)}",
                repr(self.activation),
                did_you_mean(self.activation, ACTIVATIONS),
            )

    def require_positive(self, *names: str) -> None:
        """Raise ConfigError where a whole number is below 1."""
        for name in names:
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} >= 1", f"{getattr(self, name)}", "Raise it.")

    @property
    def days_per_update(self) -> int:
        """Days lived between two updates, over all slots."""
        return self.slots

    @property
    def whole_steps(self) -> int:
        """Days that are lived: `steps`, rounded up to whole updates."""
        return -(-self.steps // self.days_per_update) * self.days_per_update


def hidden_layers(config: SB3Config) -> dict[str, Any]:
    """Return the policy arguments that all recipes share."""
    return {
        "net_arch": [config.width] * config.layers,
        "activation_fn": ACTIVATIONS[config.activation],
    }


@dataclass(frozen=True)
class OffPolicyConfig(SB3Config):
    """Settings that SAC and TD3 share.

    Attributes:
        buffer_size: days that are remembered.
        learning_starts: days lived at random before the first update.
        batch_size: of one update.
        gradient_steps: updates after each day of all slots.
        tau: of the target nets.
    """

    slots: int = 50
    buffer_size: int = 150_000
    learning_starts: int = 3_000
    batch_size: int = 256
    gradient_steps: int = 4
    tau: float = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require_positive("buffer_size", "batch_size", "gradient_steps")
        if self.learning_starts < 0 or not 0.0 < self.tau <= 1.0:
            raise ConfigError(
                "learning_starts >= 0 and 0 < tau <= 1",
                f"learning_starts={self.learning_starts}, tau={self.tau}",
                "Correct the settings.",
            )
