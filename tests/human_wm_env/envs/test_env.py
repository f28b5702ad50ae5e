from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from stable_baselines3.common.env_checker import check_env as sb3_check_env

from human_wm_env.envs.env import Env
from human_wm_env.errors import ConfigError, DataError, InvalidActionError, ResetNeededError
from human_wm_env.people.embedded import EmbeddedPeople
from human_wm_env.person import observations
from human_wm_env.worlds.simulator import SimulatorWorld

IDS = ["HumanWM-v0", "HumanWMSim-v0", "HumanWMReplay-v0"]
Make = Callable[..., Env]


@pytest.fixture
def make(small: EmbeddedPeople) -> Make:
    def made(**arguments: Any) -> Env:
        own = ("observation", "reward_weights", "pessimism", "vector_reward", "render_mode")
        for_env = {name: arguments.pop(name) for name in own if name in arguments}
        return Env(SimulatorWorld(small, **({"horizon": 5} | arguments)), **for_env)

    return made


def actions(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (count, 7)).astype(np.float32)


def episode(env: Env, **reset: Any) -> list[tuple[Any, ...]]:
    days: list[tuple[Any, ...]] = [env.reset(**reset)]
    for action in actions(env.world.horizon):
        days.append(env.step(action))
    return days


def same(one: list[tuple[Any, ...]], other: list[tuple[Any, ...]]) -> bool:
    return pickle.dumps(one) == pickle.dumps(other)


@pytest.mark.parametrize("observation", ["flat", "dict"])
@pytest.mark.parametrize("env_id", IDS)
def test_gymnasium_and_sb3_have_no_complaints(
    env_id: str, observation: str, small: EmbeddedPeople
) -> None:
    env = gym.make(env_id, dataset=small, observation=observation)
    check_env(env.unwrapped, skip_render_check=True)
    sb3_check_env(env.unwrapped)


@pytest.mark.parametrize("env_id", IDS)
def test_a_wrapped_episode_ends_by_the_horizon_alone(env_id: str, small: EmbeddedPeople) -> None:
    env = gym.make(env_id, dataset=small, horizon=4)
    for seed in range(3):
        env.reset(seed=seed)
        ends = [env.step(env.action_space.sample())[2:4] for _ in range(4)]
        assert ends == [(False, False)] * 3 + [(False, True)]


def test_horizon_of_one_day(make: Make) -> None:
    env = make(horizon=1)
    observation, _ = env.reset(seed=0)
    assert observation[-1] == 1.0
    observation, _, terminated, truncated, _ = env.step(np.zeros(7))
    assert (terminated, truncated, observation[-1]) == (False, True, 0.0)


def test_the_share_of_the_horizon_counts_down(make: Make) -> None:
    left = [float(day[0][-1]) for day in episode(make(), seed=0)]
    assert left == pytest.approx([1.0, 0.8, 0.6, 0.4, 0.2, 0.0])


def test_the_same_seed_is_the_same_episode(make: Make) -> None:
    assert same(episode(make(), seed=4), episode(make(), seed=4))
    assert not same(episode(make(), seed=4), episode(make(), seed=5))


def test_the_next_episode_is_another_one_and_repeats_too(make: Make) -> None:
    one, other = make(), make()
    first, second = episode(one, seed=4), episode(one)
    assert not same(first, second)
    episode(other, seed=4)
    assert same(episode(other), second)
    assert same(episode(one, seed=4), first)


def test_numpy_seeds_and_no_seed(make: Make) -> None:
    env = make()
    expected = [make().reset(seed=7)]
    for kind in (np.int64, np.uint32, np.int8):
        assert same(expected, [make().reset(seed=kind(7))])
    env.reset()
    assert env.start is not None
    assert same([make().reset(seed=7)], [make().reset(seed=7, options={})])


def test_options_choose_the_start(make: Make) -> None:
    _, info = make().reset(seed=0, options={"user": "p004", "day": 77, "branch": 31})
    assert (info["user_index"], info["day"], info["branch"]) == (4, 77, 31)


