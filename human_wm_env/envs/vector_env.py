"""The one vector environment, over any World: all slots step as one batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from human_wm_env.envs import observations
from human_wm_env.envs.env import check_observation_kind, check_render_mode
from human_wm_env.envs.scalar_reward import ScalarReward
from human_wm_env.errors import ConfigError, ResetNeededError, did_you_mean
from human_wm_env.worlds.person_world import BRANCHES
from human_wm_env.worlds.world import FOR_START, Start, Stream, World, generator, put

LAYOUTS = ("branches", "people")


class VectorEnv(gym.vector.VectorEnv[Any, np.ndarray, np.ndarray]):
    """Many slots of one World; see `Env` for observations, actions, rewards and info.

    `layout="branches"`: slot i is branch i % 125 of person i // 125; any number of slots
    is allowed. `layout="people"`: every slot its own person and a random branch.
    Latents come from the stream (seed, group, episode), noise from (seed, slot, episode);
    a list of seeds gives each slot's noise, its first entry of a group the latents.

    `info` holds arrays, (slots, ...); `_key` masks say for which slots a key holds, as in
    Gymnasium. With SAME_STEP autoreset, `final_obs` and `final_info` hold the last day.

    Args:
        world: what is stepped.
        num_envs: number of slots, >= 1.
        layout: "branches" or "people".
        autoreset_mode: NEXT_STEP, SAME_STEP or DISABLED (then `reset` takes
            `options={"reset_mask": bool (slots,)}`).
        observation, reward_weights, pessimism, vector_reward, render_mode: see `Env`.
    """

    def __init__(
        self,
        world: World,
        num_envs: int = 1,
        *,
        layout: str = "branches",
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        observation: str = "flat",
        reward_weights: Mapping[str, float] | None = None,
        pessimism: float = 0.0,
        vector_reward: bool = False,
        render_mode: str | None = None,
    ) -> None:
        if num_envs < 1:
            raise ConfigError("num_envs >= 1", f"{num_envs}", "Ask for at least one slot.")
        if layout not in LAYOUTS:
            raise ConfigError(
                f"a layout out of {', '.join(LAYOUTS)}", repr(layout), did_you_mean(layout, LAYOUTS)
            )
        self.world = world
        self.num_envs = num_envs
        self.layout = layout
        self._mode = AutoresetMode(autoreset_mode)
        self.metadata = {
            "render_modes": list(world.render_modes),
            "render_fps": 4,
            "autoreset_mode": self._mode,
        }
        self.render_mode = check_render_mode(world, render_mode)
        self._as_dict = check_observation_kind(observation) == "dict"
        self._parts = dict(world.observation_parts)
        flat = world.observation_space
        self.single_observation_space = (
            observations.dict_space(flat, self._parts) if self._as_dict else flat
        )
        self.single_action_space = world.action_space
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._reward = ScalarReward(world, reward_weights, pessimism)
        self._vector_reward = vector_reward
        self._group = np.arange(num_envs) // (BRANCHES if layout == "branches" else 1)
        self._latent_keys: list[tuple[int, int]] = []
        self._noise_keys: list[tuple[int, int]] = []
        self._episode = np.full(num_envs, -1)
        self._over = np.ones(num_envs, dtype=bool)
        self._elapsed = np.zeros(num_envs, dtype=int)
        self._state: Any = None
        self._observation = np.zeros((num_envs, *flat.shape), dtype=np.float32)
        self._everywhere = np.ones(num_envs, dtype=bool)
        self._trail: list[Any] = []
        #: where each slot's running episode began
        self.starts: list[Start] = []

    # Seeds ------------------------------------------------------------------------

    def _seed_slots(self, seed: int | Sequence[int | None] | None) -> None:
        if isinstance(seed, int | np.integer):
            base = int(seed)
            self._latent_keys = [(base, int(group)) for group in self._group]
            self._noise_keys = [(base, slot) for slot in range(self.num_envs)]
            self._episode[:] = -1
        elif seed is not None:
            self._seed_each(list(seed))
        elif not self._latent_keys:
            self._seed_slots(int(self.np_random.integers(2**31)))

    def _seed_each(self, seeds: list[int | None]) -> None:
        if len(seeds) != self.num_envs:
            raise ConfigError(
                f"{self.num_envs} seeds, one per slot", f"{len(seeds)}", "Or give a single int."
            )
        if not self._latent_keys:
            self._seed_slots(int(self.np_random.integers(2**31)))
        size = BRANCHES if self.layout == "branches" else 1
        for slot, seed in enumerate(seeds):
            if seed is None:
                continue
            first = seeds[slot - slot % size]
            self._latent_keys[slot] = (int(seed if first is None else first), 0)
            # Branch b of a scalar env has noise stream b; see Env.reset.
            self._noise_keys[slot] = (int(seed), slot % size)
            self._episode[slot] = -1

    # Reset ------------------------------------------------------------------------

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Any, dict[str, Any]]:
        """Begin episodes in all slots, or in those of `options["reset_mask"]`.

        `user`, `day` and `branch` in the options may be single values or one per slot.
        """
        super().reset(seed=int(seed) if isinstance(seed, int | np.integer) else None)
        options = dict(options or {})
        chosen = self._reset_mask(options.pop("reset_mask", None))
        self._seed_slots(seed)
        per_slot = self._options_per_slot(options)
        self._begin(np.flatnonzero(chosen), per_slot)
        info = dict(self.world.info(self._state))
        for name in list(info):
            info[f"_{name}"] = chosen
        return self._view(self._observation), info

    def _reset_mask(self, mask: Any) -> np.ndarray:
        if mask is None:
            return np.ones(self.num_envs, dtype=bool)
        mask = np.asarray(mask)
        if mask.dtype != np.bool_ or mask.shape != (self.num_envs,) or not mask.any():
            raise ConfigError(
                f"a reset_mask of {self.num_envs} booleans, at least one of them True",
                f"dtype {mask.dtype}, shape {mask.shape}",
                "Pass `terminated | truncated` of the last step.",
            )
        if self._state is None and not mask.all():
            raise ResetNeededError(
                "a full reset() first",
                "a partial reset_mask before any episode",
                "Call reset() without a mask once.",
            )
        return mask

    def _options_per_slot(self, options: dict[str, Any]) -> list[dict[str, Any]]:
        per_slot: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        for name, value in options.items():
            spread = isinstance(value, list | tuple | np.ndarray) and name != "history"
            if spread and len(value) != self.num_envs:
                raise ConfigError(
                    f"{name!r} as one value, or {self.num_envs} values",
                    f"{len(value)} values",
                    "Give one per slot.",
                )
            for slot in range(self.num_envs):
                per_slot[slot][name] = value[slot] if spread else value
        return per_slot

    def _begin(self, slots: np.ndarray, per_slot: list[dict[str, Any]] | None) -> None:
        """Start the next episode of some slots."""
        starts, streams = [], []
        drawn_of: dict[tuple[int, int, int], Start] = {}
        for slot in slots:
            self._episode[slot] += 1
            episode = int(self._episode[slot])
            latents = (*self._latent_keys[slot], episode)
            noise = (*self._noise_keys[slot], episode)
            if latents not in drawn_of:
                drawn_of[latents] = self.world.draw_start(generator(latents, FOR_START), None)
            drawn = drawn_of[latents]
            if self.layout == "branches":
                drawn = Start(drawn.user, drawn.day, int(slot) % BRANCHES, drawn.history)
            starts.append(self.world.start_from(per_slot[slot], drawn) if per_slot else drawn)
            streams.append(Stream(latents, noise))
        state, observation = self.world.reset(starts, streams)
        if len(slots) == self.num_envs:
            self._state, self.starts = state, starts
            self._observation = observation
        else:
            self._state = put(self._state, slots, state)
            self._observation = self._observation.copy()
            self._observation[slots] = observation
            for slot, start in zip(slots, starts, strict=True):
                self.starts[slot] = start
        self._elapsed[slots] = 0
        self._over[slots] = False
        self._trail = [self._state]

    # Step -------------------------------------------------------------------------

    def step(
        self, actions: Any
    ) -> tuple[Any, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """Live one day in every slot.

        Raises:
            ResetNeededError: before the first reset, or (DISABLED mode) with a slot that is over.
            InvalidActionError: wrong shape, NaN or infinity.
        """
        if self._state is None:
            raise ResetNeededError("reset() before step()", "no episode yet", "Call reset() first.")
        if self._mode == AutoresetMode.DISABLED and self._over.any():
            raise ResetNeededError(
                "running episodes in all slots",
                f"{int(self._over.sum())} slots whose episode is over",
                'Call reset(options={"reset_mask": terminated | truncated}).',
            )
        batch = self.world.check_actions(actions, self.num_envs)
        waking = self._over.copy()  # NEXT_STEP: this step is their reset
        after = self.world.step(self._state, batch)
        self._state, self._observation = after.state, after.observation
        self._elapsed += 1
        if self.render_mode is not None:
            self._trail.append(after.state)
        reward, penalty = self._reward.scalar(after.components, after.extras["uncertainty"])
        paid = after.components if self._vector_reward else reward
        info: dict[str, Any] = dict(after.extras)
        info["reward_components"] = self._reward.named(after.components)
        info["pessimism_penalty"] = penalty
        truncated = self._elapsed >= self.world.horizon
        terminated = after.terminated
        if waking.any():
            paid, terminated, truncated = self._wake(waking, paid, terminated, truncated, info)
        self._over = terminated | truncated
        self._mark(info)
        if self._mode == AutoresetMode.SAME_STEP and self._over.any():
            info = self._finish(info)
        return self._view(self._observation), paid, terminated, truncated, info

    def _wake(
        self,
        waking: np.ndarray,
        paid: np.ndarray,
        terminated: np.ndarray,
        truncated: np.ndarray,
        info: dict[str, Any],
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Reset slots whose last step ended their episode (NEXT_STEP): no reward today."""
        slots = np.flatnonzero(waking)
        self._begin(slots, None)
        paid = paid.copy()
        paid[slots] = 0.0
        for name, array in self.world.info(self._state).items():
            info[name] = array
        for name in ("action", "uncertainty", "pessimism_penalty"):
            info[name] = info[name].copy()
            info[name][slots] = 0
        named = {name: array.copy() for name, array in info["reward_components"].items()}
        for array in named.values():
            array[slots] = 0
        info["reward_components"] = named
        return paid, terminated & ~waking, truncated & ~waking

    def _mark(self, info: dict[str, Any]) -> None:
        """Add Gymnasium's `_key` masks; every key holds for every slot."""
        for name in list(info):
            info[f"_{name}"] = self._everywhere

    def _finish(self, last: dict[str, Any]) -> dict[str, Any]:
        """Keep what the finished slots saw last, and begin their next episode (SAME_STEP)."""
        over = self._over.copy()
        slots = np.flatnonzero(over)
        final = np.full(self.num_envs, None, dtype=object)
        view = self._view(self._observation)
        for slot in slots:
            if self._as_dict:
                final[slot] = {name: part[slot] for name, part in view.items()}
            else:
                final[slot] = view[slot]
        self._begin(slots, None)
        info = dict(last)
        info.update(self.world.info(self._state))
        info["final_obs"], info["_final_obs"] = final, over
        info["final_info"], info["_final_info"] = last, over
        return info

    def _view(self, observation: np.ndarray) -> Any:
        return observations.as_dict(observation, self._parts) if self._as_dict else observation

    def render(self) -> tuple[Any, ...] | None:
        """Return the first slot's picture or text; None without a render mode."""
        if self.render_mode is None or self._state is None:
            return None
        return (self.world.render(self._state, self._trail, self.render_mode),)
