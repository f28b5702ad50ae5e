"""Nudged people, dreamt and simulated: what holds for both."""

from __future__ import annotations

import pickle
import warnings
from dataclasses import replace
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode
from stable_baselines3.common.env_checker import check_env as sb3_check_env

from human_wm_env.envs.env import Env
from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.errors import ConfigError, InvalidActionError
from human_wm_env.nudge.compliance import Compliance
from human_wm_env.nudge.state import NudgeState
from human_wm_env.nudge.world import NudgeWorld
from human_wm_env.people.embedded import EmbeddedPeople
from human_wm_env.person import schema
from human_wm_env.person_context import VectorPersonContext
from human_wm_env.random_streams import Stream
from human_wm_env.worlds.dream import DreamWorld
from human_wm_env.worlds.simulator import SimulatorWorld
from human_wm_env.worlds.starts import PersonStart
from human_wm_env.worlds.world import take
from tests.human_wm_env.envs.vector_envs import MODES
from tests.world_model import tiny

IDS = ("HumanWMNudge-v0", "HumanWMNudgeSim-v0")
# Many quit, so that slots end at different times.
FICKLE = {"quit_rate": 0.2}
SEEDS = [5, 9, 2, 11]


@pytest.fixture(params=["simulator", "dream"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def nudged(
    kind: str, small: EmbeddedPeople, compliance: Any = FICKLE, **settings: Any
) -> NudgeWorld:
    own: dict[str, Any] = {"horizon": 6, "adherence": 0.0} | settings
    people = (
        DreamWorld(tiny.runtime(), small.dataset, **own)
        if kind == "dream"
        else SimulatorWorld(small, **own)
    )
    return NudgeWorld(people, None, compliance)


def begun(world: NudgeWorld, slots: int) -> NudgeState:
    streams = [Stream((1, slot, 0), (1, slot, 0)) for slot in range(slots)]
    return world.reset([PersonStart(slot, 70, 0) for slot in range(slots)], streams)[0]


@pytest.mark.parametrize("observation", ["flat", "dict"])
@pytest.mark.parametrize("env_id", IDS)
def test_both_checkers_pass_without_a_warning(
    env_id: str, observation: str, small: EmbeddedPeople
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        env = gym.make(env_id, dataset=small, observation=observation)
        check_env(env.unwrapped, skip_render_check=True)
        sb3_check_env(env.unwrapped)


def test_a_scalar_env_is_a_slot_of_the_vector_env(kind: str, small: EmbeddedPeople) -> None:
    """Day by day, with the nudges of chance, until all have quit or the horizon is reached."""
    world = nudged(kind, small)
    vector = VectorEnv(world, len(SEEDS), layout="people", autoreset_mode="Disabled")
    singles = [Env(world) for _ in SEEDS]
    seen, _ = vector.reset(seed=SEEDS)
    alone = [env.reset(seed=seed)[0] for env, seed in zip(singles, SEEDS, strict=True)]
    np.testing.assert_allclose(seen, np.stack(alone), atol=1e-5)
    rng, over, lengths = np.random.default_rng(1), np.zeros(4, dtype=bool), np.zeros(4)
    state = vector.state
    while not over.all():
        actions = rng.integers(6, size=4)
        after = world.step(state, actions)
        state = after.state
        for slot in np.flatnonzero(~over):
            one, reward, ended, cut, info = singles[slot].step(actions[slot])
            np.testing.assert_allclose(after.observation[slot], one, atol=1e-5)
            components = [float(value) for value in info["reward_components"].values()]
            np.testing.assert_allclose(after.components[slot], components, atol=1e-5)
            weights = list(world.default_weights.values())
            assert reward == pytest.approx(float(np.dot(components, weights)))
            assert ended == after.terminated[slot]
            assert info["sent"] == actions[slot] == after.extras["sent"][slot]
            assert info["complied"] == after.extras["complied"][slot]
            over[slot] = ended or cut
            lengths[slot] += 1
    assert len(set(lengths)) > 1


@pytest.mark.parametrize("mode", MODES)
def test_who_quits_begins_again(mode: AutoresetMode, kind: str, small: EmbeddedPeople) -> None:
    env = VectorEnv(nudged(kind, small), 30, layout="people", autoreset_mode=mode)
    rng = np.random.default_rng(0)
    env.reset(seed=0)
    quits = 0
    for _ in range(8):
        _, reward, terminated, truncated, info = env.step(rng.integers(6, size=30))
        assert np.isfinite(reward).all()
        quits += int((terminated & ~truncated).sum())
        over = terminated | truncated
        if mode == AutoresetMode.SAME_STEP and over.any():
            assert (info["final_info"]["sent"][over] < 6).all()
            assert not info["sent"][over].any() and not info["complied"][over].any()
            assert env.state.burden[over].max() == 0.0
        if mode == AutoresetMode.DISABLED and over.any():
            env.reset(options={"reset_mask": over})
    assert quits > 10


def test_the_same_seed_is_the_same_episode_to_the_last_bit(
    kind: str, small: EmbeddedPeople
) -> None:
    def run() -> bytes:
        env = VectorEnv(nudged(kind, small), 5, layout="people")
        rng = np.random.default_rng(0)
        seen: list[Any] = [env.reset(seed=3)]
        seen += [env.step(rng.integers(6, size=5)) for _ in range(9)]
        return pickle.dumps(seen)

    assert run() == run()


def test_a_copy_can_be_given_a_future_of_its_own(kind: str, small: EmbeddedPeople) -> None:
    world = nudged(kind, small)
    state = begun(world, 3)
    other = world.reseed(state, [Stream((2, slot, 0), (2, slot, 0)) for slot in range(3)])
    assert not np.array_equal(other.uniform, state.uniform)
    assert not np.array_equal(other.person.uniform, state.person.uniform)
    assert np.array_equal(other.own.disposition, state.own.disposition)
    env = Env(world)
    env.reset(seed=0)
    env.reseed(5)
    env.step(1)


def test_a_planner_may_step_copies(kind: str, small: EmbeddedPeople) -> None:
    world = nudged(kind, small)
    state = begun(world, 3)
    copies = take(state, np.array([2, 0, 2]))
    one, many = world.step(state, np.array([1, 0, 3])), world.step(copies, np.array([3, 1, 3]))
    np.testing.assert_allclose(many.observation[:2], one.observation[[2, 0]], atol=1e-5)


def test_without_nudges_people_live_by_their_habit(kind: str, small: EmbeddedPeople) -> None:
    world = nudged(kind, small, {"quit_rate": 0.0})
    state = begun(world, 4)
    person = state.person
    for _ in range(6):
        after = world.step(state, np.zeros(4, dtype=np.int64))
        plain = world.people.step(person, np.zeros((4, 7), dtype=np.float32))
        state, person = after.state, plain.state
        assert np.array_equal(after.observation[:, :43], plain.observation)
        assert np.array_equal(after.components[:, :4], plain.components)
        assert not after.components[:, 4].any() and not after.terminated.any()
        assert not after.extras["complied"].any()


def test_who_complies_lives_the_changed_day(kind: str, small: EmbeddedPeople) -> None:
    world = nudged(kind, small, "full")
    state = begun(world, 12)
    bed = world.nudges.action_of("earlier_bed")
    plain = world.step(state, np.zeros(12, dtype=np.int64)).state
    after = world.step(state, np.full(12, bed)).state
    assert after.complied.all()
    slept = np.minimum(plain.row[:, schema.SLEEP] + 1.0, 14.0)
    np.testing.assert_allclose(after.row[:, schema.SLEEP], slept, rtol=1e-6)
    assert world.step(replace(state, own=replace(state.own, disposition=np.full(12, -50.0))),
                      np.full(12, bed)).state.complied.sum() == 0  # fmt: skip


def test_the_observation_says_what_was_sent_and_what_came_of_it(
    kind: str, small: EmbeddedPeople
) -> None:
    world = nudged(kind, small, {"quit_rate": 0.0}, masking=0.4)
    env = VectorEnv(world, 200, layout="people", observation="dict")
    seen, _ = env.reset(seed=0)
    names = ("burden", "habituation", "sent", "answer")
    assert not any(seen[name].any() for name in names)
    assert (seen["followed_share"] == 0.5).all()
    walk = world.nudges.action_of("walk")
    seen, _, _, _, info = env.step(np.full(200, walk))
    assert (seen["sent"].argmax(axis=1) + 1 == walk).all()
    needed = [schema.STEPS, schema.MINUTES, schema.WORKOUT]
    shown = info["mask"][:, needed].all(axis=1)
    assert 0 < shown.sum() < 200
    assert np.array_equal(seen["answer"].sum(axis=1) > 0, shown)
    assert np.array_equal(seen["answer"][shown, 0] > 0, info["complied"][shown])
    share = np.where(shown, (1.0 + info["complied"]) / 3.0, 0.5)
    np.testing.assert_allclose(seen["followed_share"][:, 0], share, rtol=1e-6)
    burden = info["reward_components"][:, env.component_names.index("burden")]
    np.testing.assert_allclose(burden, 1.0 - np.exp(-1.0 / 3.0), rtol=1e-6)


def test_what_the_tracker_lost_cannot_be_read_off(kind: str, small: EmbeddedPeople) -> None:
    """Of two people who differ in a hidden answer alone, the observations are the same."""
    world = nudged(kind, small, {"quit_rate": 0.0}, masking=0.9999999)
    state = begun(world, 6)
    docile = replace(state, own=replace(state.own, disposition=np.full(6, 50.0)))
    unruly = replace(state, own=replace(state.own, disposition=np.full(6, -50.0)))
    sent = np.array([1, 2, 3, 4, 5, 1])
    one, other = world.step(docile, sent), world.step(unruly, sent)
    assert one.extras["complied"].all() and not other.extras["complied"].any()
    assert np.array_equal(one.observation, other.observation)


def test_people_comply_alike_in_dream_and_simulator(small: EmbeddedPeople) -> None:
    dreamt, real = (begun(nudged(kind, small), 8) for kind in ("dream", "simulator"))
    for name in ("disposition", "quit_factor", "liking"):
        assert np.array_equal(getattr(dreamt.own, name), getattr(real.own, name))


def test_a_log_of_the_callers_own_is_a_person_too(small: EmbeddedPeople) -> None:
    env = Env(nudged("dream", small))
    log = small.dataset.history(3, 60)
    found = []
    for seed in (0, 1):
        env.reset(seed=seed, options={"history": (log.rows, log.observed)})
        found.append(float(env.state.own.disposition[0]))
    assert found[0] == found[1]


def test_more_burden_more_quitting(small: EmbeddedPeople) -> None:
    """Over many days the shares are those of the hazards."""
    model = Compliance(quit_rate=0.02, quit_sd=0.0, quit_burden=1.5)
    env = VectorEnv(nudged("simulator", small, model, horizon=30), 600, layout="people")
    for action, rate in ((0, 0.02), (3, 0.02 * np.exp(1.5))):
        env.reset(seed=1)
        alive, days, quits = np.ones(600, dtype=bool), 0, 0
        for day in range(20):
            _, _, terminated, truncated, _ = env.step(np.full(600, action))
            if day >= 12:  # by then the burden is full
                days, quits = days + alive.sum(), quits + (alive & terminated).sum()
            alive &= ~(terminated | truncated)
        assert quits / days == pytest.approx(-np.expm1(-rate), rel=0.35)


def test_the_context_of_the_person_goes_along(kind: str, small: EmbeddedPeople) -> None:
    env = VectorEnv(nudged(kind, small), 3, layout="people")
    wrapped = VectorPersonContext(env, world_model=tiny.runtime(), update="daily")
    seen, _ = wrapped.reset(seed=0)
    width = seen.shape[1]
    assert width > env.single_observation_space.shape[0]
    for _ in range(8):
        assert wrapped.step(np.ones(3, dtype=np.int64))[0].shape == (3, width)


@pytest.mark.parametrize("mode", ["rgb_array", "ansi"])
def test_rendering_is_that_of_the_people(mode: str, small: EmbeddedPeople) -> None:
    world = nudged("simulator", small, {"quit_rate": 0.0})
    env = Env(world, render_mode=mode)
    env.reset(seed=0)
    env.step(2)
    shown = env.render()
    if mode == "ansi":
        assert "Neutral" in str(shown) or "Happy" in str(shown) or len(str(shown)) > 20
    else:
        assert isinstance(shown, np.ndarray) and shown.dtype == np.uint8 and shown.ndim == 3


def test_wrong_use_is_refused(small: EmbeddedPeople) -> None:
    with pytest.raises(ConfigError, match="adherence 0"):
        NudgeWorld(SimulatorWorld(small))
    world = nudged("simulator", small)
    state = begun(world, 2)
    with pytest.raises(InvalidActionError, match=r"of shape \(2,\)"):
        world.step(state, np.zeros(3, dtype=np.int64))
    with pytest.raises(InvalidActionError, match="values from 6 to 6"):
        world.check_actions(6, None)
    with pytest.raises(ConfigError, match="Did you mean 'compliance'"):
        gym.make("HumanWMNudgeSim-v0", dataset=small, complience="full")
    with pytest.raises(ConfigError, match="Did you mean 'harsh'"):
        gym.make("HumanWMNudgeSim-v0", dataset=small, compliance="hars")