def test_branches_of_a_seed_share_person_and_day_but_not_noise(make: Make) -> None:
    env = make()
    days = [episode(env, seed=3, options={"branch": branch}) for branch in (0, 1)]
    assert days[0][0][1]["user_index"] == days[1][0][1]["user_index"]
    assert days[0][0][1]["day"] == days[1][0][1]["day"]
    assert days[0][1][4]["reward_components"] != days[1][1][4]["reward_components"]


def test_refused_options_leave_the_env_as_it_was(make: Make) -> None:
    env, other = make(), make()
    env.reset(seed=1)
    other.reset(seed=1)
    with pytest.raises(DataError):
        env.reset(options={"day": 5})
    assert same([env.step(np.zeros(7))], [other.step(np.zeros(7))])
    assert same([env.reset()], [other.reset()])


def test_a_planner_can_go_on_from_the_state(make: Make) -> None:
    env = make()
    assert env.state is None
    env.reset(seed=0)
    action = actions(1)
    imagined = env.world.step(env.state, action)
    np.testing.assert_array_equal(env.step(action[0])[0], imagined.observation[0])


# What is returned -----------------------------------------------------------------------


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for one in value.values():
            yield from leaves(one)
    else:
        yield value


def test_info_is_plain_and_finite(make: Make) -> None:
    env = make()
    days = episode(env, seed=2)
    assert env.user_name(days[0][1]["user_index"]) == f"p{days[0][1]['user_index']:03d}"
    for _, reward, terminated, truncated, info in [
        (None, 0.0, False, False, days[0][1]),
        *days[1:],
    ]:
        assert type(reward) is float and type(terminated) is bool and type(truncated) is bool
        assert set(info) == {
            "user_index",
            "day",
            "branch",
            "mask",
            "uncertainty",
            "action",
            "reward_components",
            "pessimism_penalty",
        }
        assert type(info["user_index"]) is type(info["day"]) is type(info["branch"]) is int
        assert type(info["uncertainty"]) is type(info["pessimism_penalty"]) is float
        assert {type(x) for x in info["reward_components"].values()} == {float}
        assert info["mask"].shape == (10,) and info["mask"].dtype == np.bool_
        assert info["action"].shape == (7,) and info["action"].dtype == np.float32
        assert all(np.isfinite(leaf).all() for leaf in leaves(info))
    first = days[0][1]
    assert not first["action"].any() and not any(first["reward_components"].values())
    assert (first["uncertainty"], first["pessimism_penalty"]) == (0.0, 0.0)


def test_the_reward_is_the_weighted_sum_of_its_components(make: Make) -> None:
    weights = {"mood": 0.1, "recovery": 0.2, "sleep": 0.3, "effort": 0.4}
    for _, reward, _, _, info in episode(make(reward_weights=weights), seed=2)[1:]:
        parts = info["reward_components"]
        assert reward == pytest.approx(sum(weights[name] * parts[name] for name in weights))
        assert all(0.0 <= value <= 1.0 for value in parts.values())


def test_the_vector_reward_is_the_components(make: Make) -> None:
    env = make(vector_reward=True)
    assert env.reward_space.shape == (4,)
    for _, reward, _, _, info in episode(env, seed=2)[1:]:
        assert reward.tolist() == list(info["reward_components"].values())
        assert env.reward_space.contains(reward)


def test_dict_observations_are_the_flat_ones(make: Make) -> None:
    flat, named = (episode(make(observation=kind), seed=1) for kind in ("flat", "dict"))
    for one, other in zip(flat, named, strict=True):
        joined = np.concatenate([other[0][name] for name in observations.PARTS])
        np.testing.assert_array_equal(one[0], joined)


def test_days_count_on_and_weekdays_too(make: Make) -> None:
    days = episode(make(), seed=6)
    numbers = [day[-1]["day"] for day in days]
    assert numbers == list(range(numbers[0], numbers[0] + 6))


def test_writing_into_what_was_returned_changes_nothing(make: Make) -> None:
    env, untouched = make(vector_reward=True), make(vector_reward=True)
    spoil(env.reset(seed=0))
    days = [untouched.reset(seed=0)]
    for action in actions(5):
        days.append(untouched.step(action))
        returned = env.step(action)
        assert same([returned], [days[-1]])
        spoil(returned)


