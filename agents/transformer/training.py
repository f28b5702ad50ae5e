"""Train the transformer on whole episodes: REINFORCE with a running baseline, or PPO."""

from __future__ import annotations

import contextlib
import copy
from collections import defaultdict
from typing import NamedTuple

import numpy as np
import torch
from gymnasium.vector import AutoresetMode
from torch import Tensor

from agents.env_config import AnyEnvConfig, EnvConfig, Vector, make_vector_env, with_arguments
from agents.torch_threads import torch_threads
from agents.training_session import Session
from agents.training_state import keep_state, kept_state, training_settings
from agents.transformer.action_codec import ActionCodec
from agents.transformer.agent import TransformerAgent, is_binary
from agents.transformer.curriculum import Curriculum
from agents.transformer.episodes import Episodes, collect
from agents.transformer.network import WorldModelTransformer
from agents.transformer.objectives import (
    RunningBaseline,
    clipped_policy_loss,
    discounted_returns,
    generalised_advantages,
    mean_alive,
    prediction_reward,
    state_loss,
)
from agents.transformer.settings import ReinforceConfig, TransformerPPOConfig
from human_wm_env.errors import CheckpointError, ConfigError

POINTS = 200  # of each curve
LAST_RATE = 0.1  # of the first learning rate


def train_transformer(
    config: ReinforceConfig, env: AnyEnvConfig, session: Session
) -> TransformerAgent:
    """Train the transformer in an environment; the same seed gives the same weights.

    An update runs `config.episodes` new episodes, whose seeds come from the training's seed and
    the number of the update alone: a resumed training is the one that was never interrupted.

    Args:
        config: settings.
        env: of the environment.
        session: curves, progress, state.

    Raises:
        CheckpointError: the state to go on from is of other settings.
        ConfigError: a curriculum in a world of people, or actions that cannot be learned.
    """
    if config.curriculum.levels and isinstance(env, EnvConfig):
        raise ConfigError(
            "curriculum.levels in a world that is not of people",
            f"{len(config.curriculum.levels)} levels in {env.id}",
            "Leave them out.",
        )
    with torch_threads(config.threads), contextlib.ExitStack() as stack:
        trainer = Trainer(config, env, session)
        stack.callback(trainer.close)
        settings = training_settings(config, env, session.dataset)
        kept = kept_state(settings, session)
        if kept is not None:
            trainer.restore(kept)
            session.report(trainer.update)
        while trainer.update < config.steps:
            trainer.train_once()
            session.report(1)
            last = trainer.update == config.steps
            if last or (config.keep_every and trainer.update % config.keep_every == 0):
                keep_state(trainer.state(), settings, session)
                if session.snapshot is not None and not last:
                    session.snapshot(trainer.agent(), trainer.update)
        return trainer.agent()


class _Targets(NamedTuple):
    """Advantages and returns, (slots, steps), that all passes over some episodes share."""

    advantages: Tensor
    returns: Tensor


