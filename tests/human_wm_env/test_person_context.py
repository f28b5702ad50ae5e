from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from human_wm_env.envs.env import Env
from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.errors import ConfigError
from human_wm_env.person.history import History
from human_wm_env.person_context import (
    CONTEXT_BOUND,
    PersonContext,
    PosteriorMeans,
    VectorPersonContext,
)
from human_wm_env.worlds.dream import DreamWorld
from human_wm_env.worlds.person_world import PersonWorld
from human_wm_env.worlds.replay import ReplayWorld
from human_wm_env.worlds.simulator import SimulatorWorld
from human_wm_env.worlds.starts import PersonStart
from tests.world_model import tiny

HORIZON = 3
PLAIN = 43
WIDTH = tiny.TINY.latent_width
SLOTS = 4
MODES = [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP, AutoresetMode.DISABLED]
# Whoever logs least of all.
FORGETFUL = int(tiny.logs().observed.mean(axis=(1, 2)).argmin())
WORLDS = ["dream", "simulator", "replay"]


def world(kind: str = "dream", **settings: Any) -> PersonWorld[Any]:
    settings = {"split": "all", "horizon": HORIZON} | settings
    if kind == "dream":
        return DreamWorld(tiny.runtime(), tiny.logs(), **settings)
    if kind == "simulator":
        return SimulatorWorld(tiny.people(), **settings)
    return ReplayWorld(tiny.logs(), **settings)


def scalar(kind: str = "dream", update: str = "frozen") -> PersonContext:
    return PersonContext(Env(world(kind)), tiny.runtime(), update)


def vector(
    kind: str = "dream",
    update: str = "frozen",
    mode: AutoresetMode = AutoresetMode.NEXT_STEP,
    slots: int = SLOTS,
) -> VectorPersonContext:
    env = VectorEnv(world(kind), slots, layout="people", autoreset_mode=mode)
    return VectorPersonContext(env, tiny.runtime(), update)


def means(*starts: PersonStart) -> np.ndarray:
    histories = [start.history or tiny.logs().history(start.user, start.day) for start in starts]
    return tiny.runtime().encode(histories)[0].mean


def action(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (*shape, 7)).astype(np.float32)


# Spaces -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", WORLDS)
@pytest.mark.parametrize("update", ["frozen", "daily"])
def test_spaces_hold_the_observations(kind: str, update: str) -> None:
    env, many = scalar(kind, update), vector(kind, update)
    assert env.observation_space.shape == (PLAIN + WIDTH,)
    assert many.observation_space.shape == (SLOTS, PLAIN + WIDTH)
    assert env.observation_space == many.single_observation_space
    observation, _ = env.reset(seed=0)
    batch, _ = many.reset(seed=0)
    for day in range(HORIZON):
        assert env.observation_space.contains(observation)
        assert many.observation_space.contains(batch)
        observation = env.step(action(day))[0]
        batch = many.step(action(day, SLOTS))[0]
    assert env.observation_space.contains(observation) and many.observation_space.contains(batch)


def test_the_context_is_clipped_to_the_space(monkeypatch: pytest.MonkeyPatch) -> None:
    env = scalar()
    assert env.observation_space.high[-1] == CONTEXT_BOUND == -env.observation_space.low[-1]
    huge = tiny.runtime().encode([tiny.logs().history(0, 20)])[0]
    monkeypatch.setattr(
        type(tiny.runtime()), "encode", lambda *_: (type(huge)(huge.mean * 1e6, huge.mean), None)
    )
    assert np.abs(env._posterior.of_histories([])).max() == CONTEXT_BOUND


# Scalar -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", WORLDS)
def test_frozen_is_the_posterior_of_the_log_before_the_start(kind: str) -> None:
    env = scalar(kind)
    observation, info = env.reset(seed=3)
    start = env.unwrapped.start  # type: ignore[attr-defined]
    np.testing.assert_allclose(observation[PLAIN:], means(start)[0], atol=1e-5)
    plain, _ = Env(world(kind)).reset(seed=3)
    np.testing.assert_array_equal(observation[:PLAIN], plain)
    for day in range(HORIZON):
        later = env.step(action(day))[0]
        np.testing.assert_array_equal(later[PLAIN:], observation[PLAIN:])
    other, info = env.reset(options={"user": "p007", "day": 33})
    assert (info["user_index"], info["day"]) == (7, 33)
    np.testing.assert_allclose(other[PLAIN:], means(PersonStart(7, 33, 0))[0], atol=1e-5)


