"""Wrappers that let an agent see who it acts for, as Ha & Schmidhuber's controller sees z."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, SupportsFloat

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.vector.utils import batch_space

from human_wm_env.envs.env import Env, Info
from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.errors import ConfigError
from human_wm_env.nudge.state import NudgeState
from human_wm_env.nudge.world import NudgeWorld
from human_wm_env.person.history import History
from human_wm_env.runtime.world_model import ModelSource, load_world_model
from human_wm_env.settings import one_of
from human_wm_env.worlds.person_state import PersonState
from human_wm_env.worlds.person_world import PersonWorld
from human_wm_env.worlds.start_cache import StartCache
from human_wm_env.worlds.starts import PersonStart
from human_wm_env.worlds.world import AnyWorld

UPDATES = ("frozen", "daily")
# Posterior means are a few standard deviations of a standard normal; finite bounds.
CONTEXT_BOUND = 10.0


class PosteriorMeans:
    """Encode the logs of people and keep what was encoded.

    The agent never sees true traits: only what the masked log before the day says.

    Args:
        world: whose states are encoded.
        world_model: checkpoint folder; None means the bundled one.
        update: "frozen" at reset, or "daily" re-encoded with the days since.
    """

    def __init__(self, world: AnyWorld, world_model: ModelSource, update: str) -> None:
        if isinstance(world, NudgeWorld):
            world = world.people
        if not isinstance(world, PersonWorld):
            raise ConfigError(
                "an environment of people", type(world).__name__, "Wrap one of the HumanWM ids."
            )
        self.world = world
        self.update = one_of(update, UPDATES, "update")
        self.runtime = load_world_model(world_model)
        self.width: int = self.runtime.architecture.latent_width
        self._means: StartCache[np.ndarray] = StartCache()

    def of_starts(self, starts: list[PersonStart]) -> np.ndarray:
        """Return the posterior means before the starts, float32 (slots, width)."""
        return np.stack(self._means.look_up(starts, self._of_logs))

    def _of_logs(self, starts: list[PersonStart]) -> list[np.ndarray]:
        return list(self.of_histories([self.world.history_of(start) for start in starts]))

    def of_histories(self, histories: list[History]) -> np.ndarray:
        """Return the posterior means after these logs, float32 (slots, width)."""
        posterior, _ = self.runtime.encode(histories)
        return np.clip(posterior.mean, -CONTEXT_BOUND, CONTEXT_BOUND)


def _recorded(world_model: ModelSource, update: str) -> dict[str, Any]:
    """Return the arguments as a spec keeps them: folders as text, which JSON can hold."""
    if isinstance(world_model, Path):
        world_model = str(world_model)
    return {"world_model": world_model, "update": update, "_disable_deepcopy": True}


def _require_once(env: Any, wrapper: type) -> None:
    """Refuse an env that has the wrapper already: the person would be appended twice."""
    while isinstance(env, gym.Wrapper | gym.vector.VectorWrapper):
        if isinstance(env, wrapper):
            raise ConfigError(
                f"an env without {wrapper.__name__}", "one that has it", "Wrap it once."
            )
        env = env.env


def _extended(space: spaces.Space, width: int) -> spaces.Box:
    if not isinstance(space, spaces.Box):
        raise ConfigError(
            'observation="flat"', type(space).__name__, "PersonContext extends the flat vector."
        )
    bound = np.full(width, CONTEXT_BOUND, dtype=np.float32)
    return spaces.Box(
        np.concatenate([space.low, -bound]), np.concatenate([space.high, bound]), dtype=np.float32
    )


def _with_day(history: History, state: PersonState[object] | NudgeState, slot: int) -> History:
    """Return a slot's log with the day that a state ends, as an agent's log shows it."""
    return history.followed_by(state.row[[slot]], state.observed[[slot]])


class PersonContext(
    gym.Wrapper[np.ndarray, np.ndarray, np.ndarray, np.ndarray], gym.utils.RecordConstructorArgs
):
    """Append the person's posterior means to the observation of the scalar env.

    Args:
        env: a HumanWM env with flat observations.
        world_model: checkpoint folder that encodes; None means the bundled one.
        update: "frozen" at reset, or "daily".
    """

    def __init__(
        self,
        env: gym.Env[Any, Any],
        world_model: ModelSource = None,
        update: str = "frozen",
    ) -> None:
        gym.utils.RecordConstructorArgs.__init__(self, **_recorded(world_model, update))
        gym.Wrapper.__init__(self, env)
        inner = env.unwrapped
        _require_once(env, PersonContext)
        if not isinstance(inner, Env):
            raise ConfigError("a HumanWM env", type(inner).__name__, "Wrap one of the ids.")
        self._inner = inner
        self._posterior = PosteriorMeans(inner.world, world_model, update)
        self.observation_space = _extended(env.observation_space, self._posterior.width)
        self._context = np.zeros(self._posterior.width, dtype=np.float32)
        self._history: History | None = None  # with the days since the start

    def reset(
        self, *, seed: int | None = None, options: Info | None = None
    ) -> tuple[np.ndarray, Info]:
        """Reset, and encode the log before the start."""
        observation, info = self.env.reset(seed=seed, options=options)
        self._history = self._posterior.world.history_of(self._inner.start)
        self._context = self._posterior.of_starts([self._inner.start])[0]
        return self._append(observation), info

    def step(self, action: np.ndarray) -> tuple[np.ndarray, SupportsFloat, bool, bool, Info]:
        """Step; with `update="daily"` encode again, with what was observed today."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        if self._posterior.update == "daily" and self._history is not None:
            self._history = _with_day(self._history, self._inner.state, 0)
            self._context = self._posterior.of_histories([self._history])[0]
        return self._append(observation), reward, terminated, truncated, info

    def _append(self, observation: np.ndarray) -> np.ndarray:
        return np.concatenate([observation, self._context])


