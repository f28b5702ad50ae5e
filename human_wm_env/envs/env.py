"""The one scalar environment, over any World."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any, TypeAlias

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import ArrayLike

from human_wm_env.envs.observation_view import Observation, ObservationView
from human_wm_env.envs.scalarize import ScalarReward
from human_wm_env.errors import ConfigError, ResetNeededError
from human_wm_env.random_streams import FOR_START, Stream, generator
from human_wm_env.settings import one_of
from human_wm_env.worlds.world import AnyWorld

Info: TypeAlias = dict[str, Any]


def check_render_mode(world: AnyWorld, mode: str | None) -> str | None:
    """Return the render mode if the world knows it."""
    return None if mode is None else one_of(mode, world.render_modes, "a render_mode (or None)")


def component_space(world: AnyWorld) -> spaces.Box:
    """Return the space of a vector reward: the world's components."""
    low, high = world.component_bounds
    return spaces.Box(low, high, (len(world.component_names),), np.float32)


class Env(gym.Env[Observation, ArrayLike]):
    """A World, one step at a time; what follows describes the worlds of people, a day a step.

    ## Observation
    Before day t, a float32 Box (43,) with finite bounds, or the same as a Dict:

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
    the ends of what is feasible given the entries before (see `person/actions.py`). Values
    outside are clipped; NaN, infinity or a wrong shape are an InvalidActionError.

    ## Order of a day
    Weekday and weather are known; then the action is executed, then heart rate and mood of
    the same row are measured, in the evening. Where a checkpoint's manifest says
    `states_measured: "morning"` they are measured on waking: weekday, weather, sleep_hours,
    states, the other actions. Sleep then moves the states of its own row, the other actions
    those of the next one. Either way row t is what day t brings.

    ## Reward
    Of day t from row t, whichever its order: the weighted sum of the components mood,
    recovery, sleep and effort, each in [0, 1] (see `person/rewards.py`), as a Python float;
    with `vector_reward` the components themselves. `info["reward_components"]` always holds
    them.

    ## Start
    `reset()` draws a logged person and day of the split.
    `reset(options={"user": id, "day": t, "branch": b})` chooses;
    `reset(options={"history": (rows, observed), "start_weekday": 0})` brings a log.

    ## End
    Never terminated; truncated after `horizon` days.

    ## Info
    user, day, branch, mask; after a step also action (executed, raw units), uncertainty
    (0.0 outside the dream; there, how little is known about what to expect of the day's states,
    for this person and these actions), reward_components, and pessimism_penalty.

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
        world: AnyWorld,
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
        self._view = ObservationView(world, observation)
        self.observation_space = self._view.space
        self.action_space = world.action_space
        self._reward = ScalarReward(world, reward_weights, pessimism)
        self._vector_reward = vector_reward
        if vector_reward:
            self.reward_space = component_space(world)
        self._seed: int | None = None
        self._episode = 0
        self._state: Any = None
        self._elapsed = 0
        self._over = False
        self._trail: list[Any] = []
        #: where the running episode began, as the world says it
        self.start: Any = None

    def reset(
        self, *, seed: int | None = None, options: Info | None = None
    ) -> tuple[Observation, Info]:
        """Begin an episode; see the class for the options.

        The scalar env is one slot: with option `branch` b it has the streams of slot b of a
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
        options = options or {}
        drawn = self.world.draw_start(generator(group, FOR_START))
        (start,) = self.world.start_from([options], [drawn])
        branch = options.get("branch")
        slot = 0 if branch is None else operator.index(branch)
        stream = Stream(group, (first, slot, episode))
        self._state, observation = self.world.reset([start], [stream])
        # Only now: refused options leave the env as it was.
        self._seed, self._episode, self.start = first, episode, start
        self._elapsed, self._over = 0, False
        self._trail = [self._state]
        return self._view(observation[0]), _first(self.world.info(self._state))

    def step(self, action: ArrayLike) -> tuple[Observation, float | np.ndarray, bool, bool, Info]:
        """Advance by one step.

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
        reward, penalty = self._reward.one(components, info.get("uncertainty", 0.0))
        info["reward_components"] = dict(zip(self._reward.names, components, strict=True))
        info["pessimism_penalty"] = penalty
        terminated, truncated = after.terminated.item(0), self._elapsed >= self.world.horizon
        self._over = terminated or truncated
        shown = after.components[0] if self._vector_reward else reward
        return self._view(after.observation[0]), shown, terminated, truncated, info

    @property
    def state(self) -> Any:
        """The world's state, for planners and wrappers to read; None before the first reset."""
        return self._state

    def render(self) -> np.ndarray | str:
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


def _first(arrays: dict[str, np.ndarray]) -> Info:
    """Return slot 0 of batched info: numbers as Python numbers, rows as arrays."""
    info: Info = {}
    for name, array in arrays.items():
        info[name] = array.item(0) if array.ndim == 1 else array[0]
    return info