@pytest.mark.parametrize("kind", WORLDS)
def test_daily_reads_what_was_observed_since(kind: str) -> None:
    env = scalar(kind, "daily")
    options = {"user": f"p{FORGETFUL:03d}", "day": 60}
    env.reset(options=options, seed=1)
    before = tiny.logs().history(FORGETFUL, 60)
    rows, observed = [*before.rows], [*before.observed]
    contexts = []
    for day in range(HORIZON):
        observation = env.step(action(day))[0]
        state = env.unwrapped.state  # type: ignore[attr-defined]
        rows.append(state.row[0])
        observed.append(state.observed[0])
        history = History.from_arrays(np.stack(rows), np.stack(observed), int(before.weekday[0]))
        expected = tiny.runtime().encode([history])[0].mean[0]
        np.testing.assert_allclose(observation[PLAIN:], expected, atol=1e-5)
        contexts.append(expected)
    assert not np.array(observed[-HORIZON:]).all()
    assert np.abs(np.diff(contexts, axis=0)).max() > 1e-5
    again = env.reset(options=options)[0]
    np.testing.assert_allclose(again[PLAIN:], means(PersonStart(FORGETFUL, 60, 0))[0], atol=1e-5)


def test_an_own_history_is_encoded() -> None:
    history = tiny.logs().history(5, 44)
    for update in ("frozen", "daily"):
        env = scalar(update=update)
        observation, _ = env.reset(options={"history": history}, seed=0)
        np.testing.assert_allclose(observation[PLAIN:], means(PersonStart(5, 44, 0))[0], atol=1e-5)
        assert np.isfinite(env.step(action(0))[0]).all()


def test_an_unknown_weekday_stays_unknown() -> None:
    history = tiny.logs().history(5, 44)
    unknown = History.from_arrays(history.rows, history.observed)
    env = scalar(update="daily")
    env.reset(options={"history": unknown}, seed=0)
    observation = env.step(action(0))[0]
    state = env.unwrapped.state  # type: ignore[attr-defined]
    longer = History.from_arrays(
        np.concatenate([unknown.rows, state.row]),
        np.concatenate([unknown.observed, state.observed]),
    )
    expected = tiny.runtime().encode([longer])[0].mean[0]
    np.testing.assert_allclose(observation[PLAIN:], expected, atol=1e-5)


# Vector -----------------------------------------------------------------------------------


@pytest.mark.parametrize("update", ["frozen", "daily"])
def test_a_slot_equals_the_scalar_env(update: str) -> None:
    many = VectorPersonContext(VectorEnv(world(), 6), tiny.runtime(), update)
    batch = [many.reset(seed=9)[0]]
    chosen = [action(day, 6) for day in range(HORIZON)]
    batch += [many.step(one)[0] for one in chosen]
    for branch in (0, 1, 5):
        env = scalar(update=update)
        alone = [env.reset(seed=9, options={"branch": branch})[0]]
        alone += [env.step(one[branch])[0] for one in chosen]
        for day, observation in enumerate(alone):
            np.testing.assert_allclose(observation, batch[day][branch], atol=1e-5)


@pytest.mark.parametrize("update", ["frozen", "daily"])
@pytest.mark.parametrize("mode", MODES)
def test_a_new_person_gets_their_context(mode: AutoresetMode, update: str) -> None:
    env = vector(update=update, mode=mode)
    observation, _ = env.reset(seed=4)
    inner: VectorEnv = env.unwrapped  # type: ignore[assignment]
    first = list(inner.starts)
    np.testing.assert_allclose(observation[:, PLAIN:], means(*first), atol=1e-5)
    for day in range(HORIZON):
        observation, _, _, truncated, _ = env.step(action(day, SLOTS))
    assert truncated.all()
    if mode == AutoresetMode.NEXT_STEP:
        assert inner.starts == first
        observation = env.step(action(9, SLOTS))[0]
    elif mode == AutoresetMode.DISABLED:
        observation = env.reset(options={"reset_mask": truncated})[0]
    assert {(s.user, s.day) for s in inner.starts} != {(s.user, s.day) for s in first}
    np.testing.assert_allclose(observation[:, PLAIN:], means(*inner.starts), atol=1e-5)
    assert (observation[:, PLAIN - 1] == 1.0).all()  # a whole horizon is left
    following = env.step(action(10, SLOTS))[0]
    moved = np.abs(following[:, PLAIN:] - observation[:, PLAIN:]).max(axis=1)
    # A day that was lost entirely tells nothing new.
    observed = inner.state.observed.any(axis=1)
    assert observed.any()
    assert (moved[observed] > 1e-5).all() if update == "daily" else not moved.any()


