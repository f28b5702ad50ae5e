"""Slots of a VectorEnv are scalar envs, in all three autoreset modes."""

from __future__ import annotations

import copy
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from human_wm_env.envs.env import Env
from human_wm_env.errors import ResetNeededError
from human_wm_env.people.embedded import EmbeddedPeople
from tests.human_wm_env.envs.vector_envs import (
    AFTER_STEP,
    AT_RESET,
    MODES,
    Make,
    actions,
    dumped,
    world_of,
)


class Slots:
    """Scalar envs stepped one by one, with Gymnasium's autoreset written down again."""

    def __init__(self, envs: list[Env], options: list[dict[str, Any]], mode: AutoresetMode) -> None:
        self.envs, self.options, self.mode = envs, options, mode
        self.over = [False] * len(envs)

    def reset(self, slot: int, seed: int | None = None) -> tuple[Any, ...]:
        self.over[slot] = False
        return self.envs[slot].reset(seed=seed, options=self.options[slot])

    def step(self, slot: int, action: np.ndarray) -> tuple[Any, ...]:
        """Observation, reward, truncated, info, and the last day's observation and info."""
        if self.over[slot] and self.mode == AutoresetMode.NEXT_STEP:
            observation, info = self.reset(slot)
            return observation, 0.0, False, info, None, None
        observation, reward, _, over, info = self.envs[slot].step(action)
        self.over[slot] = over
        if over and self.mode == AutoresetMode.SAME_STEP:
            first, at_reset = self.reset(slot)
            return first, reward, True, at_reset, observation, info
        return observation, reward, over, info, None, None


def check_info(info: dict[str, Any], slot: int, expected: dict[str, Any]) -> None:
    """Compare one slot of batched info with scalar info, `_key` masks included."""
    for name in (*AT_RESET, *AFTER_STEP):
        mask = info.get(f"_{name}")
        assert (mask is not None and bool(mask[slot])) == (name in expected), name
    for name, value in expected.items():
        if isinstance(value, dict):
            np.testing.assert_allclose(info[name][slot], [*value.values()], atol=1e-5)
        elif name == "action":
            np.testing.assert_allclose(info[name][slot], value, rtol=1e-5)
        elif isinstance(value, np.ndarray):
            np.testing.assert_array_equal(info[name][slot], value)
        elif isinstance(value, float):
            assert info[name][slot] == pytest.approx(value, abs=1e-5)
        else:
            assert info[name][slot] == value


@pytest.mark.parametrize("seeds", ["int", "list", "people"])
@pytest.mark.parametrize("mode", MODES)
def test_slots_are_scalar_envs_with_staggered_ends(
    mode: AutoresetMode, seeds: str, kind: str, make: Make, small: EmbeddedPeople
) -> None:
    slots = 7
    layout = "people" if seeds == "people" else "branches"
    options = [{} if seeds == "people" else {"branch": slot} for slot in range(slots)]
    given: Any = {"int": 11, "list": [5] * slots, "people": list(range(20, 20 + slots))}[seeds]
    each = [given] * slots if seeds == "int" else given
    env = make(slots, layout=layout, autoreset_mode=mode)
    scalars = Slots([Env(world_of(kind, small)) for _ in range(slots)], options, mode)

    observation, info = env.reset(seed=given)
    for slot in range(slots):
        first, expected = scalars.reset(slot, each[slot])
        np.testing.assert_allclose(observation[slot], first, atol=1e-5)
        check_info(info, slot, expected)

    for late, action in enumerate(actions(14, slots)):
        early = np.zeros(slots, dtype=bool)
        if late in (2, 3):  # stagger the ends
            early[[1, 4] if late == 2 else [4, 6]] = True
        if mode == AutoresetMode.DISABLED:
            early |= np.array(scalars.over)
        if early.any():
            observation, info = env.reset(options={"reset_mask": early})
            assert info["_day"].tolist() == early.tolist()
            for slot in np.flatnonzero(early):
                first, expected = scalars.reset(slot)
                np.testing.assert_allclose(observation[slot], first, atol=1e-5)
                check_info(info, slot, expected)
        observation, reward, terminated, truncated, info = env.step(action)
        assert not terminated.any()
        for slot in range(slots):
            first, paid, over, expected, last, last_info = scalars.step(slot, action[slot])
            np.testing.assert_allclose(observation[slot], first, atol=1e-5)
            assert reward[slot] == pytest.approx(paid, abs=1e-5)
            assert bool(truncated[slot]) == over
            check_info(info, slot, expected)
            assert bool(info.get("_final_obs", np.zeros(slots))[slot]) == (last is not None)
            if last is not None:
                np.testing.assert_allclose(info["final_obs"][slot], last, atol=1e-5)
                assert info["_final_info"][slot]
                check_info(info["final_info"], slot, last_info)


def test_the_ends_were_staggered(make: Make) -> None:
    env = make(4, autoreset_mode="NextStep")
    env.reset(seed=0)
    env.step(actions(1, 4)[0])
    env.reset(options={"reset_mask": np.array([True, False, False, False])})
    ends = [env.step(action)[3].tolist() for action in actions(5, 4)]
    assert [sum(end) for end in ends] == [0, 0, 3, 1, 0]


