"""The dream of Pendulum-v1 as an environment, and steps of a small one by hand."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import human_wm_env  # noqa: F401 (registers the ids)
from human_wm_env.errors import CheckpointError, ConfigError
from human_wm_env.random_streams import Stream
from human_wm_env.vector_dream.nets import Mixture
from human_wm_env.vector_dream.world import VectorDreamState, VectorDreamWorld
from tests.human_wm_env.vector_dream.small import batch, checkpoint
from tests.world_model.vector import pendulum

ID = "WorldModelDream-v0"


@pytest.mark.parametrize("view", ["latent", "decoded"])
def test_gymnasium_accepts_it(view: str) -> None:
    env = gym.make(ID, world_model=pendulum.checkpoint(), view=view)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(env.unwrapped, skip_render_check=True)


def test_slots_of_a_batch_dream_as_alone() -> None:
    many = gym.make_vec(ID, num_envs=3, world_model=pendulum.checkpoint(), horizon=40)
    one = gym.make(ID, world_model=pendulum.checkpoint(), horizon=40)
    batch, _ = many.reset(seed=4)
    batch_again, _ = many.reset(seed=4)
    np.testing.assert_array_equal(batch, batch_again)
    alone, _ = one.reset(seed=4)
    np.testing.assert_allclose(alone, batch[0], rtol=1e-5, atol=1e-6)
    for step in range(39):  # beyond a block of noise
        action = np.full((3, 1), np.sin(step), dtype=np.float32)
        batch, rewards, _, _, info = many.step(action)
        alone, reward, *_ = one.step(action[0])
        np.testing.assert_allclose(alone, batch[0], rtol=1e-3, atol=1e-4)
        assert reward == pytest.approx(rewards[0], rel=1e-3, abs=1e-3)
        assert (info["uncertainty"] >= 0.0).all()


def test_without_temperature_nothing_is_drawn() -> None:
    env = gym.make(ID, world_model=pendulum.checkpoint(), temperature=0.0, members=1)
    start = pendulum.checkpoint().starts[0]
    paths = []
    for seed in (0, 1):
        env.reset(seed=seed, options={"observation": start})
        paths.append([env.step(np.zeros(1, np.float32))[0] for _ in range(5)])
    np.testing.assert_allclose(paths[0], paths[1], rtol=1e-5)


def test_what_is_out_of_range_is_told() -> None:
    with pytest.raises(ConfigError, match="temperature >= 0"):
        gym.make(ID, world_model=pendulum.checkpoint(), temperature=-1.0)
    env = gym.make(ID, world_model=pendulum.checkpoint())
    with pytest.raises(ConfigError, match="a finite observation of Pendulum-v1"):
        env.reset(options={"observation": np.zeros(5)})


def world(**settings: Any) -> VectorDreamWorld:
    return VectorDreamWorld(checkpoint(), **settings)


def begun(made: VectorDreamWorld, slots: int = 4) -> VectorDreamState:
    streams = [Stream((0, 0, 0), (7, slot, 0)) for slot in range(slots)]
    return made.reset(list(made.checkpoint.starts[:slots]), streams)[0]


def test_spaces_by_hand() -> None:
    latent = world()
    bound = np.array([10.0, 10.0, 1.0, 1.0, 1.0, 1.0], dtype=np.float32)
    np.testing.assert_array_equal(latent.observation_space.high, bound)
    np.testing.assert_array_equal(latent.observation_space.low, -bound)
    assert latent.observation_parts == {"z": slice(0, 2), "h": slice(2, 6)}
    assert (latent.horizon, latent.step_info) == (50, {"uncertainty": ()})
    decoded = world(view="decoded", uncertainty=False, horizon=9)
    mean = decoded.checkpoint.weights["normaliser.mean"]
    reach = np.array([10.01, 2.5025, 5.005])
    np.testing.assert_allclose(decoded.observation_space.high, mean + reach, rtol=1e-6)
    np.testing.assert_allclose(decoded.observation_space.low, mean - reach, rtol=1e-6)
    assert decoded.observation_parts == {"observation": slice(0, 3)}
    assert (decoded.horizon, decoded.step_info) == (9, {})


def test_a_step_by_hand() -> None:
    made = world()
    state, actions = begun(made), batch(1)
    assert not state.h.any() and not state.step.any()
    after = made.step(state, actions)
    drawn = after.state  # holds the noise that the step was drawn with
    member = (drawn.uniforms[:, 0, -1] * 2).astype(int)
    of_all = made.nets.next_latents(state.z, actions, state.h)
    spread = of_all.expected().std(axis=0) / np.array([0.5, 2.0])
    np.testing.assert_allclose(after.extras["uncertainty"], spread.mean(axis=1), rtol=1e-5)
    expected = np.empty((4, 2))
    for slot in range(4):
        for entry in range(2):
            mixture = Mixture(*(part[member[slot], slot, entry] for part in of_all))
            place = int(drawn.uniforms[slot, 0, entry] >= mixture.weights()[0])
            noise = drawn.normals[slot, 0, entry]
            expected[slot, entry] = mixture.mean[place] + mixture.scale[place] * noise
    np.testing.assert_allclose(after.state.z, np.clip(expected, -10.0, 10.0), rtol=1e-4)
    rewards, ends = made.nets.outcomes(state.z, actions, after.state.z, state.h, member)
    np.testing.assert_allclose(after.components[:, 0], rewards, rtol=1e-5)
    assert after.terminated.tolist() == (drawn.uniforms[:, 0, -2] < ends).tolist()
    memory = made.nets.remember(state.h, state.z, actions)
    np.testing.assert_allclose(after.observation[:, 2:], memory, rtol=1e-6)
    assert after.state.step.tolist() == [1, 1, 1, 1]


def test_temperature_scales_noise_and_weights_by_hand() -> None:
    logits = np.log(np.array([[[0.2, 0.8], [0.9, 0.1]]]))
    mixture = Mixture(logits, np.array([[[1.0, 2.0], [3.0, 4.0]]]), np.full((1, 2, 2), 0.5))
    normals = np.array([[1.0, -1.0]])

    def drawn(temperature: float, *uniforms: float) -> list[float]:
        made = world(temperature=temperature)
        return made._sample(mixture, normals, np.array([uniforms]))[0].tolist()

    assert drawn(0.0, 0.0, 0.99) == [2.0, 3.0]
    assert drawn(1.0, 0.19, 0.91) == pytest.approx([1.5, 3.5])
    assert drawn(1.0, 0.21, 0.89) == pytest.approx([2.5, 2.5])
    # at 4 the weights are .2 ** .25 and so on, .414 to .586 and .634 to .366, the noise is twice
    assert drawn(4.0, 0.41, 0.64) == pytest.approx([2.0, 3.0])
    assert drawn(4.0, 0.42, 0.63) == pytest.approx([3.0, 2.0])
    far = Mixture(logits, np.full((1, 2, 2), 30.0), np.ones((1, 2, 2)))
    assert world()._sample(far, normals, np.zeros((1, 2))).tolist() == [[10.0, 10.0]]


def test_ends_are_told_only_where_some_were_collected() -> None:
    certain = world(temperature=0.0)
    state, actions = begun(certain), batch(1)
    after = certain.step(state, actions)
    member = (after.state.uniforms[:, 0, -1] * 2).astype(int)
    _, ends = certain.nets.outcomes(state.z, actions, after.state.z, state.h, member)
    assert after.terminated.tolist() == (ends > 0.5).tolist()
    never = VectorDreamWorld(replace(checkpoint(), terminates=False))
    for _ in range(20):
        after = never.step(begun(never), actions)
        assert not after.terminated.any()


def test_one_member_alone_dreams_the_same() -> None:
    told, silent = world(), world(uncertainty=False)
    states = [begun(told), begun(silent)]
    for step in range(35):  # beyond a block of noise
        actions = batch(1, seed=step)
        after = [made.step(one, actions) for made, one in zip((told, silent), states, strict=True)]
        np.testing.assert_allclose(after[0].state.z, after[1].state.z, rtol=1e-3, atol=1e-3)
        assert "uncertainty" not in after[1].extras
        states = [one.state for one in after]


def test_noise_is_of_the_stream_and_the_block() -> None:
    made, actions = world(), batch(1)
    state = made.step(begun(made), actions).state
    first = state.normals.copy()
    other = made.step(begun(made, 3), actions[:3]).state
    np.testing.assert_array_equal(other.normals, first[:3])
    for _ in range(31):
        state = made.step(state, actions).state
    np.testing.assert_array_equal(state.normals, first)
    state = made.step(state, actions).state
    assert (state.normals != first).all(axis=(1, 2)).all()
    fresh = made.reseed(state, [Stream((0, 0, 0), (8, slot, 0)) for slot in range(4)])
    np.testing.assert_array_equal(fresh.z, state.z)
    assert (fresh.uniforms != state.uniforms).all()


@pytest.mark.parametrize("settings", [{"horizon": 0}, {"members": 0}, {"members": 3}])
def test_settings_out_of_range_are_refused(settings: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match=r"temperature >= 0, horizon >= 1 and 1 <= members <= 2"):
        world(**settings)


def test_options_of_a_start() -> None:
    made = world()
    drawn = [np.zeros(3, np.float32), np.ones(3, np.float32)]
    given = {"observation": [1, 2, 3], "branch": 4}
    found = made.start_from([given, {}], drawn)
    assert [one.tolist() for one in found] == [[1, 2, 3], [1, 1, 1]]
    with pytest.raises(ConfigError, match="Did you mean 'observation'"):
        made.start_from([{"observatio": 1}], drawn[:1])
    with pytest.raises(ConfigError, match="a finite observation of Made-v0"):
        made.start_from([{"observation": [np.nan, 0, 0]}], drawn[:1])
    rng = np.random.default_rng(0)
    starts = {tuple(made.draw_start(rng).tolist()) for _ in range(200)}
    assert starts == {tuple(one) for one in made.checkpoint.starts.tolist()}


def test_a_dream_is_halted_where_members_disagree_more_than_on_real_steps() -> None:
    made = replace(checkpoint(), terminates=False, manifest={"uncertainty": {"p99": 0.25}})
    free, halting = VectorDreamWorld(made), VectorDreamWorld(made, halting=2.0)
    ended = []
    for seed in range(8):
        state, actions = begun(free), batch(1, seed=seed)
        after, halted = free.step(state, actions), halting.step(state, actions)
        np.testing.assert_array_equal(after.state.z, halted.state.z)
        np.testing.assert_array_equal(after.components, halted.components)
        assert not after.terminated.any()
        far = after.extras["uncertainty"] > 0.5
        np.testing.assert_array_equal(halted.terminated, far)
        ended.append(far)
    assert 0.0 < np.mean(ended) < 1.0


def test_halting_needs_the_uncertainty_of_real_steps() -> None:
    with pytest.raises(CheckpointError, match="uncertainty of real steps"):
        VectorDreamWorld(checkpoint(), halting=1.0)
    made = replace(checkpoint(), manifest={"uncertainty": {"p99": 0.25}})
    for wrong in ({"halting": 0.0}, {"halting": 1.0, "uncertainty": False}):
        with pytest.raises(ConfigError, match="halting > 0 with uncertainty=True"):
            VectorDreamWorld(made, **wrong)
