"""The one scalar environment, over any World."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from human_wm_env.envs.scalarize import ScalarReward
from human_wm_env.errors import ConfigError, ResetNeededError, did_you_mean
from human_wm_env.person import observations
from human_wm_env.random_streams import FOR_START, Stream, generator
from human_wm_env.worlds.start_options import Start
from human_wm_env.worlds.world import World

OBSERVATION_KINDS = ("flat", "dict")


def check_observation_kind(kind: str) -> str:
    """Return the kind if it is "flat" or "dict"."""
    if kind not in OBSERVATION_KINDS:
        raise ConfigError(
            'observation "flat" or "dict"', repr(kind), did_you_mean(kind, OBSERVATION_KINDS)
        )
    return kind


def check_render_mode(world: World, mode: str | None) -> str | None:
    """Return the render mode if the world knows it."""
    if mode is not None and mode not in world.render_modes:
        raise ConfigError(
            f"render_mode None or one of {', '.join(world.render_modes)}",
            repr(mode),
            did_you_mean(mode, world.render_modes),
        )
    return mode


class Env(gym.Env[Any, np.ndarray]):
    """A person, one day a step.

    ## Observation
    On the eve of day t, a float32 Box (43,) with finite bounds, or the same as a Dict:

    | name | width | what |
    |---|---|---|
    | steps ... mood | 26 | the ten features of day t-1: scaled or one-hot, 0 where masked |
    | mask | 10 | 1 where the feature of day t-1 was observed |
    | weekday | 2 | sine and cosine of the weekday of day t, 0 if unknown |
    | weather_forecast | 4 | weather of day t, one-hot, 0 if unknown |
    | horizon_left | 1 | share of the horizon that is left |

    ## Action
    Box(-1, 1, (7,), float32): sleep_hours (of the coming night), workout_type, location,
    steps, calories_burned, distance_km, active_minutes. 0 is a typical day; -1 and 1 are
    the ends of what is feasible given the entries before (see `envs/actions.py`). Values
    outside are clipped; NaN, infinity or a wrong shape are an InvalidActionError.

    ## Reward
    The weighted sum of the components mood, recovery, sleep and effort, each in [0, 1]
    (see `envs/rewards.py`), as a Python float; with `vector_reward` the components
    themselves. `info["reward_components"]` always holds them.

    ## Start
    `reset()` draws a logged person and day of the split.
    `reset(options={"user": id, "day": t, "branch": b})` chooses;
    `reset(options={"history": (rows, observed), "start_weekday": 0})` brings a log.

    ## End
    Never terminated; truncated after `horizon` days.

    ## Info
    user, day, branch, mask; after a step also action (executed, raw units), uncertainty
    (0.0 outside the dream), reward_components, and pessimism_penalty.

    Args:
        world: what is stepped.
        observation: "flat" or "dict".
        reward_weights: overrides of single component weights.
        pessimism: penalty per unit of uncertainty, subtracted from the training scalar.
        vector_reward: return the components (MO-Gymnasium's convention).
        render_mode: None, "rgb_array" or "ansi".
    """

    def __init__(
        self,
        world: World,
        *,
        observation: str = "flat",
        reward_weights: Mapping[str, float] | None = None,
        pessimism: float = 0.0,
        vector_reward: bool = False,
        render_mode: str | None = None,
    ) -> None:
        self.world = world
        self.metadata = {"render_modes": list(world.render_modes), "render_fps": 4}
        self.render_mode = check_render_mode(world, render_mode)
        self._as_dict = check_observation_kind(observation) == "dict"
        self._parts = dict(world.observation_parts)
        flat = world.observation_space
        self.observation_space = (
            observations.dict_space(flat, self._parts) if self._as_dict else flat
        )
        self.action_space = world.action_space
        self._reward = ScalarReward(world, reward_weights, pessimism)
        self._vector_reward = vector_reward
        if vector_reward:
            count = len(world.component_names)
            self.reward_space = spaces.Box(0.0, 1.0, (count,), np.float32)
        self._seed: int | None = None
        self._episode = 0
        self._state: Any = None
        self._elapsed = 0
        self._over = False
        self._trail: list[Any] = []
        self.start: Start | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin an episode; see the class for the options.

        The scalar env is one slot: with `branch` b it has the streams of slot b of a
        VectorEnv (layout "branches"), without one those of a single slot ("people").
        """
        super().reset(seed=seed)
        if seed is not None:
            first, episode = int(seed), 0
        elif self._seed is None:
            first, episode = int(self.np_random.integers(2**31)), 0
        else:
            first, episode = self._seed, self._episode + 1
        group = (first, 0, episode)
        drawn = self.world.draw_start(generator(group, FOR_START), None)
        start = self.world.start_from(options or {}, drawn)
        slot = start.branch if (options or {}).get("branch") is not None else 0
        stream = Stream(group, (first, slot, episode))
        self._state, observation = self.world.reset([start], [stream])
        # Only now: refused options leave the env as it was.
        self._seed, self._episode, self.start = first, episode, start
        self._elapsed, self._over = 0, False
        self._trail = [self._state]
        return self._view(observation), _first(self.world.info(self._state))

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Live one day.

        Raises:
            ResetNeededError: before the first reset, or after the end.
            InvalidActionError: wrong shape, NaN or infinity.
        """
        if self._state is None or self._over:
            raise ResetNeededError(
                "reset() before step()",
                "no episode yet" if self._state is None else "an episode that is over",
                "Call reset() first; it returns the first observation.",
            )
        batch = self.world.check_actions(action, None)
        after = self.world.step(self._state, batch)
        self._state = after.state
        self._elapsed += 1
        if self.render_mode is not None:
            self._trail.append(after.state)
        info = _first(after.extras)
        components = after.components[0].tolist()
        reward, penalty = self._reward.one(components, info["uncertainty"])
        info["reward_components"] = dict(zip(self._reward.names, components, strict=True))
        info["pessimism_penalty"] = penalty
        paid: Any = after.components[0] if self._vector_reward else reward
        terminated, truncated = after.terminated.item(0), self._elapsed >= self.world.horizon
        self._over = terminated or truncated
        return self._view(after.observation), paid, terminated, truncated, info

    @property
    def state(self) -> Any:
        """The world's state, for planners and wrappers to read; None before the first reset."""
        return self._state

    def render(self) -> Any:
        """Return the picture ("rgb_array") or text ("ansi") of the episode so far."""
        if self.render_mode is None:
            raise ConfigError(
                f"a render_mode out of {', '.join(self.world.render_modes)}",
                "None",
                'Make the env with render_mode="rgb_array".',
            )
        if self._state is None:
            raise ResetNeededError(
                "reset() before render()", "no episode yet", "Call reset() first."
            )
        return self.world.render(self._state, self._trail, self.render_mode)

    def _view(self, observation: np.ndarray) -> Any:
        flat = observation[0]
        return observations.as_dict(flat, self._parts) if self._as_dict else flat


def _first(arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """Return slot 0 of batched info: numbers as Python numbers, rows as arrays."""
    info: dict[str, Any] = {}
    for name, array in arrays.items():
        info[name] = array.item(0) if array.ndim == 1 else array[0]
    return info