def test_gymnasiums_own_vector_env_gives_the_same_infos(small: EmbeddedPeople) -> None:
    """Keys, masks and types of info, against SyncVectorEnv with the same streams."""
    for mode in MODES[:2]:
        ours = gym.make_vec(
            "HumanWMSim-v0", 3, dataset=small, horizon=2, layout="people", autoreset_mode=mode
        )
        theirs = gym.make_vec(
            "HumanWMSim-v0",
            3,
            vectorization_mode="sync",
            vector_kwargs={"autoreset_mode": mode},
            dataset=small,
            horizon=2,
        )
        pairs = [(ours.reset(seed=[4, 5, 6]), theirs.reset(seed=[4, 5, 6]))]
        pairs += [(ours.step(a), theirs.step(a)) for a in actions(5, 3)]
        for one, other in pairs:
            np.testing.assert_allclose(one[0], other[0], atol=1e-5)
            assert set(other[-1]) <= set(one[-1])
            for name, mask in other[-1].items():
                if name.startswith("_"):
                    assert one[-1][name].tolist() == mask.tolist()
            extra = set(one[-1]) - set(other[-1])  # no person was stepped on this day
            assert not any(one[-1][name].any() for name in extra if name.startswith("_"))
            assert [type(part) for part in one] == [type(part) for part in other]
            if len(one) > 2:
                assert [part.dtype for part in one[1:4]] == [part.dtype for part in other[1:4]]


@pytest.mark.parametrize("mode", MODES[:2])
def test_gymnasiums_wrappers_understand_the_infos(mode: AutoresetMode, make: Make) -> None:
    env = gym.wrappers.vector.DictInfoToList(make(3, autoreset_mode=mode, horizon=2))
    env.reset(seed=0)
    for action in actions(4, 3):
        infos = env.step(action)[-1]
        assert len(infos) == 3
        for info in infos:
            stepped = info.get("final_info", info)
            if "reward_components" in stepped:
                assert stepped["reward_components"].shape == (4,)
    counted = gym.wrappers.vector.RecordEpisodeStatistics(make(3, autoreset_mode=mode, horizon=2))
    counted.reset(seed=0)
    total = np.zeros(3)
    for action in actions(2, 3):
        _, reward, _, _, info = counted.step(action)
        total += reward
    np.testing.assert_allclose(info["episode"]["r"], total)
    assert info["episode"]["l"].tolist() == [2, 2, 2]


def test_the_state_is_that_of_all_slots(make: Make) -> None:
    env = make(3)
    assert env.state is None
    env.reset(seed=0)
    imagined = env.world.step(env.state, actions(1, 3)[0])
    np.testing.assert_array_equal(env.step(actions(1, 3)[0])[0], imagined.observation)


def test_disabled_autoreset_refuses_to_step_what_is_over(make: Make) -> None:
    env = make(3, autoreset_mode="Disabled", horizon=2)
    env.reset(seed=0)
    env.step(np.zeros((3, 7)))
    env.reset(options={"reset_mask": np.array([False, True, False])})
    assert env.step(np.zeros((3, 7)))[3].tolist() == [True, False, True]
    with pytest.raises(ResetNeededError, match="2 slots whose episode is over"):
        env.step(np.zeros((3, 7)))
    with pytest.raises(ResetNeededError):
        env.reset(options={"reset_mask": np.array([True, False, False])})
        env.step(np.zeros((3, 7)))


def test_the_reset_step_pays_nothing_and_has_no_action(make: Make) -> None:
    env = make(3, horizon=1)
    env.reset(seed=0)
    assert env.step(np.zeros((3, 7)))[3].all()
    observation, reward, _, truncated, info = env.step(np.ones((3, 7)))
    assert not reward.any() and not truncated.any()
    assert (observation[:, -1] == 1.0).all()
    assert not info["action"].any() and info["_action"].all()
    assert not info["reward_components"].any() and info["_reward_components"].all()


def test_the_last_day_survives_the_next_episode(make: Make) -> None:
    """SAME_STEP: final_info is of the last day, also when only some slots ended."""
    env, plain = (make(3, autoreset_mode=mode, horizon=3) for mode in ("SameStep", "Disabled"))
    for one in (env, plain):
        one.reset(seed=0)
        one.step(actions(1, 3)[0])
        one.reset(options={"reset_mask": np.array([False, True, False])})
    for action in actions(2, 3, seed=1):
        last, expected = env.step(action), plain.step(action)
    assert last[-1]["_final_info"].tolist() == [True, False, True]
    final = last[-1]["final_info"]
    for slot in (0, 2):
        np.testing.assert_array_equal(last[-1]["final_obs"][slot], expected[0][slot])
        for name in ("user_index", "day", "mask", "action"):
            np.testing.assert_array_equal(final[name][slot], expected[-1][name][slot])
        assert final["day"][slot] != last[-1]["day"][slot]
    assert last[-1]["final_obs"][1] is None
    kept = copy.deepcopy((final, last[-1]["final_obs"]))
    env.step(np.zeros((3, 7)))
    assert dumped(kept) == dumped(copy.deepcopy((final, last[-1]["final_obs"])))
