"""Linear Thompson sampling: the bandit that chose HeartSteps' suggestions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Literal, Self

import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode

from agents.env_config import AnyEnvConfig, env_from_manifest, make_vector_env
from agents.protocol import Arrays, Manifest, Overrides, Plain
from agents.tensor_tree import check_like
from agents.training_session import Session
from agents.training_state import SETTINGS, keep_state, kept_state, training_settings
from human_wm_env.errors import CheckpointError, ConfigError


@dataclass(frozen=True)
class ThompsonConfig:
    """Settings of the bandit.

    Attributes:
        steps: decisions in training, over all slots; rounded up to whole days.
        slots: people at the same time.
        update_days: days of all slots between two updates of the posterior.
        prior_precision: of each weight, in units of the noise's: ridge regression's penalty.
        noise_std: standard deviation of a reward around its mean, which scales exploration.
        seed: of people, noise and weights.
    """

    steps: int = 300_000
    slots: int = 250
    update_days: int = 10
    prior_precision: float = 10.0
    noise_std: float = 0.2
    seed: int = 0
    algorithm: Literal["thompson"] = "thompson"

    def __post_init__(self) -> None:
        for name in ("steps", "slots", "update_days"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} >= 1", f"{getattr(self, name)}", "Raise it.")
        for name in ("prior_precision", "noise_std"):
            if getattr(self, name) <= 0.0:
                raise ConfigError(f"{name} > 0", f"{getattr(self, name)}", "Raise it.")

    @property
    def days(self) -> int:
        """Days of all slots."""
        return -(-self.steps // self.slots)


class LinearPosterior:
    """Normal posterior of the weights of a reward that is linear in features.

    The mean reward of action a is f'w_0 + f'w_a, with w_0 shared and no w of action 0: what an
    action adds to nothing is estimated apart from how good the day is anyway.

    Args:
        width: of the features.
        actions: how many there are.
        precision: of the prior, in units of the noise's.
    """

    def __init__(self, width: int, actions: int, precision: float) -> None:
        self._grams = np.zeros((actions, width, width))
        self._sums = np.zeros((actions, width))
        self._precision = precision
        self.update()

    def add(self, features: np.ndarray, actions: np.ndarray, rewards: np.ndarray) -> None:
        """Take decisions and what they brought; counts from the next `update` on.

        Args:
            features: float (n, width).
            actions: int (n,).
            rewards: float (n,).
        """
        for action in range(len(self._sums)):
            mine = features[actions == action].astype(float)
            self._grams[action] += mine.T @ mine
            self._sums[action] += mine.T @ rewards[actions == action]

    def update(self) -> None:
        """Work the posterior out anew."""
        actions, width = self._sums.shape
        precision = np.zeros((actions, width, actions, width))
        precision[0, :, 0] = self._grams.sum(axis=0)
        for action in range(1, actions):
            gram = self._grams[action]
            precision[0, :, action] = precision[action, :, 0] = precision[action, :, action] = gram
        matrix = precision.reshape(actions * width, -1) + self._precision * np.eye(actions * width)
        sums = np.concatenate([self._sums.sum(axis=0), self._sums[1:].ravel()])
        # The covariance is root.T @ root.
        self._root = np.linalg.inv(np.linalg.cholesky(matrix))
        self.mean = (self._root.T @ (self._root @ sums)).reshape(actions, width)

    def state(self, day: int) -> Plain:
        """Return all that it has learned, for `restore`."""
        return {"day": day, "grams": self._grams, "sums": self._sums}

    def restore(self, kept: Manifest, settings: Manifest) -> int:
        """Go on from a kept state; returns its day.

        Raises:
            CheckpointError: it is of another world or damaged.
        """
        like = {**self.state(0), SETTINGS: settings}
        try:
            check_like(kept, like, "state")
        except (ValueError, TypeError) as error:
            raise CheckpointError(
                "the state of a training with the same settings",
                str(error),
                "Start anew with run.overwrite=true.",
            ) from error
        self._grams, self._sums = kept["grams"], kept["sums"]
        self.update()
        return int(kept["day"])

    def sample(self, count: int, noise_std: float, rng: np.random.Generator) -> np.ndarray:
        """Draw weights, float (count, actions, width)."""
        apart = noise_std * rng.standard_normal((count, self.mean.size)) @ self._root
        return self.mean + apart.reshape(count, *self.mean.shape)


def features_of(observations: np.ndarray) -> np.ndarray:
    """Return observations with a constant before them, float32 (slots, 1 + width)."""
    return np.concatenate([np.ones((len(observations), 1), np.float32), observations], axis=1)


def best(weights: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Return the action that adds most to nothing, int (slots,).

    Args:
        weights: float (actions, width), or one of each slot.
        features: float (slots, width).
    """
    each = np.broadcast_to(weights, (len(features), *weights.shape[-2:]))
    added = np.einsum("saw,sw->sa", each[:, 1:], features)
    return np.where(added.max(axis=1) > 0.0, added.argmax(axis=1) + 1, 0)


