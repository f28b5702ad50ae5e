"""What a VectorEnv returns and refuses."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from human_wm_env.data.dataset import LogDataset
from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.errors import ConfigError, InvalidActionError, ResetNeededError
from human_wm_env.worlds.replay import ReplayWorld
from tests.human_wm_env.envs.vector_envs import HORIZON, MODES, Make, actions, dumped, run


@pytest.mark.parametrize("mode", MODES)
def test_dict_observations_are_the_flat_ones(mode: AutoresetMode, make: Make) -> None:
    flat, named = (make(3, observation=kind, autoreset_mode=mode) for kind in ("flat", "dict"))
    for one, other in zip(run(flat, HORIZON), run(named, HORIZON), strict=True):
        assert named.observation_space.contains(other[0])
        np.testing.assert_array_equal(one[0], np.concatenate(list(in_order(other[0])), axis=-1))
    if mode == AutoresetMode.SAME_STEP:
        final = one[-1]["final_obs"][1], other[-1]["final_obs"][1]
        np.testing.assert_array_equal(final[0], np.concatenate(list(in_order(final[1]))))


@pytest.mark.parametrize("mode", MODES[:2])
def test_infos_hold_arrays_of_numbers_alone(mode: AutoresetMode, make: Make) -> None:
    """But for `final_obs` and `final_info`, which are Gymnasium's own convention."""
    env = make(3, autoreset_mode=mode, horizon=2)
    infos = [returned[-1] for returned in run(env, 4)]
    infos += [info.pop("final_info") for info in infos if "final_info" in info]
    assert len(infos) == (7 if mode == AutoresetMode.SAME_STEP else 5)
    for info in infos:
        info.pop("final_obs", None)
        assert {type(value) for value in info.values()} == {np.ndarray}
        assert all(value.dtype.kind in "bif" for value in info.values())
        assert info["reward_components"].shape == (3, len(env.component_names))
        assert info["reward_components"].dtype == np.float32


def in_order(named: dict[str, np.ndarray]) -> list[np.ndarray]:
    from human_wm_env.person.observations import PARTS

    return [named[name] for name in PARTS]


@pytest.mark.parametrize("mode", MODES[:2])
@pytest.mark.parametrize("vector_reward", [False, True])
def test_writing_into_what_was_returned_changes_nothing(
    mode: AutoresetMode, vector_reward: bool, make: Make
) -> None:
    env, untouched = (
        make(4, autoreset_mode=mode, horizon=3, vector_reward=vector_reward) for _ in range(2)
    )
    mask = np.array([False, True, False, False])
    spoil(env.reset(seed=0))
    untouched.reset(seed=0)
    for late, action in enumerate(actions(9, 4)):
        returned, expected = env.step(action), untouched.step(action)
        assert dumped(copy.deepcopy(returned)) == dumped(copy.deepcopy(expected))
        spoil(returned)
        if late in (1, 4):
            returned, expected = (
                one.reset(options={"reset_mask": mask}) for one in (env, untouched)
            )
            assert dumped(copy.deepcopy(returned)) == dumped(copy.deepcopy(expected))
            spoil(returned)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("vector_reward", [False, True])
def test_what_was_returned_stays_as_it_was(
    mode: AutoresetMode, vector_reward: bool, make: Make
) -> None:
    env = make(4, autoreset_mode=mode, horizon=5, vector_reward=vector_reward)
    kept: list[Any] = []
    then: list[Any] = []

    def keep(returned: Any) -> None:
        for one, other in itertools.combinations(arrays((returned, *kept[-1:])), 2):
            assert not np.shares_memory(one, other)
        kept.append(returned)
        then.append(copy.deepcopy(returned))

    keep(env.reset(seed=0))
    over = np.zeros(4, dtype=bool)
    for late, action in enumerate(actions(8, 4)):
        again = over.copy() if mode == AutoresetMode.DISABLED else np.zeros(4, dtype=bool)
        again[1] |= late == 3  # stagger the ends
        if again.any():
            keep(env.reset(options={"reset_mask": again}))
        keep(env.step(action))
        over = kept[-1][2] | kept[-1][3]
    for later, before in zip(kept, then, strict=True):
        for one, other in zip(arrays(later), arrays(before), strict=True):
            np.testing.assert_array_equal(one, other)


