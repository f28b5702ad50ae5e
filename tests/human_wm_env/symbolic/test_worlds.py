"""What holds for every symbolic world."""

from __future__ import annotations

import warnings
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode
from stable_baselines3.common.env_checker import check_env as sb3_check_env

import human_wm_env  # noqa: F401 (registers the ids)
from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.errors import ConfigError
from human_wm_env.random_streams import Stream
from human_wm_env.symbolic.symbolic_world import References, SymbolicWorld

IDS = (
    "PatternEcho-v0",
    "SequenceNext-v0",
    "Conditional-v0",
    "DelayedRecall-v0",
    "HiddenRule-v0",
    "Detour-v0",
)
NEED_MEMORY = IDS[3:]


def world_of(env_id: str, **arguments: Any) -> SymbolicWorld[Any]:
    world = gym.make(env_id, **arguments).unwrapped.world  # type: ignore[attr-defined]
    assert isinstance(world, SymbolicWorld)
    return world


def vector_of(env_id: str, slots: int, **arguments: Any) -> VectorEnv:
    made = gym.make_vec(env_id, num_envs=slots, **arguments)
    assert isinstance(made, VectorEnv)
    return made


@pytest.mark.parametrize("env_id", IDS)
def test_both_checkers_pass_without_a_warning(env_id: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(gym.make(env_id, render_mode="ansi").unwrapped)
        sb3_check_env(gym.make(env_id).unwrapped)


@pytest.mark.parametrize("masking", [0.0, 0.3])
@pytest.mark.parametrize("env_id", IDS)
def test_a_scalar_env_is_a_slot_of_the_vector_env(env_id: str, masking: float) -> None:
    vector = vector_of(env_id, 3, masking=masking, autoreset_mode=AutoresetMode.NEXT_STEP)
    seeds = [5, 9, 2]
    singles = [gym.make(env_id, masking=masking) for _ in seeds]
    seen, _ = vector.reset(seed=seeds)
    alone = np.stack([env.reset(seed=seed)[0] for env, seed in zip(singles, seeds, strict=True)])
    assert np.array_equal(seen, alone)
    horizon, rng = vector.world.horizon, np.random.default_rng(1)
    for step in range(horizon):
        actions = rng.integers(8, size=3)
        seen, rewards, terminated, truncated, info = vector.step(actions)
        for slot, env in enumerate(singles):
            one, reward, ended, cut, about = env.step(actions[slot])
            assert np.array_equal(seen[slot], one) and rewards[slot] == reward
            assert (
                (terminated[slot], truncated[slot]) == (ended, cut) == (False, step == horizon - 1)
            )
            assert info["success"][slot] == about["success"] == bool(reward)


@pytest.mark.parametrize("env_id", IDS)
def test_a_seed_replays_and_another_does_not(env_id: str) -> None:
    def played(seed: int) -> np.ndarray:
        env = vector_of(env_id, 16)
        seen = [env.reset(seed=seed)[0]]
        actions = np.random.default_rng(0).integers(8, size=(env.world.horizon, 16))
        return np.stack([*seen, *(env.step(action)[0] for action in actions)])

    assert np.array_equal(played(4), played(4))
    assert not np.array_equal(played(4), played(5))


@pytest.mark.parametrize("env_id", IDS)
def test_the_random_return_is_what_random_actions_get(env_id: str) -> None:
    slots = 4000
    env = vector_of(env_id, slots)
    env.reset(seed=0)
    rng = np.random.default_rng(0)
    returns = np.zeros(slots)
    for _ in range(env.world.horizon):
        returns += env.step(rng.integers(8, size=slots))[1]
    expected = world_of(env_id).references().random
    assert abs(returns.mean() - expected) < 4.0 * returns.std() / np.sqrt(slots)


@pytest.mark.parametrize("env_id", IDS)
def test_references_are_in_order(env_id: str) -> None:
    found = world_of(env_id).references()
    assert 0.0 < found.random <= found.memoryless <= found.optimal
    assert found.optimal <= world_of(env_id).decisions
    assert str(found).startswith("random 0.") or found.random >= 1.0


@pytest.mark.parametrize("env_id", NEED_MEMORY)
def test_no_memoryless_policy_gets_60_percent_of_the_optimum(env_id: str) -> None:
    found = world_of(env_id).references()
    assert found.memoryless < 0.6 * found.optimal


@pytest.mark.parametrize(
    ("env_id", "arguments"),
    [
        *((env_id, {"symbols": 3} if env_id != "SequenceNext-v0" else {}) for env_id in IDS),
        ("Detour-v0", {"symbols": 3, "open_doors": 2}),
    ],
)
def test_what_is_said_to_be_determined_is(env_id: str, arguments: dict[str, int]) -> None:
    """Episodes that look alike so far bring alike entries, where they are said to follow."""
    env = vector_of(env_id, 3000, **arguments)
    world, rng = env.world, np.random.default_rng(2)
    assert isinstance(world, SymbolicWorld)
    seen, _ = env.reset(seed=3)
    histories = [row.tobytes() for row in seen]
    for _ in range(min(world.horizon - 1, 8)):
        # Few different actions, so that many episodes have a history in common.
        actions = rng.integers(2, size=3000)
        marked = world.determined(env.state, actions)
        histories = [
            history + bytes([action]) for history, action in zip(histories, actions, strict=True)
        ]
        seen = env.step(actions)[0]
        first: dict[bytes, int] = {}
        for slot, history in enumerate(histories):
            same = first.setdefault(history, slot)
            assert np.array_equal(marked[slot], marked[same])
            assert np.array_equal(seen[slot][marked[slot]], seen[same][marked[slot]])
        histories = [history + row.tobytes() for history, row in zip(histories, seen, strict=True)]


def test_hidden_states_are_zeros() -> None:
    env = vector_of("PatternEcho-v0", 2000, masking=0.25)
    seen, _ = env.reset(seed=0)
    assert 0.2 < (seen.sum(axis=1) == 0).mean() < 0.3
    with pytest.raises(ConfigError, match="masking=0"):
        world_of("PatternEcho-v0", masking=0.25).references()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"symbols": 1}, "2 <= symbols <= 64"),
        ({"masking": 1.0}, "0 <= masking < 1"),
        ({"horizon": 0}, "horizon"),
        ({"simbols": 4}, "Did you mean 'symbols'"),
    ],
)
def test_wrong_arguments_are_errors(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        gym.make("Conditional-v0", **arguments)


def test_it_says_its_state_in_words() -> None:
    env = gym.make("DelayedRecall-v0", render_mode="ansi")
    env.reset(seed=0)
    assert str(env.render()).startswith("step 0: phase 0, shown ")


def test_references_in_words() -> None:
    assert str(References(0.5, 1.0, 2.0)) == "random 0.500, best memoryless 1.000, optimal 2.000"


@pytest.mark.parametrize("horizon", [1, 4, 5])
def test_there_is_noise_for_every_state_of_an_episode(horizon: int) -> None:
    world = world_of("Conditional-v0", horizon=horizon)
    streams = [Stream((0, 0, 0), (0, slot, 0)) for slot in range(3)]
    uniforms, hidden = world.draw(streams, 2)
    assert uniforms.shape == (3, horizon + 1, 2)
    assert hidden.shape == (3, horizon + 1) and not hidden.any()


def test_a_picture_in_words_goes_along() -> None:
    env = gym.make("DelayedRecall-v0", render_mode="ansi")
    env.reset(seed=0)
    env.step(0)
    assert str(env.render()).startswith("step 1: ")
