"""The one scalar environment, over any World."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any, TypeAlias

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import ArrayLike

from human_wm_env.envs.episode_limit import EpisodeLimit
from human_wm_env.envs.human_window import HumanWindow
from human_wm_env.envs.observation_view import Observation, ObservationView
from human_wm_env.envs.scalarize import ScalarReward
from human_wm_env.errors import ConfigError, ResetNeededError
from human_wm_env.random_streams import FOR_START, Stream, generator
from human_wm_env.settings import mapping_of, one_of, seed_number, true_or_false
from human_wm_env.worlds.world import AnyWorld

Info: TypeAlias = dict[str, Any]


FRAMES_A_SECOND = 4
HUMAN, PIXELS = "human", "rgb_array"


def render_modes_of(world: AnyWorld) -> list[str]:
    """Return what a world can draw; one that draws frames can show them in a window, too."""
    return [*([HUMAN] if PIXELS in world.render_modes else []), *world.render_modes]


def check_render_mode(world: AnyWorld, mode: str | None) -> str | None:
    """Return the render mode if the world knows it."""
    return None if mode is None else one_of(mode, render_modes_of(world), "a render_mode (or None)")


def info_at_reset(world: AnyWorld, slots: int) -> dict[str, np.ndarray]:
    """Return zeros, (slots, ...), in the place of what only a step has."""
    shapes = {**world.step_info, "reward_components": (len(world.component_names),)}
    info: dict[str, np.ndarray] = {
        name: np.zeros((slots, *shape), np.float32) for name, shape in shapes.items()
    }
    info["pessimism_penalty"] = np.zeros(slots)
    return info


def component_space(world: AnyWorld) -> spaces.Box:
    """Return the space of a vector reward: the world's components."""
    low, high = world.component_bounds
    return spaces.Box(low, high, (len(world.component_names),), np.float32)


class Env(EpisodeLimit, gym.Env[Observation, ArrayLike]):
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
    Never terminated; truncated after `horizon` days, which is also `spec.max_episode_steps`.

    ## Info
    Numbers and arrays of numbers, the same keys after a reset and after a step: user_index
    (`user_name(index)` is the person's id), day, branch, mask; and, 0 after a reset, action
    (executed, raw units), uncertainty (0.0 outside the dream; there, how little is known about
    what to expect of the day's states, for this person and these actions), reward_components,
    and pessimism_penalty.

    ## Copies
    The noise of an episode is drawn at its reset. A copy (`copy.deepcopy`) therefore foresees the
    future of its original, day by day; `reseed` gives it a future of its own.

    Args:
        world: what is stepped.
        observation: "flat" or "dict".
        reward_weights: overrides of single component weights.
        pessimism: penalty per unit of uncertainty, subtracted from the training scalar.
        vector_reward: return the components (MO-Gymnasium's convention).
        render_mode: None, "human" (a window), "rgb_array" or "ansi"; `gym.make` also takes
            "rgb_array_list" and "ansi_list".
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
        self.metadata = {"render_modes": render_modes_of(world), "render_fps": FRAMES_A_SECOND}
        self.render_mode = check_render_mode(world, render_mode)
        self._window = (
            HumanWindow(type(world).__name__, 1 / FRAMES_A_SECOND) if render_mode == HUMAN else None
        )
        self._view = ObservationView(world, observation)
        self.observation_space = self._view.space
        self.action_space = world.action_space
        self._reward = ScalarReward(world, reward_weights, pessimism)
        #: of `reward_components` in `info`
        self.component_names = world.component_names
        self._vector_reward = true_or_false(vector_reward, "vector_reward")
        if vector_reward:
            self.reward_space = component_space(world)
            self.reward_dim = len(world.component_names)
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
        seed = None if seed is None else seed_number(seed)
        options = dict(mapping_of(options, "reset options"))
        super().reset(seed=seed)
        if seed is not None:
            first, episode = seed, 0
        elif self._seed is None:
            first, episode = int(self.np_random.integers(2**31)), 0
        else:
            first, episode = self._seed, self._episode + 1
        group = (first, 0, episode)
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
        self._show()
        info = _first(self.world.info(self._state) | info_at_reset(self.world, 1))
        info["reward_components"] = dict.fromkeys(self.component_names, 0.0)
        return self._view(observation[0]), info

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
        info["reward_components"] = dict(zip(self.component_names, components, strict=True))
        info["pessimism_penalty"] = penalty
        terminated, truncated = after.terminated.item(0), self._elapsed >= self.world.horizon
        self._over = terminated or truncated
        self._show()
        shown = after.components[0] if self._vector_reward else reward
        return self._view(after.observation[0]), shown, terminated, truncated, info

    def reseed(self, seed: int) -> None:
        """Draw the noise of the running episode's days to come, and of later episodes, anew.

        Who the person is and the days so far stay as they are. For copies of an env: a plain
        copy has the noise of its original, and so foresees its future.

        Raises:
            ResetNeededError: no episode runs.
        """
        if self._state is None or self._over:
            raise ResetNeededError(
                "reset() before reseed()",
                "no episode that goes on",
                "Call reset(seed=...): it takes a seed itself.",
            )
        self._seed, self._episode = seed_number(seed), 0
        key = (self._seed, 0, 0)
        self._state = self.world.reseed(self._state, [Stream(key, key)])

    @property
    def state(self) -> Any:
        """The world's state, for planners and wrappers to read; None before the first reset."""
        return self._state

    def user_name(self, index: int) -> str:
        """Return the id of the person whom `user_index` in `info` counts; "" for -1."""
        return self.world.user_name(index)

    def render(self) -> np.ndarray | str | None:
        """Return the picture ("rgb_array") or text ("ansi") of the episode so far.

        With "human" every reset and step shows it in a window, and nothing is returned.
        """
        if self.render_mode is None:
            raise ConfigError(
                f"a render_mode out of {', '.join(self.metadata['render_modes'])}",
                "None",
                'Make the env with render_mode="rgb_array".',
            )
        if self._state is None:
            raise ResetNeededError(
                "reset() before render()", "no episode yet", "Call reset() first."
            )
        if self._window is not None:
            return None
        return self.world.render(self._trail, self.render_mode)

    def _show(self) -> None:
        if self._window is not None:
            frame = self.world.render(self._trail, PIXELS)
            assert isinstance(frame, np.ndarray)
            self._window.show(frame)

    def close(self) -> None:
        """Close the window of `render_mode="human"`."""
        if self._window is not None:
            self._window.close()


def _first(arrays: Info) -> Info:
    """Return slot 0 of batched info: numbers as Python numbers, rows as arrays."""
    info: Info = {}
    for name, array in arrays.items():
        info[name] = array.item(0) if array.ndim == 1 else array[0]
    return info