@pytest.mark.parametrize("update", ["frozen", "daily"])
def test_slots_that_end_apart_keep_their_own_context(update: str) -> None:
    """Slots 0 and 2 begin again one day before the others."""
    env = vector(update=update, mode=AutoresetMode.DISABLED)
    env.reset(seed=2)
    inner: VectorEnv = env.unwrapped  # type: ignore[assignment]
    running = env.step(action(0, SLOTS))[0]
    some = np.array([True, False, True, False])
    observation, _ = env.reset(options={"reset_mask": some})
    np.testing.assert_array_equal(observation[~some], running[~some])
    fresh = [inner.starts[slot] for slot in (0, 2)]
    np.testing.assert_allclose(observation[some, PLAIN:], means(*fresh), atol=1e-5)
    states = [inner.state]
    observation = env.step(action(1, SLOTS))[0]
    states.append(inner.state)
    for slot in range(SLOTS):
        start = inner.starts[slot]
        before = tiny.logs().history(start.user, start.day)
        stepped = states[1:] if some[slot] else states
        if update == "frozen":
            stepped = []
        history = History.from_arrays(
            np.concatenate([before.rows, *(s.row[[slot]] for s in stepped)]),
            np.concatenate([before.observed, *(s.observed[[slot]] for s in stepped)]),
            int(before.weekday[0]),
        )
        expected = tiny.runtime().encode([history])[0].mean[0]
        np.testing.assert_allclose(observation[slot, PLAIN:], expected, atol=1e-5)


def test_the_final_observation_is_extended_with_the_old_person() -> None:
    env = vector(mode=AutoresetMode.SAME_STEP)
    old, _ = env.reset(seed=2)
    for day in range(HORIZON):
        observation, _, _, truncated, info = env.step(action(day, SLOTS))
    assert truncated.all() and info["_final_obs"].all()
    for slot in range(SLOTS):
        final = info["final_obs"][slot]
        assert env.single_observation_space.contains(final)
        np.testing.assert_array_equal(final[PLAIN:], old[slot, PLAIN:])
        assert (observation[slot, PLAIN:] != final[PLAIN:]).any()


def test_the_final_observation_has_todays_context_too() -> None:
    """With daily updates it is what the scalar env sees on its last day."""
    many = VectorPersonContext(
        VectorEnv(world(), 3, autoreset_mode=AutoresetMode.SAME_STEP), tiny.runtime(), "daily"
    )
    many.reset(seed=9)
    env = scalar(update="daily")
    env.reset(seed=9, options={"branch": 1})
    for day in range(HORIZON):
        chosen = action(day, 3)
        info = many.step(chosen)[-1]
        last = env.step(chosen[1])[0]
    np.testing.assert_allclose(info["final_obs"][1][:PLAIN], last[:PLAIN], atol=1e-5)
    np.testing.assert_allclose(info["final_obs"][1][PLAIN:], last[PLAIN:], atol=1e-5)


def test_what_was_encoded_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = PosteriorMeans(world(), tiny.runtime(), "frozen")
    starts = [PersonStart(1, 30, 0), PersonStart(2, 40, 0), PersonStart(1, 30, 7)]
    first = encoder.of_starts(starts)
    np.testing.assert_allclose(first, means(*starts), atol=1e-5)
    np.testing.assert_array_equal(first[0], first[2])
    monkeypatch.setattr(encoder, "of_histories", lambda _: pytest.fail("encoded twice"))
    np.testing.assert_array_equal(encoder.of_starts(starts[::-1]), first[::-1])


def test_what_was_encoded_is_forgotten_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("human_wm_env.worlds.start_cache.MOST_STARTS", 3)
    encoder = PosteriorMeans(world(), tiny.runtime(), "frozen")
    starts = [PersonStart(user, 30, 0) for user in range(6)]
    for _ in range(2):
        np.testing.assert_allclose(encoder.of_starts(starts), means(*starts), atol=1e-5)
        assert len(encoder._means) == 3


# Errors -----------------------------------------------------------------------------------


def test_wrong_uses_are_refused() -> None:
    with pytest.raises(ConfigError, match="Did you mean 'daily'"):
        PersonContext(Env(world()), tiny.runtime(), "dayly")
    with pytest.raises(ConfigError, match='observation="flat"'):
        PersonContext(Env(world(), observation="dict"), tiny.runtime())
    with pytest.raises(ConfigError, match='observation="flat"'):
        VectorPersonContext(VectorEnv(world(), 2, observation="dict"), tiny.runtime())
    with pytest.raises(ConfigError, match="a HumanWM env"):
        PersonContext(gym.make("CartPole-v1"), tiny.runtime())
    with pytest.raises(ConfigError, match="without PersonContext"):
        PersonContext(
            gym.wrappers.ClipAction(PersonContext(Env(world()), tiny.runtime())), tiny.runtime()
        )
    with pytest.raises(ConfigError, match="without VectorPersonContext"):
        VectorPersonContext(
            VectorPersonContext(VectorEnv(world(), 2), tiny.runtime()), tiny.runtime()
        )
    with pytest.raises(ConfigError, match="a HumanWM VectorEnv"):
        VectorPersonContext(gym.make_vec("CartPole-v1", num_envs=2), tiny.runtime())
