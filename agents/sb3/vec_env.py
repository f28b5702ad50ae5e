"""Let stable-baselines3 train on a Gymnasium VectorEnv of ours directly."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices

from agents.env_config import Vector
from agents.protocol import Manifest, Plain
from agents.reward_components import named_components
from agents.sb3.algorithms import first_action
from agents.tensor_tree import check_like
from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.errors import ConfigError
from human_wm_env.settings import whole_number

# Shared by all slots whose episode goes on; read-only, so that no one can mix them up.
AnyWrapper = gym.Wrapper[Any, Any, Any, Any]
Info = dict[str, Any]
MOST_KEPT_STEPS = 10_000
_NOTHING: Info = MappingProxyType({})  # type: ignore[assignment]


class RunningEpisodes:
    """Which episodes run, and what was done in them: enough to run them again.

    Args:
        seed: that they follow from; None where nobody knows it.
        number: of the episodes since the seed.
    """

    def __init__(self, seed: int | None = None, number: int = 0) -> None:
        self._seed, self._number = seed, number
        self._actions: list[np.ndarray] = []

    def add(self, actions: np.ndarray, over: np.ndarray) -> None:
        """Note a step; all slots have to end together, or the seed is of no use any more."""
        if not over.any():
            self._actions.append(actions)
            return
        self._number, self._actions = self._number + 1, []
        if not over.all():
            self._seed = None

    def kept(self) -> Plain | None:
        """Return seed, number and actions, (steps, slots, ...); None without a seed."""
        if self._seed is None:
            return None
        actions = np.array(self._actions)
        return {"seed": self._seed, "episode": self._number, "actions": actions}


class SB3VecEnv(VecEnv):
    """The slots of one VectorEnv as stable-baselines3 wants them.

    A slot whose episode ended gets an info of its own:
    - `terminal_observation`: what it saw last (the observation returned is the next
      episode's first one);
    - `TimeLimit.truncated`: True if the time limit alone ended the episode, so that
      the value of `terminal_observation` is bootstrapped; never without `bootstrap`;
    - `episode`: return `r`, length `l`, seconds since the start `t`, as SB3's Monitor
      reports them, and the mean of each reward component.

    All other slots share one empty, read-only info. The reset infos are empty.

    Args:
        env: a VectorEnv with SAME_STEP autoreset and a scalar reward.
        bootstrap: tell SB3 of time limits; without, it takes them for the end.

    Raises:
        ConfigError: another autoreset mode, or vector rewards.

    Source: `VecEnv` and `Monitor` of stable-baselines3 2.9; SB3 issues 1568 and 1745.
    """

    def __init__(self, env: Vector, *, bootstrap: bool = True) -> None:
        if not isinstance(env, gym.vector.VectorEnv):
            raise ConfigError(
                "a VectorEnv",
                repr(env),
                "Make it with gym.make_vec(..., autoreset_mode=AutoresetMode.SAME_STEP).",
            )
        mode = env.metadata.get("autoreset_mode")
        if mode != AutoresetMode.SAME_STEP:
            raise ConfigError(
                "a VectorEnv with autoreset_mode SAME_STEP",
                str(mode),
                "Make it with gym.make_vec(..., autoreset_mode=AutoresetMode.SAME_STEP).",
            )
        self.env, self._bootstrap = env, bootstrap
        self._actions = np.empty(0)
        self._seed: int | None = None
        self._running = RunningEpisodes()
        self._returns = np.zeros(env.num_envs)
        self._lengths = np.zeros(env.num_envs, dtype=int)
        self._totals: dict[str, np.ndarray] = {}
        self._began = time.monotonic()
        super().__init__(env.num_envs, env.single_observation_space, env.single_action_space)

    # Seeds and options: one of each for the whole batch ------------------------------

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        """Use a seed in the next reset; the slots' streams are derived from it."""
        self._seed = seed
        return [seed] * self.num_envs

    def set_options(self, options: list[Info] | Info | None = None) -> None:
        """Use options in the next reset; one dict, whose values may be lists by slot."""
        if isinstance(options, list):
            raise ConfigError(
                "one dict of reset options",
                "a list",
                "Give lists inside the dict: {'user': [...], 'day': [...]}.",
            )
        self._options = [dict(options or {})]

    def reset(self) -> np.ndarray:
        """Begin episodes in all slots and return their first observations."""
        options = self._options[0]
        observations, _ = self.env.reset(seed=self._seed, options=options or None)
        self._running = RunningEpisodes(None if options else self._seed)
        self._seed, self._options = None, [{}]
        self._returns[:] = 0.0
        self._lengths[:] = 0
        self._totals = {}
        return observations

    # Steps --------------------------------------------------------------------------

    def step_async(self, actions: np.ndarray) -> None:
        """Keep the actions for `step_wait`."""
        self._actions = actions + first_action(self.action_space)

    def step_wait(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[Info]]:
        """Advance every slot by one day."""
        observations, rewards, terminated, truncated, info = self.env.step(self._actions)
        if rewards.shape != (self.num_envs,):
            raise ConfigError(
                f"scalar rewards of shape ({self.num_envs},)",
                f"shape {rewards.shape}",
                "Make the environment without vector_reward.",
            )
        over = terminated | truncated
        self._running.add(self._actions, over)
        self._returns += rewards
        self._lengths += 1
        self._add_components(info, over)
        infos = [_NOTHING] * self.num_envs
        for slot in np.flatnonzero(over):
            infos[slot] = {
                "terminal_observation": info["final_obs"][slot],
                "TimeLimit.truncated": self._bootstrap
                and bool(truncated[slot] and not terminated[slot]),
                "episode": self._episode(int(slot)),
            }
        self._begin_again(over)
        return observations, rewards.astype(np.float32), over, infos

    def _add_components(self, info: Info, over: np.ndarray) -> None:
        # What a finished slot did on its last day is in `final_info`.
        last = named_components(self.env, info.get("final_info", {}))
        for name, values in named_components(self.env, info).items():
            if name not in self._totals:
                self._totals[name] = np.zeros(self.num_envs)
            self._totals[name] += np.where(over, last[name], values) if name in last else values

    def _episode(self, slot: int) -> dict[str, float]:
        length = int(self._lengths[slot])
        means = {name: float(total[slot]) / length for name, total in self._totals.items()}
        return {
            "r": float(self._returns[slot]),
            "l": length,
            "t": time.monotonic() - self._began,
            **means,
        }

    def _begin_again(self, over: np.ndarray) -> None:
        self._returns[over] = 0.0
        self._lengths[over] = 0
        for total in self._totals.values():
            total[over] = 0.0

    def close(self) -> None:
        """Close the environment."""
        self.env.close()

    # Going on with the episodes of a training that stopped ------------------------------

    def episodes(self) -> Plain | None:
        """Return what `go_on` needs of the running episodes.

        None where they cannot be repeated: slots whose episodes began at different times, or an
        environment that is not of this package.
        """
        if not isinstance(self.env.unwrapped, VectorEnv):
            return None
        running = self._running.kept()
        sums = {"returns": self._returns, "lengths": self._lengths, "totals": self._totals}
        return None if running is None else {**running, **sums}

    def go_on(self, kept: Manifest) -> np.ndarray:
        """Begin the episodes that `episodes` told of, and act in them as was acted.

        Returns:
            The observations as of then.
        """
        seed, number = whole_number(kept["seed"], "seed"), whole_number(kept["episode"], "episode")
        sums = {"returns": self._returns, "lengths": self._lengths}
        check_like({name: kept[name] for name in sums}, sums, "episodes")
        totals = dict(kept["totals"])
        base = self.env.unwrapped
        if not isinstance(base, VectorEnv):
            raise ValueError("episodes of another environment")
        known = totals.keys() & set(base.world.component_names)
        check_like(totals, dict.fromkeys(known, self._returns), "episodes.totals")
        shape = np.shape(kept["actions"])
        if len(shape) > 0 and shape[0] > MOST_KEPT_STEPS:
            raise ValueError(f"episodes of {shape[0]} steps")
        observations, _ = self.env.reset(seed=seed, options={"episode": number})
        self._running = RunningEpisodes(seed, number)
        for actions in kept["actions"]:
            observations, _, terminated, truncated, _ = self.env.step(actions)
            self._running.add(actions, terminated | truncated)
        self._returns, self._lengths = kept["returns"], kept["lengths"]
        self._totals = totals
        return observations

    # Attributes: all slots are in one object ------------------------------------------

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[object]:
        """Return an attribute of the environment, once for each slot asked for."""
        return [getattr(self._owner(attr_name), attr_name)] * len(self._slots(indices))

    def set_attr(self, attr_name: str, value: object, indices: VecEnvIndices = None) -> None:
        """Set an attribute of the environment.

        Raises:
            ConfigError: for some slots only, which share one object.
        """
        if len(self._slots(indices)) != self.num_envs:
            raise ConfigError(
                "an attribute set for all slots",
                f"the slots {self._slots(indices)}",
                "The slots share one environment: leave `indices` out.",
            )
        setattr(self.env.unwrapped, attr_name, value)

    def env_method(
        self,
        method_name: str,
        *method_args: object,
        indices: VecEnvIndices = None,
        **method_kwargs: object,
    ) -> list[object]:
        """Call a method of the environment ONCE; the result is repeated for each slot."""
        result = getattr(self._owner(method_name), method_name)(*method_args, **method_kwargs)
        return [result] * len(self._slots(indices))

    def env_is_wrapped(
        self, wrapper_class: type[AnyWrapper], indices: VecEnvIndices = None
    ) -> list[bool]:
        """Say whether slots are wrapped: by Monitor yes, its `episode` info is built in."""
        return [issubclass(wrapper_class, Monitor)] * len(self._slots(indices))

    def _owner(self, name: str) -> Any:
        """Return the wrapper, or else the environment below all wrappers, that has a name."""
        return self.env if hasattr(self.env, name) else self.env.unwrapped

    def _slots(self, indices: VecEnvIndices) -> list[int]:
        return list(self._get_indices(indices))