class Trainer:
    """One training: net, optimiser, baseline, level and counters.

    Args:
        config: settings.
        env: of the environment.
        session: gets the curves.
    """

    def __init__(self, config: ReinforceConfig, env: AnyEnvConfig, session: Session) -> None:
        self.config, self.env, self.session = config, env, session
        self.update = 0
        self.curriculum = Curriculum(config.curriculum)
        self.vector = self._make()
        space = self.vector.single_observation_space
        if space.shape is None or len(space.shape) != 1:
            raise ConfigError("flat observations", str(space), 'Make it with observation="flat".')
        self.codec = ActionCodec(self.vector.single_action_space)
        self.binary = is_binary(space, config)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            self.net = WorldModelTransformer(
                space.shape[0], self.codec.width, self.codec.continuous, config
            )
        self.optimiser = torch.optim.Adam(
            self.net.parameters(), lr=config.learning_rate, fused=True
        )
        self.baseline = RunningBaseline(config.baseline_decay)
        self._sums: dict[str, list[float]] = defaultdict(list)

    def _make(self) -> Vector:
        env = self.env
        if self.curriculum.levels:
            env = with_arguments(env, self.curriculum.arguments)
        return make_vector_env(
            env,
            self.config.episodes,
            autoreset=AutoresetMode.NEXT_STEP,
            dataset=self.session.dataset,
        )

    def close(self) -> None:
        """Close the environment."""
        self.vector.close()

    def train_once(self) -> None:
        """Run new episodes, and learn from them."""
        entropy = (self.config.seed, self.update)
        seed = int(np.random.SeedSequence(entropy).generate_state(1)[0])
        config = self.config
        at_random = config.episodes_at_random
        episodes = collect(self.net, self.codec, self.vector, seed, at_random=at_random)
        left = 1.0 - self.update / config.steps
        for group in self.optimiser.param_groups:
            group["lr"] = config.learning_rate * (LAST_RATE + (1.0 - LAST_RATE) * left)
        parts = [episodes.part(index, config.minibatches) for index in range(config.minibatches)]
        targets: list[_Targets | None] = [None] * len(parts)
        for _ in range(config.epochs):
            for index, part in enumerate(parts):
                loss, targets[index] = self._loss(part, targets[index], left)
                self.optimiser.zero_grad(set_to_none=True)
                loss.backward()
                norm = torch.nn.utils.clip_grad_norm_(self.net.parameters(), config.max_grad_norm)
                self.optimiser.step()
        self._log("train/gradient_norm", float(norm))
        self.update += 1
        self._follow(episodes)
        self._write()

    def _loss(
        self, episodes: Episodes, targets: _Targets | None, left: float
    ) -> tuple[Tensor, _Targets]:
        """Return the loss of a pass over episodes, and what all their passes aim at.

        Args:
            episodes: to learn from.
            targets: of the first pass; None in that pass.
            left: share of the training that is left.
        """
        config, net, codec = self.config, self.net, self.codec
        own, steps, first = episodes.own, episodes.actions.shape[1], targets is None
        asks = config.world_model_coef > 0.0 or config.prediction_weight != 0.0
        encoded = codec.encode(episodes.actions) if asks else None
        read, asked = net.whole(episodes.states[:, :steps], episodes.before[:, :steps], encoded)
        output, values = net.action_head(read), net.value_head(read)[..., 0]
        world_model, right = torch.zeros(()), torch.zeros(())
        if asked is not None:
            world_model, right = self._world_model(asked, episodes, log=first)
        if targets is None:
            rewards = config.goal_weight * episodes.rewards + config.prediction_weight * right
            targets = self._targets(rewards, values.detach(), episodes)
        logs = codec.log_probability(output, net.log_std, episodes.actions)
        if isinstance(config, TransformerPPOConfig):
            old, clip = episodes.log_probabilities, config.clip_range
            policy = clipped_policy_loss(logs, old, targets.advantages, clip)
        else:
            policy = -logs * targets.advantages
        entropy = mean_alive(codec.entropy(output, net.log_std), own)
        value_loss = mean_alive((values - targets.returns).square(), own)
        if first:
            self._log("train/entropy", float(entropy.detach()))
            self._log("train/value_loss", float(value_loss.detach()))
        loss = (
            mean_alive(policy, own)
            + config.value_coef * value_loss
            + config.world_model_coef * world_model
            - config.entropy_coef * left * entropy
        )
        return loss, targets

    def _world_model(
        self, asked: Tensor, episodes: Episodes, *, log: bool
    ) -> tuple[Tensor, Tensor]:
        """Return the loss of the predictions, and how right each of them was."""
        predicted, following = self.net.world_model_head(asked), episodes.states[:, 1:]
        states, rewards = predicted[..., :-1], predicted[..., -1]
        each = state_loss(states, following, self.binary) + (rewards - episodes.rewards).square()
        loss = mean_alive(each, episodes.alive)
        right = prediction_reward(states.detach(), following, self.binary)
        if log:
            self._log("components/prediction", float(mean_alive(right, episodes.own)))
            self._log("train/world_model_loss", float(loss.detach()))
        return loss, right

    def _targets(self, rewards: Tensor, values: Tensor, episodes: Episodes) -> _Targets:
        """Return what policy and value are trained towards."""
        config, alive = self.config, episodes.own
        returns = discounted_returns(rewards, alive, config.gamma)
        if not isinstance(config, TransformerPPOConfig):
            return _Targets(self.baseline.advantages(returns, alive), returns)
        advantages = generalised_advantages(
            *(rewards, values, episodes.ends, alive), gamma=config.gamma, decay=config.gae_lambda
        )
        off = advantages - mean_alive(advantages, alive)
        return _Targets(off / (mean_alive(off.square(), alive).sqrt() + 1e-8), returns)

    # Curves and levels --------------------------------------------------------------

    def _log(self, name: str, value: float) -> None:
        self._sums[name].append(value)

    def _follow(self, episodes: Episodes) -> None:
        """Note what the episodes brought, and change the level where it is time."""
        self._log("rollout/ep_rew_mean", float(episodes.returns.mean()))
        for name, value in episodes.components.items():
            self._log(f"components/{name}", value)
        if episodes.successes is None:
            return
        world = getattr(self.vector.unwrapped, "world", None)
        decisions = len(episodes.successes) * int(getattr(world, "decisions", 1))
        successes = int(episodes.successes.sum())
        self._log("rollout/success_rate", successes / decisions)
        if self.curriculum.levels:
            self._log("curriculum/level", float(self.curriculum.level))
            if self.curriculum.record(successes, decisions):
                self.vector.close()
                self.vector = self._make()

    def _write(self) -> None:
        """Hand on the means since the last point of the curves."""
        every = max(1, self.config.steps // POINTS)
        if self.update % every and self.update != self.config.steps:
            return
        if self.session.logger is not None:
            for name, values in self._sums.items():
                self.session.logger.scalar(name, float(np.mean(values)), self.update)
        self._sums.clear()

    # State --------------------------------------------------------------------------

    def state(self) -> dict[str, object]:
        """Return all that a resumed training needs."""
        return {
            "update": self.update,
            "net": self.net.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "baseline": self.baseline.state(),
            "curriculum": self.curriculum.state(),
            "curves": {name: list(values) for name, values in self._sums.items()},
        }

    def restore(self, state: dict[str, object]) -> None:
        """Go on from a state.

        Raises:
            CheckpointError: it does not fit the net.
        """
        try:
            self.net.load_state_dict(state["net"])  # type: ignore[arg-type]
            self.optimiser.load_state_dict(state["optimiser"])  # type: ignore[arg-type]
            self.baseline.restore(state["baseline"])  # type: ignore[arg-type]
            self.curriculum.restore(state["curriculum"])  # type: ignore[arg-type]
            self.update = int(state["update"])  # type: ignore[call-overload]
            self._sums = defaultdict(list, state["curves"])  # type: ignore[call-overload]
        except (ValueError, RuntimeError, KeyError, TypeError) as error:
            raise CheckpointError(
                "the state of a training with the same settings",
                " ".join(str(error).split())[:300],
                "Resume with the run's own settings, or start anew with run.overwrite=true.",
            ) from error
        if self.curriculum.levels:
            self.vector.close()
            self.vector = self._make()

    def agent(self) -> TransformerAgent:
        """Return an agent whose net the training leaves alone."""
        return TransformerAgent(
            copy.deepcopy(self.net),
            self.vector.single_observation_space,
            self.codec.space,
            self.config,
            self.env,
        )
