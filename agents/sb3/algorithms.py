"""What tells one algorithm of stable-baselines3 from another; the rest is shared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from sb3_contrib import RecurrentPPO
from stable_baselines3 import A2C, DQN, PPO, SAC, TD3
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.policies import BasePolicy
from stable_baselines3.common.utils import FloatSchedule, LinearSchedule
from stable_baselines3.common.vec_env import VecEnv
from torch import nn

from agents.protocol import Space
from agents.sb3.hybrid_policy import HybridDistribution, HybridPolicy
from agents.sb3.hyperparameters import (
    GAUSSIAN,
    HYBRID,
    A2CConfig,
    Arguments,
    DQNConfig,
    PPOConfig,
    RecurrentPPOConfig,
    SACConfig,
    SB3Config,
    TD3Config,
)
from human_wm_env.errors import ConfigError

Picks = Mapping[int, int]  # which columns of actions pick a category, and of how many


@dataclass(frozen=True)
class Recipe:
    """How one algorithm is made.

    Attributes:
        name: of the algorithm, in manifests and tables.
        config: dataclass of its settings.
        algorithm: the class of stable-baselines3 or sb3-contrib.
        policy: alias of the policy class.
        head: the module whose last layer's bias is the mean action of an observation of zeros.
        squashed: whether that layer's output goes through tanh.
    """

    name: str
    config: type[SB3Config]
    algorithm: type[BaseAlgorithm]
    policy: str = "MlpPolicy"
    head: str = "action_net"
    squashed: bool = False

    def make(self, config: SB3Config, venv: VecEnv, picks: Picks) -> BaseAlgorithm:
        """Return the algorithm, untrained, on an environment.

        Args:
            config: its settings.
            venv: the environment.
            picks: which of its actions' columns pick a category, and of how many.
        """
        rate = LinearSchedule(config.learning_rate, 0.0, 1.0) if config.linear_decay else None
        make: Callable[..., BaseAlgorithm] = self.algorithm
        policy, arguments = self._policy(config, picks)
        return make(
            policy=policy,
            env=venv,
            learning_rate=rate or config.learning_rate,
            gamma=config.gamma,
            stats_window_size=config.slots,
            policy_kwargs=arguments,
            seed=config.seed,
            device="cpu",
            **config.algorithm_arguments(venv.action_space),
        )

    def build_policy(
        self, observations: Space, actions: Space, config: SB3Config, picks: Picks
    ) -> BasePolicy:
        """Return untrained nets of the shapes that a configuration asks for."""
        policy, arguments = self._policy(config, picks)
        make: Callable[..., BasePolicy] = policy
        return make(observations, actions, FloatSchedule(config.learning_rate), **arguments)

    def _policy(self, config: SB3Config, picks: Picks) -> tuple[type[BasePolicy], Arguments]:
        """Return the class of the policy, and what it takes."""
        if picks and getattr(config, "head", GAUSSIAN) == HYBRID:
            return HybridPolicy, {**config.policy_arguments(), "picks": dict(picks)}
        return self.algorithm.policy_aliases[self.policy], config.policy_arguments()

    def begin_at(self, policy: BasePolicy, action: np.ndarray) -> None:
        """Move the mean of an untrained policy to an action, nearly whatever it observes."""
        layers = policy.get_submodule(self.head).modules()
        head = [layer for layer in layers if isinstance(layer, nn.Linear)][-1]
        mean = np.arctanh(np.clip(action, -0.98, 0.98)) if self.squashed else action
        if isinstance(policy, HybridPolicy):
            assert isinstance(policy.action_dist, HybridDistribution)
            mean = policy.action_dist.outputs_at(action).numpy()
        with torch.no_grad():
            if self.squashed:  # PPO's last layer begins small, theirs does not
                head.weight.mul_(0.01)
            head.bias.copy_(torch.from_numpy(np.asarray(mean, dtype=np.float32)))
        if self.algorithm is TD3:
            target = policy.get_submodule("actor_target")
            target.load_state_dict(policy.get_submodule("actor").state_dict())

    def require_rebuildable(self, policy: BasePolicy, config: SB3Config) -> None:
        """Raise ConfigError where the settings do not describe the nets of a policy."""
        with torch.random.fork_rng(devices=[]):  # a training that is looked at goes on as without
            rebuilt = self.build_policy(
                policy.observation_space, policy.action_space, config, picks_of(policy)
            )
        wanted, found = _architecture(rebuilt), _architecture(policy)
        other = [name for name in {**wanted, **found} if wanted.get(name) != found.get(name)]
        if other:
            expected, received = (
                ", ".join(f"{name}={facts.get(name)}" for name in other[:4])
                for facts in (wanted, found)
            )
            raise ConfigError(
                f"the nets that the agent's settings describe: {expected}",
                received,
                "Only nets that a recipe builds can be saved: hidden layers of one width, "
                "one of its activations.",
            )


def picks_of(policy: BasePolicy) -> Picks:
    """Return which columns of its actions pick a category, for a policy that knows."""
    return policy.picks if isinstance(policy, HybridPolicy) else {}


def first_action(space: Space) -> np.ndarray | int:
    """Return where a space's categories begin: SB3 counts them from 0; 0 for other spaces."""
    return getattr(space, "start", 0)


def _architecture(policy: BasePolicy) -> dict[str, object]:
    """Return what has to be alike in two policies that act alike with the same weights."""
    names = ("activation_fn", "use_sde", "squash_output", "features_extractor_class")
    return {
        "class": type(policy).__name__,
        **{name: getattr(policy, name, None) for name in names},
        **{name: tuple(tensor.shape) for name, tensor in policy.state_dict().items()},
    }


RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe("ppo", PPOConfig, PPO),
        Recipe("a2c", A2CConfig, A2C),
        Recipe("sac", SACConfig, SAC, head="actor.mu", squashed=True),
        Recipe("td3", TD3Config, TD3, head="actor.mu", squashed=True),
        Recipe("dqn", DQNConfig, DQN),
        Recipe("recurrent_ppo", RecurrentPPOConfig, RecurrentPPO, "MlpLstmPolicy"),
    )
}