def spoil(returned: Any) -> None:
    for leaf in returned:
        for one in leaves(leaf):
            if isinstance(one, np.ndarray):
                one[...] = 1 - one if one.dtype != np.bool_ else ~one


def test_without_adherence_the_action_is_ignored(make: Make) -> None:
    one, other = make(adherence=0.0), make(adherence=0.0)
    one.reset(seed=0)
    other.reset(seed=0)
    for action in actions(5):
        assert same([one.step(action)], [other.step(np.zeros(7))])


def pickled(env: Env) -> Env:
    return pickle.loads(pickle.dumps(env))  # noqa: S301


@pytest.mark.parametrize("copied", [copy.deepcopy, pickled])
def test_a_copy_goes_its_own_way_from_the_same_state(
    make: Make, copied: Callable[[Env], Env]
) -> None:
    env = make()
    env.reset(seed=0)
    env.step(np.zeros(7))
    twin = copied(env)
    for action in actions(4):
        assert same([env.step(action)], [twin.step(action)])
    assert same([env.reset()], [twin.reset()])


# Errors -----------------------------------------------------------------------------------


def test_stepping_needs_a_running_episode(make: Make) -> None:
    env = make()
    with pytest.raises(ResetNeededError, match="no episode yet"):
        env.step(np.zeros(7))
    episode(env, seed=0)
    with pytest.raises(ResetNeededError, match="an episode that is over"):
        env.step(np.zeros(7))
    env.reset()
    env.step(np.zeros(7))


def test_invalid_actions_leave_the_episode_running(make: Make) -> None:
    env, other = make(), make()
    env.reset(seed=0)
    other.reset(seed=0)
    for wrong in (np.zeros(6), np.full(7, np.nan), "rest"):
        with pytest.raises(InvalidActionError):
            env.step(wrong)
    assert same([env.step(np.full(7, 9.0))], [other.step(np.ones(7))])  # clipped


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"observation": "dictionary"}, "Did you mean 'dict'"),
        ({"observation": None}, "observation out of flat, dict"),
        ({"render_mode": "humn"}, r"a render_mode \(or None\) out of"),
        ({"pessimism": -1.0}, "pessimism >= 0"),
        ({"reward_weights": {"foresight": 1.0}}, "reward weights for mood"),
    ],
)
def test_impossible_settings_are_refused(make: Make, setting: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make(**setting)


@pytest.mark.parametrize(
    ("reset", "message"),
    [
        ({"seed": -1}, "a seed >= 0"),
        ({"seed": 1.5}, "a seed as a whole number"),
        ({"seed": [1]}, "a seed as a whole number"),
        ({"options": "p007"}, "reset options as a mapping"),
        ({"options": [("user", "p007")]}, "reset options as a mapping"),
    ],
)
def test_impossible_resets_are_refused(make: Make, reset: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make().reset(**reset)


def test_rendering_needs_a_mode_and_an_episode(make: Make) -> None:
    env = make()
    env.reset(seed=0)
    with pytest.raises(ConfigError, match="a render_mode out of"):
        env.render()
    with pytest.raises(ResetNeededError, match="before render"):
        make(render_mode="ansi").render()


def test_an_env_that_is_drawn_keeps_every_state_of_its_episode() -> None:
    env = gym.make("DelayedRecall-v0", render_mode="ansi")
    env.reset(seed=0)
    for step in range(1, 4):
        env.step(0)
        assert str(env.render()).startswith(f"step {step}: ")
    assert len(env.unwrapped._trail) == 4  # type: ignore[attr-defined]
    plain = gym.make("DelayedRecall-v0")
    plain.reset(seed=0)
    plain.step(0)
    assert len(plain.unwrapped._trail) == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize("index", [5000, -2, 1.5, None, True])
def test_nobody_is_at_an_impossible_position(make: Make, index: Any) -> None:
    env = make()
    assert (env.user_name(np.int64(0)), env.user_name(-1)) == (env.world.user_name(0), "")
    with pytest.raises(ConfigError, match="the position of a person"):
        env.user_name(index)
