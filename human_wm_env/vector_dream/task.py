"""Which environment a world model is of: its name, its spaces, its time limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from human_wm_env.errors import ConfigError, DataError, did_you_mean

# Of environments without a time limit of their own.
DEFAULT_HORIZON = 1000


@dataclass(frozen=True)
class ActionCode:
    """The actions of an environment, as a controller gives them and as nets take them.

    A controller acts in [-1, 1] where the environment has a Box, and by the index of an action
    where it is Discrete; nets take the first as they are and the second one-hot.

    Attributes:
        low: lowest values of a Box; empty for Discrete.
        high: highest values of a Box.
        count: number of Discrete actions; 0 for a Box.
        first: the first Discrete action.
    """

    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    count: int = 0
    first: int = 0

    @classmethod
    def of(cls, space: spaces.Space) -> Self:
        """Return the code of an action space.

        Raises:
            ConfigError: it is neither Discrete nor a bounded, flat Box.
        """
        if isinstance(space, spaces.Discrete):
            return cls(count=int(space.n), first=int(space.start))
        if isinstance(space, spaces.Box) and len(space.shape) == 1 and space.is_bounded():
            return cls(tuple(map(float, space.low)), tuple(map(float, space.high)))
        raise ConfigError(
            "a Discrete action space, or a Box of one axis with finite bounds",
            str(space),
            "Wrap the environment, for instance with gymnasium.wrappers.RescaleAction.",
        )

    @property
    def width(self) -> int:
        """Numbers that the nets take for an action."""
        return self.count or len(self.low)

    @property
    def space(self) -> spaces.Box | spaces.Discrete:
        """The controller's action space."""
        if self.count:
            return spaces.Discrete(self.count)
        return spaces.Box(-1.0, 1.0, (len(self.low),), np.float32)

    def encode(self, actions: np.ndarray) -> np.ndarray:
        """Return a controller's actions, (n,) or (n, width), as float32 (n, width) for nets."""
        if self.count:
            return np.eye(self.count, dtype=np.float32)[actions]
        return np.asarray(actions, dtype=np.float32)

    def to_env(self, actions: np.ndarray) -> np.ndarray:
        """Return a controller's actions, (n, ...), as the environment takes them."""
        if self.count:
            return np.asarray(actions) + self.first
        low, high = np.array(self.low), np.array(self.high)
        scaled = low + (np.clip(actions, -1.0, 1.0) + 1.0) * 0.5 * (high - low)
        return np.clip(scaled, low, high).astype(np.float32)

    def from_env(self, actions: np.ndarray) -> np.ndarray:
        """Return actions, (n, ...), that `to_env` makes these of."""
        if self.count:
            return np.asarray(actions) - self.first
        low, high = np.array(self.low), np.array(self.high)
        return (2.0 * (np.asarray(actions) - low) / (high - low) - 1.0).astype(np.float32)


@dataclass(frozen=True)
class Task:
    """One environment, as a world model knows it.

    Attributes:
        env_id: a registered id.
        kwargs: what it is made with, plain values.
        observation_width: entries of an observation.
        action: its actions.
        horizon: its time limit, steps.
    """

    env_id: str
    observation_width: int
    action: ActionCode
    horizon: int
    kwargs: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, env_id: str, kwargs: Mapping[str, Any] | None = None) -> Self:
        """Make the environment once and read off what it is.

        Raises:
            ConfigError: an unknown id, an argument that it does not take, no spec, or
                observations that are not flat vectors.
        """
        arguments = dict(kwargs or {})
        env = make_real(env_id, arguments)
        try:
            return cls._read(env, env_id, arguments)
        finally:
            env.close()

    @classmethod
    def _read(cls, env: gym.Env[Any, Any], env_id: str, kwargs: dict[str, Any]) -> Self:
        space = env.observation_space
        if not isinstance(space, spaces.Box) or space.shape is None or len(space.shape) != 1:
            raise ConfigError(
                f"vector observations: a Box of one axis in {env_id}",
                str(space),
                "Images are not learned here; flatten others with "
                "gymnasium.wrappers.FlattenObservation in an id of your own.",
            )
        if env.spec is None:
            raise ConfigError(
                f"an environment with a spec for {env_id}", "none", "Register it with Gymnasium."
            )
        own_limit = getattr(getattr(env.unwrapped, "world", None), "horizon", DEFAULT_HORIZON)
        horizon = int(env.spec.max_episode_steps or own_limit)
        return cls(env_id, int(space.shape[0]), ActionCode.of(env.action_space), horizon, kwargs)

    def to_json(self) -> dict[str, Any]:
        """Return plain values that `from_json` makes the task of."""
        return asdict(self)

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> Self:
        """Return the task that `to_json` wrote down."""
        code = dict(entry["action"])
        action = ActionCode(tuple(code["low"]), tuple(code["high"]), code["count"], code["first"])
        return cls(**{**entry, "action": action})


def make_real(env_id: str, kwargs: Mapping[str, Any]) -> gym.Env[Any, Any]:
    """Make the environment itself, its errors as a ConfigError."""
    try:
        return gym.make(env_id, **kwargs)
    except gym.error.DependencyNotInstalled as error:
        raise ConfigError(
            f"what {env_id} needs", str(error), "For MuJoCo: pip install 'humanwm[mujoco]'."
        ) from error
    except gym.error.Error as error:
        raise ConfigError(
            "the id of a registered environment", repr(env_id), did_you_mean(env_id, gym.registry)
        ) from error
    except TypeError as error:
        raise ConfigError(
            f"arguments that {env_id} takes", str(error), "Correct env.kwargs."
        ) from error


def check_finite(array: np.ndarray, what: str, env_id: str) -> np.ndarray:
    """Return what an environment gave, or raise DataError if it is not finite."""
    if not np.isfinite(array).all():
        raise DataError(
            f"finite {what} from {env_id}",
            "NaN or infinity",
            "Mend the environment; nothing was written.",
        )
    return array
