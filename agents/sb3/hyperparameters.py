"""The settings of PPO, A2C, SAC, TD3, DQN and recurrent PPO, with their defaults."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
from stable_baselines3.common.noise import NormalActionNoise
from torch import nn

from agents.protocol import Space
from human_wm_env.errors import ConfigError
from human_wm_env.settings import finite_number, one_of, whole_number

ACTIVATIONS: dict[str, type[nn.Module]] = {"tanh": nn.Tanh, "relu": nn.ReLU, "elu": nn.ELU}
Arguments = dict[str, object]
GAUSSIAN, HYBRID = HEADS = ("gaussian", "hybrid")
# Whole numbers that are at least 1, where an algorithm has them.
COUNTS = (
    *("steps", "slots", "width", "threads", "n_steps", "batch_size", "n_epochs"),
    *("lstm_width", "buffer_size", "gradient_steps"),
)
# Where an algorithm has them.
ABOVE_ZERO = ("learning_rate", "clip_range", "max_grad_norm")
SHARES = ("gamma", "gae_lambda")
# What the classes of SB3 do not take under this name, or their policies take.
OWN = (
    "algorithm",
    "log_std_init",
    "lstm_width",
    "first_entropy",
    "target_entropy",
    "noise",
    "head",
    "bootstrap",
)


@dataclass(frozen=True)
class SB3Config:
    """Settings of a training; the names are stable-baselines3's where it has one.

    Attributes:
        steps: days simulated, over all slots; rounded up to whole updates. The search of
            `warm_start` simulates its own: 1.4 million with the defaults.
        slots: people that are simulated at the same time.
        learning_rate: of the optimiser.
        linear_decay: take the learning rate down to 0 at the end.
        gamma: discount.
        width: of each hidden layer of policy and value net.
        layers: number of hidden layers.
        activation: of the hidden layers, one of ACTIVATIONS.
        warm_start: rounds of a search for the best constant action, in the training
            environment, around which the policy begins; 0 begins at the typical day.
        seed: of the weights, the people, their days and their noise.
        bootstrap: add the value of what would come after the time limit, as for worlds that go on;
            without, the limit is the end, as the returns are that agents are judged on.
        threads: of Torch; more than one is seldom faster for nets of this size.
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
    bootstrap: bool = True

    def __post_init__(self) -> None:
        for each in fields(self):
            if each.type == "float":
                finite_number(getattr(self, each.name), each.name)
        for name in COUNTS:
            if whole_number(getattr(self, name, 1), name) < 1:
                raise ConfigError(f"{name} >= 1", f"{getattr(self, name)}", "Raise it.")
        for name in ("warm_start", "layers"):
            if whole_number(getattr(self, name), name) < 0:
                raise ConfigError(f"{name} >= 0", f"{getattr(self, name)}", "0 leaves it out.")
        for name in ABOVE_ZERO:
            if getattr(self, name, 1.0) <= 0.0:
                raise ConfigError(f"{name} > 0", f"{getattr(self, name)}", "Raise it.")
        for name in SHARES:
            if not 0.0 <= getattr(self, name, 0.0) <= 1.0:
                raise ConfigError(f"{name} in [0, 1]", f"{getattr(self, name)}", "Correct it.")
        if not 0 <= whole_number(self.seed, "seed") < 2**32:
            raise ConfigError("0 <= seed < 2**32", f"{self.seed}", "SB3 takes no other.")
        one_of(self.activation, ACTIVATIONS, "an activation")

    def unused(self) -> dict[str, str]:
        """Return settings that change nothing, and why."""
        why = "There are no hidden layers: raise layers."
        return {} if self.layers else dict.fromkeys(("width", "activation"), why)

    @property
    def days_per_update(self) -> int:
        """Days simulated between two updates, over all slots."""
        return self.slots

    @property
    def whole_steps(self) -> int:
        """Days that are simulated: `steps`, rounded up to whole updates."""
        return -(-self.steps // self.days_per_update) * self.days_per_update

    def algorithm_arguments(self, actions: Space) -> Arguments:
        """Return what the algorithm takes beside what all of them take.

        Args:
            actions: the action space.
        """
        shared = [field.name for field in fields(SB3Config)]
        names = [field.name for field in fields(self) if field.name not in (*shared, *OWN)]
        return {name: getattr(self, name) for name in names}

    def policy_arguments(self) -> Arguments:
        """Return what the nets take."""
        net_arch = [self.width] * self.layers
        return {"net_arch": net_arch, "activation_fn": ACTIVATIONS[self.activation]}


@dataclass(frozen=True)
class OnPolicyConfig(SB3Config):
    """Settings that PPO, recurrent PPO and A2C share.

    Attributes:
        n_steps: days of every slot in one rollout, between two updates.
        gae_lambda, ent_coef, vf_coef, max_grad_norm: as in SB3.
        log_std_init: log of the first standard deviation around the first mean action.
        head: "gaussian" has a Gaussian for each entry of an action; "hybrid" draws the entries that
            pick a category from shares, where the world says which these are.
    """

    n_steps: int = 30
    gae_lambda: float = 0.9
    ent_coef: float = 0.0
    vf_coef: float = 0.5
    max_grad_norm: float = 0.5
    log_std_init: float = -1.5
    head: str = GAUSSIAN

    def __post_init__(self) -> None:
        super().__post_init__()
        one_of(self.head, HEADS, "a head")

    @property
    def days_per_update(self) -> int:
        """Days simulated in one rollout, over all slots."""
        return self.slots * self.n_steps

    def policy_arguments(self) -> Arguments:
        """Return what the nets take."""
        return {**super().policy_arguments(), "log_std_init": self.log_std_init}


@dataclass(frozen=True)
class ClippedConfig(OnPolicyConfig):
    """Settings that PPO and recurrent PPO share.

    Attributes:
        batch_size: must divide slots * n_steps.
        n_epochs: passes over each rollout.
        clip_range: as in SB3.
    """

    batch_size: int = 750
    n_epochs: int = 10
    clip_range: float = 0.2

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.days_per_update % self.batch_size or self.batch_size < 2:
            raise ConfigError(
                f"a batch_size >= 2 that divides slots * n_steps = {self.days_per_update}",
                f"{self.batch_size}",
                "Choose a divisor, or other slots or n_steps.",
            )


@dataclass(frozen=True)
class PPOConfig(ClippedConfig):
    """Settings of PPO; the others are in `SB3Config`, `OnPolicyConfig` and `ClippedConfig`."""

    log_std_init: float = -0.8
    algorithm: Literal["ppo"] = "ppo"


@dataclass(frozen=True)
class RecurrentPPOConfig(ClippedConfig):
    """Settings of recurrent PPO; the others are those of PPO.

    Attributes:
        lstm_width: of the policy's memory, and of the value's.
    """

    n_epochs: int = 5
    lstm_width: int = 64
    algorithm: Literal["recurrent_ppo"] = "recurrent_ppo"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.head != GAUSSIAN:
            raise ConfigError(
                f"head={GAUSSIAN} for recurrent PPO", self.head, "Only ppo and a2c have the other."
            )

    def policy_arguments(self) -> Arguments:
        """Return what the nets take."""
        return {**super().policy_arguments(), "lstm_hidden_size": self.lstm_width}


@dataclass(frozen=True)
class A2CConfig(OnPolicyConfig):
    """Settings of A2C; the others are in `SB3Config` and `OnPolicyConfig`.

    Attributes:
        normalize_advantage: as in SB3.
    """

    n_steps: int = 5
    normalize_advantage: bool = True
    algorithm: Literal["a2c"] = "a2c"


@dataclass(frozen=True)
class OffPolicyConfig(SB3Config):
    """Settings that SAC, TD3 and DQN share.

    Attributes:
        buffer_size: days that are remembered.
        learning_starts: days simulated at random before the first update.
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
        if self.learning_starts < 0 or not 0.0 < self.tau <= 1.0:
            raise ConfigError(
                "learning_starts >= 0 and 0 < tau <= 1",
                f"learning_starts={self.learning_starts}, tau={self.tau}",
                "Correct the settings.",
            )


@dataclass(frozen=True)
class SACConfig(OffPolicyConfig):
    """Settings of SAC; the others are in `SB3Config` and `OffPolicyConfig`.

    Attributes:
        log_std_init: of the policy's first standard deviation.
        first_entropy: first weight of the entropy, which is then learned.
        target_entropy: per action dimension; SB3's own is -1.
    """

    log_std_init: float = -2.0
    first_entropy: float = 0.05
    target_entropy: float = -1.0
    algorithm: Literal["sac"] = "sac"

    def algorithm_arguments(self, actions: Space) -> Arguments:
        """Return what SAC takes beside what all algorithms take."""
        return {
            **super().algorithm_arguments(actions),
            "ent_coef": f"auto_{self.first_entropy}",
            "target_entropy": self.target_entropy * float(np.prod(actions.shape or ())),
        }

    def policy_arguments(self) -> Arguments:
        """Return what the nets take."""
        return {**super().policy_arguments(), "log_std_init": self.log_std_init}


@dataclass(frozen=True)
class TD3Config(OffPolicyConfig):
    """Settings of TD3; the others are in `SB3Config` and `OffPolicyConfig`.

    Attributes:
        noise: standard deviation of the exploration around each action.
        policy_delay, target_policy_noise, target_noise_clip: as in SB3.
    """

    noise: float = 0.2
    policy_delay: int = 2
    target_policy_noise: float = 0.1
    target_noise_clip: float = 0.3
    algorithm: Literal["td3"] = "td3"

    def algorithm_arguments(self, actions: Space) -> Arguments:
        """Return what TD3 takes beside what all algorithms take."""
        shape = actions.shape or ()
        noise = NormalActionNoise(np.zeros(shape), np.full(shape, self.noise))
        return {**super().algorithm_arguments(actions), "action_noise": noise}


@dataclass(frozen=True)
class DQNConfig(OffPolicyConfig):
    """Settings of DQN, for Discrete actions; the others are in `SB3Config` and `OffPolicyConfig`.

    Attributes:
        train_freq: days of all slots between two rounds of updates.
        target_update_interval: days between two updates of the target net.
        exploration_fraction: of the training, over which exploration falls.
        exploration_final_eps: share of random actions in the end.
    """

    gamma: float = 0.97
    learning_rate: float = 3e-4
    warm_start: int = 0
    activation: str = "relu"
    train_freq: int = 1
    target_update_interval: int = 1_000
    exploration_fraction: float = 0.3
    exploration_final_eps: float = 0.05
    algorithm: Literal["dqn"] = "dqn"