def arrays(value: Any) -> Iterator[np.ndarray]:
    """Yield all arrays of numbers in nested dicts, tuples and arrays of objects."""
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, tuple) or (isinstance(value, np.ndarray) and value.dtype == object):
        for one in value:
            yield from arrays(one)
    elif isinstance(value, np.ndarray):
        yield value


def spoil(value: Any) -> None:
    if isinstance(value, dict):
        spoil(tuple(value.values()))
    elif isinstance(value, tuple):
        for one in value:
            spoil(one)
    elif isinstance(value, np.ndarray) and value.dtype == np.bool_:
        value[...] = ~value
    elif isinstance(value, np.ndarray) and value.dtype.kind in "fi":
        value[...] = 77


def test_the_vector_reward_is_the_components(make: Make) -> None:
    env, scalar = make(3, vector_reward=True, pessimism=2.0), make(3)
    env.reset(seed=0)
    scalar.reset(seed=0)
    for action in actions(6, 3):
        _, components, _, _, info = env.step(action)
        paid = scalar.step(action)[1]
        assert components.shape == (3, 4) and env.reward_space.contains(components[0])
        np.testing.assert_array_equal(components, info["reward_components"])
        np.testing.assert_allclose(components @ [0.4, 0.3, 0.1, 0.2], paid, atol=1e-6)


def test_without_adherence_the_actions_are_ignored(make: Make) -> None:
    one, other = make(5, adherence=0.0), make(5, adherence=0.0)
    one.reset(seed=0)
    other.reset(seed=0)
    for action in actions(7, 5):
        assert dumped(one.step(action)) == dumped(other.step(np.zeros((5, 7))))


def test_the_replay_ends_with_the_log(short_logs: LogDataset) -> None:
    env = VectorEnv(ReplayWorld(short_logs, split="all", horizon=10), 3)
    env.reset(seed=0, options={"user": "dan", "day": 40})
    for late in range(12):
        observation, _, _, truncated, info = env.step(np.zeros((3, 7)))
        assert truncated.all() == (late == 9)
        assert env.observation_space.contains(observation)
        if late == 9:
            assert info["day"].tolist() == [50] * 3


@pytest.mark.parametrize("mode", MODES)
def test_a_copy_goes_its_own_way_from_the_same_state(mode: AutoresetMode, make: Make) -> None:
    env = make(3, autoreset_mode=mode)
    env.reset(seed=0)
    env.step(np.zeros((3, 7)))
    twin = copy.deepcopy(env)
    for action in actions(3, 3):
        assert dumped(copy.deepcopy(env.step(action))) == dumped(copy.deepcopy(twin.step(action)))


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"num_envs": 0}, "num_envs >= 1"),
        ({"num_envs": 2.5}, "num_envs as a whole number"),
        ({"layout": "branch"}, "Did you mean 'branches'"),
        ({"autoreset_mode": "SameSteps"}, "Did you mean 'SameStep'"),
        ({"observation": "box"}, "observation out of flat, dict"),
    ],
)
def test_impossible_settings_are_refused(make: Make, setting: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make(**({"num_envs": 2} | setting))


def test_steps_and_partial_resets_need_a_first_reset(make: Make) -> None:
    env = make(2)
    with pytest.raises(ResetNeededError, match="no episode yet"):
        env.step(np.zeros((2, 7)))
    with pytest.raises(ResetNeededError, match="a full reset"):
        env.reset(options={"reset_mask": np.array([True, False])})


def test_invalid_actions_are_refused(make: Make) -> None:
    env = make(2)
    env.reset(seed=0)
    for wrong in (np.zeros(7), np.zeros((3, 7)), np.full((2, 7), np.inf)):
        with pytest.raises(InvalidActionError):
            env.step(wrong)