class ThompsonAgent:
    """Acts by the posterior mean of a trained bandit.

    Args:
        config: what it was trained with.
        env: where.
        mean: posterior mean of the weights, float (actions, 1 + observation's width).
    """

    kind = "thompson"

    def __init__(self, config: ThompsonConfig, env: AnyEnvConfig, mean: np.ndarray) -> None:
        self.name = self.kind
        self.config, self.env, self.mean = config, env, mean.astype(np.float32)
        self.env_overrides: Overrides = env.context_settings()

    def reset(self, slots: int) -> None:
        """Nothing to do."""

    def act(self, observations: np.ndarray) -> np.ndarray:
        """Return the action with the best expected reward of the day.

        Raises:
            ConfigError: the observations are not as wide as those of the training.
        """
        if 1 + observations.shape[1] != self.mean.shape[1]:
            raise ConfigError(
                f"observations of width {self.mean.shape[1] - 1}, as in {self.env.id}",
                f"{observations.shape[1]}",
                "Make the environment with the agent's env_overrides (person_context).",
            )
        return best(self.mean, features_of(observations))

    def to_manifest(self) -> tuple[Plain, Arrays]:
        """Return settings and weights."""
        return {"config": asdict(self.config), "env": asdict(self.env)}, {"mean": self.mean}

    @classmethod
    def from_manifest(cls, manifest: Manifest, weights: Arrays) -> Self:
        """Return the agent that `to_manifest` described."""
        config, env = ThompsonConfig(**manifest["config"]), env_from_manifest(manifest["env"])
        return cls(config, env, weights["mean"])


def train_thompson(config: ThompsonConfig, env: AnyEnvConfig, session: Session) -> ThompsonAgent:
    """Train the bandit: it sees the reward of the day alone, of all people pooled.

    Each decision of each person is by weights of its own draw. A resumed training goes on with what
    it learned, in new episodes.

    Raises:
        ConfigError: the actions are not Discrete.
        CheckpointError: the state to go on from is of other settings.

    Source: Agrawal & Goyal 2013; Liao et al. 2020, "Personalized HeartSteps".
    """
    vector = make_vector_env(
        env, config.slots, autoreset=AutoresetMode.SAME_STEP, dataset=session.dataset
    )
    try:
        space = vector.single_action_space
        if not isinstance(space, spaces.Discrete) or space.start != 0:
            raise ConfigError(
                "Discrete actions from 0 on, such as nudges", f"{space}", "Take another agent."
            )
        width = 1 + int(np.prod(vector.single_observation_space.shape or ()))
        learned = LinearPosterior(width, int(space.n), config.prior_precision)
        settings = training_settings(config, env, session.dataset)
        kept = kept_state(settings, session)
        done = 0 if kept is None else learned.restore(kept, settings)
        rng = np.random.default_rng([config.seed, done])
        seen, _ = vector.reset(seed=int(rng.integers(2**31)))
        session.report(done * config.slots)

        def so_far() -> ThompsonAgent:
            return ThompsonAgent(config, env, learned.mean)

        _measure(session, so_far, done * config.slots)
        last = done
        for day in range(done + 1, config.days + 1):
            features = features_of(seen)
            actions = best(learned.sample(config.slots, config.noise_std, rng), features)
            seen, rewards, *_ = vector.step(actions)
            learned.add(features, actions, np.asarray(rewards))
            session.report(config.slots)
            if day % config.update_days == 0 or day == config.days:
                learned.update()
                _measure(session, so_far, day * config.slots)
                every = session.checkpoint_days
                if day == config.days or (every and (day - last) * config.slots >= every):
                    last = day
                    keep_state(learned.state(day), settings, session)
                    if session.snapshot is not None:
                        session.snapshot(so_far(), day * config.slots)
    finally:
        vector.close()
    return so_far()


def _measure(session: Session, agent: Callable[[], ThompsonAgent], days: int) -> None:
    if session.measure is not None:
        session.measure(agent, days)