class VectorPersonContext(
    gym.vector.VectorWrapper[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]
):
    """Append each person's posterior means to the observations of the vector env.

    Args:
        env: a HumanWM VectorEnv with flat observations.
        world_model: checkpoint folder that encodes; None means the bundled one.
        update: "frozen" at reset, or "daily".
    """

    def __init__(
        self,
        env: gym.vector.VectorEnv[Any, Any, np.ndarray],
        world_model: ModelSource = None,
        update: str = "frozen",
    ) -> None:
        super().__init__(env)
        inner = env.unwrapped
        _require_once(env, VectorPersonContext)
        if not isinstance(inner, VectorEnv):
            raise ConfigError("a HumanWM VectorEnv", type(inner).__name__, "Wrap one of the ids.")
        self._inner = inner
        self._posterior = PosteriorMeans(inner.world, world_model, update)
        self.single_observation_space = _extended(
            env.single_observation_space, self._posterior.width
        )
        self.observation_space = batch_space(self.single_observation_space, env.num_envs)
        self._context = np.zeros((env.num_envs, self._posterior.width), dtype=np.float32)
        self._starts: list[PersonStart] = []
        self._histories: dict[int, History] = {}  # of the slots, with the days since the start

    @property
    def posterior(self) -> PosteriorMeans:
        """What is appended."""
        return self._posterior

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: Info | None = None,
    ) -> tuple[np.ndarray, Info]:
        """Reset, and encode the logs before the starts."""
        observation, info = self.env.reset(seed=seed, options=options)  # type: ignore[arg-type]
        self._follow_starts()
        return self._append(observation), info

    def step(
        self, actions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, Info]:
        """Step; slots that began a new episode get the context of their new person."""
        observation, reward, terminated, truncated, info = self.env.step(actions)
        self._extend_final(info)
        began = self._follow_starts()
        if self._posterior.update == "daily":
            self._encode_again(began)
        return self._append(observation), reward, terminated, truncated, info

    def _extend_final(self, info: Info) -> None:
        """Append to `final_obs` (SAME_STEP) what the episode that ended knew of its person."""
        slots = np.flatnonzero(info["_final_obs"]) if "final_obs" in info else np.array([], int)
        if len(slots) == 0:
            return
        last = self._context[slots]
        if self._posterior.update == "daily":
            state = self._inner.last_state
            last = self._posterior.of_histories(
                [_with_day(self._histories[slot], state, slot) for slot in slots]
            )
        final = info["final_obs"]
        for slot, context in zip(slots, last, strict=True):
            final[slot] = np.concatenate([final[slot], context])

    def _follow_starts(self) -> list[int]:
        """Encode the slots whose episode is new; `VectorEnv.starts` holds new objects then."""
        known: list[PersonStart | None] = [*self._starts] or [None] * self.num_envs
        pairs = enumerate(zip(self._inner.starts, known, strict=True))
        began = [slot for slot, (now, before) in pairs if now is not before]
        if began:
            self._context = self._context.copy()
            self._context[began] = self._posterior.of_starts(
                [self._inner.starts[slot] for slot in began]
            )
            self._starts = list(self._inner.starts)
            for slot in began:
                self._histories[slot] = self._posterior.world.history_of(self._starts[slot])
        return began

    def _encode_again(self, began: list[int]) -> None:
        """Encode again the slots whose episode goes on."""
        going_on = sorted(set(range(self.num_envs)) - set(began))
        if going_on:
            for slot in going_on:
                self._histories[slot] = _with_day(self._histories[slot], self._inner.state, slot)
            self._context = self._context.copy()
            self._context[going_on] = self._posterior.of_histories(
                [self._histories[slot] for slot in going_on]
            )

    def _append(self, observation: np.ndarray) -> np.ndarray:
        return np.concatenate([observation, self._context], axis=1)
