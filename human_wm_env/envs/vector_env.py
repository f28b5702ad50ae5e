"""The one vector environment, over any World: all slots step as one batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space
from numpy.typing import ArrayLike

from human_wm_env.compiled import compiled
from human_wm_env.envs.env import (
    FRAMES_A_SECOND,
    HUMAN,
    Info,
    check_render_mode,
    component_space,
    info_at_reset,
)
from human_wm_env.envs.episode_limit import EpisodeLimit
from human_wm_env.envs.info_masks import copied, marked, marked_everywhere
from human_wm_env.envs.observation_view import Observation, ObservationView
from human_wm_env.envs.scalarize import ScalarReward
from human_wm_env.envs.slot_streams import SlotStreams
from human_wm_env.errors import ConfigError, DataError, HumanWMError, ResetNeededError
from human_wm_env.random_streams import FOR_START, generator, generators
from human_wm_env.settings import (
    mapping_of,
    one_of,
    seed_number,
    true_or_false,
    whole_number,
)
from human_wm_env.worlds.world import AnyWorld, Options, Transition, put

LAYOUTS = ("branches", "people")


class VectorEnv(EpisodeLimit, gym.vector.VectorEnv[Observation, ArrayLike, np.ndarray]):
    """Many slots of one World; see `Env` for observations, actions, rewards and info.

    `layout="branches"`: slot i is branch i % 125 of person i // 125 (or as many as the world
    has `branches`); any number of slots is allowed. `layout="people"`: every slot its own
    person and a random branch.
    Latents come from the stream (seed, group, episode), noise from (seed, slot, episode);
    a list of seeds gives each slot's noise, its first entry of a group the latents.

    `info` holds arrays of numbers, (slots, ...), and beside each key Gymnasium's `_key` mask of
    the slots it holds for. The keys are the same after a reset; for slots that were reset in
    this step, what only a step has (action, uncertainty, reward components, penalty) is 0.
    `reward_components` is one array, (slots, components), in the order of `component_names`. With
    SAME_STEP autoreset, `final_obs` and `final_info` hold the last step. Everything returned is
    the caller's.

    Args:
        world: what is stepped.
        num_envs: number of slots, >= 1.
        layout: "branches" or "people".
        autoreset_mode: NEXT_STEP, SAME_STEP or DISABLED (then `reset` takes
            `options={"reset_mask": bool (slots,)}`).
        observation, reward_weights, pessimism, vector_reward: see `Env`.
        render_mode: None, "rgb_array" or "ansi": `render` returns one of them a slot.

    Attributes:
        world: what is stepped.
        reward: weighs its components.
    """

    def __init__(
        self,
        world: AnyWorld,
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
        if whole_number(num_envs, "num_envs") < 1:
            raise ConfigError("num_envs >= 1", f"{num_envs}", "Ask for at least one slot.")
        self.world = world
        self.num_envs = num_envs = int(num_envs)
        self.layout = one_of(layout, LAYOUTS, "a layout")
        #: also in the metadata, where Gymnasium looks; TorchRL looks here
        self.autoreset_mode = _check_autoreset_mode(autoreset_mode)
        self.metadata = {
            "render_modes": list(world.render_modes),
            "render_fps": FRAMES_A_SECOND,
            "autoreset_mode": self.autoreset_mode,
        }
        if render_mode == HUMAN:
            raise ConfigError(
                f"a render_mode of many slots: {', '.join(world.render_modes)}",
                repr(HUMAN),
                "A window shows one episode: make a single env with gym.make.",
            )
        self.render_mode = check_render_mode(world, render_mode)
        self._view = ObservationView(world, observation)
        self.single_observation_space = self._view.space
        self.single_action_space = world.action_space
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.reward = ScalarReward(world, reward_weights, pessimism)
        #: of the columns of `reward_components` in `info`
        self.component_names = world.component_names
        self._vector_reward = true_or_false(vector_reward, "vector_reward")
        if vector_reward:
            self.reward_space = component_space(world)
            self.reward_dim = len(world.component_names)
        self._certain = np.zeros(num_envs, dtype=np.float32)
        # Slots of a group share their latents.
        self._group_size = world.branches if layout == "branches" else 1
        self._streams = SlotStreams(num_envs, self._group_size)
        self._over = np.ones(num_envs, dtype=bool)
        self._some_over = True
        self._elapsed = np.zeros(num_envs, dtype=int)
        self._state: Any = None
        self._observation = np.empty(0)
        self._trail: list[Any] = []  # states since the oldest running episode began
        self._trail_start = np.zeros(num_envs, dtype=int)  # where each slot's episode begins in it
        #: state after the last step, before any autoreset
        self.last_state: Any = None
        #: where each slot's running episode began
        self.starts: list[Any] = []

    # Reset ------------------------------------------------------------------------

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: Info | None = None,
    ) -> tuple[Observation, Info]:
        """Begin episodes in all slots, or in those of `options["reset_mask"]`.

        Values of the other options may be single ones or one per slot. A seed goes to the slots
        that are reset only. `options["episode"]` asks for a later episode of the seed: 0 is the one
        that a seed begins with, each reset of a slot brings the next.
        """
        seeds = self._streams.checked(seed)
        options = dict(mapping_of(options, "reset options"))
        chosen = self._reset_mask(options.pop("reset_mask", None))
        episode = options.pop("episode", None)
        if episode is not None and not 0 <= whole_number(episode, "the option episode") < 2**32:
            raise ConfigError("0 <= episode < 2**32", f"{episode}", "The first one is 0.")
        per_slot = self._options_per_slot(options)
        super().reset(seed=seeds if isinstance(seeds, int) else None)
        before = self._streams.copy()
        self._seed_slots(seeds, chosen)
        if episode is not None:
            self._streams.go_to(int(episode) - 1, chosen)
        try:
            self._begin(np.flatnonzero(chosen), per_slot)
        except HumanWMError:  # refused options leave the env as it was
            self._streams = before
            raise
        if not chosen.all() and self._trail:  # for the others no day has passed
            self._trail.pop()
            self._trail_start[chosen] -= 1
        self._remember()
        described = self.world.info(self._state)
        info = described | info_at_reset(self.world, self.num_envs)
        return self._view(self._observation.copy()), marked(info, chosen)

    def _seed_slots(self, seed: int | list[int | None] | None, chosen: np.ndarray) -> None:
        """Give the chosen slots new streams; the others keep theirs."""
        if isinstance(seed, int):
            self._streams.seed_all(seed, chosen)
            return
        if not self._streams.seeded:
            self._streams.seed_all(int(self.np_random.integers(2**31)), np.ones_like(chosen))
        if seed is not None:
            self._streams.seed_each(seed, chosen)

    def _reset_mask(self, mask: ArrayLike | None) -> np.ndarray:
        if mask is None:
            return np.ones(self.num_envs, dtype=bool)
        mask = np.array(mask)
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

    def _options_per_slot(self, options: Info) -> list[Info]:
        per_slot: list[Info] = [{} for _ in range(self.num_envs)]
        whole = self.world.whole_options
        for name, value in options.items():
            spread = isinstance(value, list | tuple | np.ndarray) and name not in whole
            if isinstance(value, np.ndarray) and value.ndim == 0:
                spread, value = False, value[()]
            if spread and len(value) != self.num_envs:
                raise ConfigError(
                    f"{name!r} as one value, or {self.num_envs} values",
                    f"{len(value)} values",
                    "Give one per slot.",
                )
            for slot in range(self.num_envs):
                per_slot[slot][name] = value[slot] if spread else value
        return per_slot

    def _begin(self, slots: np.ndarray, per_slot: Sequence[Options] | None) -> None:
        """Start the next episode of some slots."""
        streams = self._streams.next(slots)
        groups = list(dict.fromkeys(stream.latents for stream in streams))
        if self.world.draws_starts:
            drawn_of = {
                group: self.world.draw_start(rng)
                for group, rng in zip(groups, generators(groups, FOR_START), strict=True)
            }
        else:
            rng = generator(groups[0], FOR_START)
            drawn_of = dict.fromkeys(groups, self.world.draw_start(rng))
        starts = [drawn_of[stream.latents] for stream in streams]
        if self.layout == "branches":
            starts = [
                self.world.at_branch(start, slot % self._group_size)
                for slot, start in zip(slots.tolist(), starts, strict=True)
            ]
        if per_slot is not None:
            starts = self.world.start_from([per_slot[slot] for slot in slots], starts)
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
        self._some_over = bool(self._over.any())
        self._trail_start[slots] = len(self._trail)  # of the state that is about to be remembered

    # Step -------------------------------------------------------------------------

    def step(
        self, actions: ArrayLike
    ) -> tuple[Observation, np.ndarray, np.ndarray, np.ndarray, Info]:
        """Advance every slot by one step.

        Args:
            actions: (slots, ...), as in `Env`.

        Returns:
            Observations, float32 (slots, width) or a dict of them; rewards, float64 (slots,),
            or float32 (slots, components) with `vector_reward`; terminated and truncated, bool
            (slots,); and `info`, arrays of (slots, ...) with Gymnasium's `_key` masks beside
            them. All of it is the caller's to keep and to write into.

        Raises:
            ResetNeededError: before the first reset, or (DISABLED mode) with a slot that is over.
            InvalidActionError: wrong shape, NaN or infinity.
            DataError: the world returned a step of another number of slots.
        """
        if self._state is None:
            raise ResetNeededError("reset() before step()", "no episode yet", "Call reset() first.")
        if self.autoreset_mode == AutoresetMode.DISABLED and self._some_over:
            raise ResetNeededError(
                "running episodes in all slots",
                f"{int(self._over.sum())} slots whose episode is over",
                'Call reset(options={"reset_mask": terminated | truncated}).',
            )
        batch = self.world.check_actions(actions, self.num_envs)
        # NEXT_STEP: for what is over this step is the reset.
        resetting = self._over.copy() if self._some_over else None
        after = self.world.step(self._state, batch)
        uncertainty = after.extras.get("uncertainty", self._certain)
        self._check_slots(after, uncertainty)
        self._state, self._observation = after.state, after.observation
        self.last_state = after.state
        reward, penalty, components = self.reward.scalar(after.components, uncertainty)
        shown = after.components if self._vector_reward else reward
        info: Info = after.extras
        info["reward_components"] = components
        info["pessimism_penalty"] = penalty
        terminated = after.terminated
        ends = np.empty((2, self.num_envs), dtype=bool)
        self._some_over = count_step(self._elapsed, self.world.horizon, terminated, ends)
        truncated, self._over = ends
        if resetting is not None:
            self._reset_finished(np.flatnonzero(resetting), shown, info)
            terminated[resetting] = truncated[resetting] = False  # they have begun anew
        final: Info = {}
        if self.autoreset_mode == AutoresetMode.SAME_STEP and self._some_over:
            info, final = self._finish(info)
        self._remember()
        view = self._view(self._observation.copy())
        return view, shown, terminated, truncated, marked_everywhere(info, self.num_envs) | final

    def _check_slots(self, after: Transition[Any], uncertainty: np.ndarray) -> None:
        """Refuse a step of other slots than ours: compiled loops check no bounds."""
        slots = len(after.components), len(after.terminated), len(uncertainty)
        if slots != (self.num_envs,) * 3:
            raise DataError(
                f"components, terminated and uncertainty of {self.num_envs} slots",
                f"{slots[0]}, {slots[1]} and {slots[2]} slots",
                f"Let {type(self.world).__name__}.step return an entry for each slot.",
            )

    def _reset_finished(self, slots: np.ndarray, shown: np.ndarray, info: Info) -> None:
        """Reset slots whose last step ended their episode (NEXT_STEP): no reward in this step."""
        self._begin(slots, None)
        shown[slots] = 0.0
        self._describe_anew(slots, info)

    def _describe_anew(self, slots: np.ndarray, info: Info) -> None:
        """Let the info of a step say of some slots what that of a reset says."""
        at_reset = self.world.info(self._state)
        info.update(at_reset)
        for name, value in info.items():
            if name not in at_reset:
                value[slots] = 0

    def _finish(self, last: Info) -> tuple[Info, Info]:
        """Keep what the finished slots saw last, and begin their next episode (SAME_STEP).

        Returns:
            The info of this step, and `final_obs` and `final_info` with their masks.
        """
        over = self._over.copy()
        slots = np.flatnonzero(over)
        observations = np.full(self.num_envs, None, dtype=object)
        for slot in slots:
            observations[slot] = self._view(self._observation[slot].copy())
        self._begin(slots, None)
        info = copied(last)
        self._describe_anew(slots, info)
        masks = {"_final_obs": over, "_final_info": over.copy()}
        final_info = marked(last, over)
        return info, {"final_obs": observations, "final_info": final_info, **masks}

    @property
    def state(self) -> Any:
        """The world's state, for planners and wrappers to read; None before the first reset."""
        return self._state

    def reseed(self, seed: int) -> None:
        """Draw the noise of the days to come, and of later episodes, anew; see `Env.reseed`.

        Raises:
            ResetNeededError: before the first reset.
        """
        if self._state is None:
            raise ResetNeededError("reset() before reseed()", "no episode yet", "Call reset().")
        seed = seed_number(seed)
        every = np.arange(self.num_envs)
        self._streams.seed_all(seed, np.ones(self.num_envs, dtype=bool))
        self._streams.go_to(0, every)
        self._state = self.world.reseed(self._state, self._streams.running(every))

    def user_name(self, index: int) -> str:
        """Return the id of the person whom `user_index` in `info` counts; "" for -1."""
        return self.world.user_name(index)

    def _remember(self) -> None:
        """Keep the state for frames of the running episodes."""
        if self.render_mode is not None:
            self._trail.append(self._state)
            done = int(self._trail_start.min())
            del self._trail[:done]
            self._trail_start -= done

    def render(self) -> tuple[np.ndarray | str, ...] | None:
        """Return each slot's picture or text; None without a render mode."""
        if self.render_mode is None or self._state is None:
            return None
        return tuple(
            self.world.render(self._trail[first:], self.render_mode, slot)
            for slot, first in enumerate(self._trail_start.tolist())
        )


def _check_autoreset_mode(mode: AutoresetMode | str) -> AutoresetMode:
    known = [one.value for one in AutoresetMode]
    value = mode.value if isinstance(mode, AutoresetMode) else mode
    return AutoresetMode(one_of(value, known, "an autoreset_mode"))


@compiled
def count_step(elapsed: np.ndarray, horizon: int, terminated: np.ndarray, ends: np.ndarray) -> bool:
    """Count one more step, and say whether any episode is over.

    Args:
        elapsed: int (slots,), steps since the start; one is added.
        horizon: steps of an episode.
        terminated: bool (slots,).
        ends: bool (2, slots), to be written: truncated, and over for either reason.
    """
    some_over = False
    for slot in range(len(elapsed)):
        elapsed[slot] += 1
        truncated = elapsed[slot] >= horizon
        ends[0, slot] = truncated
        ends[1, slot] = truncated or terminated[slot]
        some_over |= ends[1, slot]
    return some_over
