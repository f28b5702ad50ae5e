"""PPO of stable-baselines3, trained on many people at once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from gymnasium.vector import AutoresetMode
from stable_baselines3 import PPO
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.utils import FloatSchedule, LinearSchedule

from agents.constant_search import SearchConfig, search_best_constant
from agents.curves import CurveWriter, ProgressReport, ScalarLogger
from agents.env_config import NO_CONTEXT, EnvConfig, make_vector_env, with_overrides
from agents.vec_env import SB3VecEnv
from human_wm_env.errors import ConfigError


@dataclass(frozen=True)
class PPOConfig:
    """Settings of PPO; the names are stable-baselines3's where it has one.

    Attributes:
        steps: days lived in PPO's rollouts, over all slots; rounded up to whole rollouts. The
            search of `warm_start` lives its own: 1.3 million with the defaults.
        slots: people that live at the same time.
        n_steps: days of every slot in one rollout.
        batch_size: must divide slots * n_steps.
        n_epochs: passes over each rollout.
        learning_rate: of Adam.
        linear_decay: take the learning rate down to 0 at the end.
        gamma, gae_lambda, clip_range, ent_coef, vf_coef, max_grad_norm: as in SB3.
        width: of each hidden layer of policy and value net.
        layers: number of hidden layers.
        log_std_init: log of the first standard deviation around the first mean action.
        warm_start: rounds of a search for the best constant action, in the training
            environment, around which the policy begins; 0 begins at the typical day.
        seed: of the weights, the people, their days and their noise.
        threads: of Torch; more than one seldom pays for nets of this size.
    """

    steps: int = 150_000
    slots: int = 125
    n_steps: int = 30
    batch_size: int = 750
    n_epochs: int = 10
    learning_rate: float = 1e-3
    linear_decay: bool = True
    gamma: float = 0.95
    gae_lambda: float = 0.9
    clip_range: float = 0.2
    ent_coef: float = 0.0
    vf_coef: float = 0.5
    max_grad_norm: float = 0.5
    width: int = 64
    layers: int = 2
    log_std_init: float = -1.5
    warm_start: int = 10
    seed: int = 0
    threads: int = 1

    def __post_init__(self) -> None:
        for name in ("steps", "slots", "n_steps", "batch_size", "n_epochs", "width", "threads"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} >= 1", f"{getattr(self, name)}", "Raise it.")
        if self.warm_start < 0:
            raise ConfigError("warm_start >= 0", f"{self.warm_start}", "0 switches it off.")
        if self.learning_rate <= 0.0:
            raise ConfigError("learning_rate > 0", f"{self.learning_rate}", "Raise it.")
        if self.slots * self.n_steps % self.batch_size or self.batch_size < 2:
            raise ConfigError(
                f"a batch_size >= 2 that divides slots * n_steps = {self.slots * self.n_steps}",
                f"{self.batch_size}",
                "Choose a divisor, or other slots or n_steps.",
            )

    @property
    def whole_steps(self) -> int:
        """Days that are lived: `steps`, rounded up to whole rollouts."""
        rollout = self.slots * self.n_steps
        return -(-self.steps // rollout) * rollout


class PPOAgent:
    """Acts by a trained policy net.

    Args:
        policy: SB3's actor and critic.
        config: what it was trained with.
        env: where it was trained.
        deterministic: act by the mean, not by a sample.
    """

    def __init__(
        self,
        policy: ActorCriticPolicy,
        config: PPOConfig,
        env: EnvConfig,
        *,
        deterministic: bool = True,
    ) -> None:
        self.name = "ppo"
        self.policy = policy
        self.config = config
        self.env = env
        self.deterministic = deterministic
        self.env_overrides: Mapping[str, Any] = env.context_settings()
        self._noise = torch.Generator()
        policy.set_training_mode(False)

    def reset(self, slots: int) -> None:
        """Start the noise anew, so that a repeated evaluation repeats its samples."""
        self._noise.manual_seed(self.config.seed)

    def act(self, observations: np.ndarray) -> np.ndarray:
        """Return the mean action, or a sample, clipped to [-1, 1].

        Raises:
            ConfigError: the observations are not as wide as those of the training.
        """
        width = self.policy.observation_space.shape
        if observations.shape[1:] != width:
            raise ConfigError(
                f"observations of shape {width}, as in training in {self.env.id}",
                f"shape {observations.shape[1:]}",
                "Make the environment with the agent's env_overrides (person_context).",
            )
        with torch.no_grad():
            given = self.policy.get_distribution(torch.as_tensor(observations))
            actions = given.mode()
            if not self.deterministic:
                noise = torch.randn(actions.shape, generator=self._noise)
                actions = actions + noise * self.policy.log_std.exp()
        return np.clip(actions.numpy(), -1.0, 1.0)


def build_policy(
    observation_space: spaces.Space[Any], action_space: spaces.Space[Any], config: PPOConfig
) -> ActorCriticPolicy:
    """Return untrained nets of the shapes that a configuration asks for."""
    return ActorCriticPolicy(
        observation_space,
        action_space,
        FloatSchedule(config.learning_rate),
        **_policy_arguments(config),
    )


def _policy_arguments(config: PPOConfig) -> dict[str, Any]:
    return {
        "net_arch": [config.width] * config.layers,
        "activation_fn": torch.nn.Tanh,
        "log_std_init": config.log_std_init,
    }


def train_ppo(
    config: PPOConfig,
    env: EnvConfig,
    logger: ScalarLogger | None = None,
    progress: Callable[[int], object] | None = None,
    *,
    dataset: Any = None,
) -> PPOAgent:
    """Train PPO in an environment; the same seed gives the same weights.

    SB3 seeds the global generators of Python, NumPy and Torch with `config.seed`.

    Args:
        config: of the algorithm.
        env: of the environment.
        logger: gets SB3's curves and the mean of each reward component.
        progress: called with the days lived since the last call.
        dataset: a data set object in place of `env.dataset`.
    """
    vector = make_vector_env(env, config.slots, autoreset=AutoresetMode.SAME_STEP, dataset=dataset)
    rate = LinearSchedule(config.learning_rate, 0.0, 1.0) if config.linear_decay else None
    with contextlib.closing(SB3VecEnv(vector)) as venv, _torch_threads(config.threads):
        algorithm = PPO(
            "MlpPolicy",
            venv,
            learning_rate=rate or config.learning_rate,
            n_steps=config.n_steps,
            batch_size=config.batch_size,
            n_epochs=config.n_epochs,
            gamma=config.gamma,
            gae_lambda=config.gae_lambda,
            clip_range=config.clip_range,
            ent_coef=config.ent_coef,
            vf_coef=config.vf_coef,
            max_grad_norm=config.max_grad_norm,
            stats_window_size=config.slots,
            policy_kwargs=_policy_arguments(config),
            seed=config.seed,
            device="cpu",
        )
        if config.warm_start:
            _begin_at_best_constant(algorithm.policy, config, env, dataset)
        algorithm.set_logger(Logger(None, [] if logger is None else [CurveWriter(logger)]))
        algorithm.learn(config.steps, callback=ProgressReport(progress))
    return PPOAgent(algorithm.policy, config, env)


def _begin_at_best_constant(
    policy: ActorCriticPolicy, config: PPOConfig, env: EnvConfig, dataset: Any
) -> None:
    """Move the mean of the untrained policy to the best constant action.

    The best workout and location are bins away from the typical day, and a Gaussian
    policy gets stuck in the bins between.
    """
    search = SearchConfig(iterations=config.warm_start, seed=config.seed)
    # The constant sees nothing: spare it the person context.
    blind = with_overrides(env, NO_CONTEXT)
    best = search_best_constant(blind, search, dataset=dataset)
    with torch.no_grad():
        bias = policy.action_net.get_parameter("bias")
        bias.copy_(torch.from_numpy(best.action))


@contextlib.contextmanager
def _torch_threads(threads: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
