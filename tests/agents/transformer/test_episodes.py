"""Whole episodes as tensors: who chose what, and for how long."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from gymnasium.vector import AutoresetMode

from agents.env_config import EnvConfig, GymEnvConfig, make_vector_env
from agents.transformer.action_codec import ActionCodec
from agents.transformer.episodes import Episodes, collect
from agents.transformer.network import WorldModelTransformer
from agents.transformer.settings import ReinforceConfig
from human_wm_env.people.embedded import EmbeddedPeople
from human_wm_env.person import rewards

SLOTS = 5
TINY = ReinforceConfig(1, SLOTS, layers=1, width=16, heads=2, feed_forward=16)


def played(env_id: str, at_random: int, seed: int = 0, **arguments: object) -> Episodes:
    torch.manual_seed(0)
    env = make_vector_env(GymEnvConfig(env_id, arguments), SLOTS, autoreset=AutoresetMode.NEXT_STEP)
    return played_in(env, seed, at_random)


def played_in(env: Any, seed: int, at_random: int) -> Episodes:
    codec = ActionCodec(env.single_action_space)
    width = int(np.prod(env.single_observation_space.shape or ()))
    net = WorldModelTransformer(width, codec.width, codec.continuous, TINY)
    return collect(net, codec, env, seed, at_random=at_random)


@pytest.mark.parametrize("at_random", [0, 2])
def test_slots_that_act_at_random_are_not_the_agents_own(at_random: int) -> None:
    found = played("PatternEcho-v0", at_random, symbols=4, horizon=6)
    assert found.states.shape[:2] == (SLOTS, 7) and found.rewards.shape == (SLOTS, 6)
    assert found.alive.all()
    assert not found.own[:at_random].any() and found.own[at_random:].all()
    assert len(found.returns) == SLOTS - at_random
    np.testing.assert_allclose(found.returns, found.rewards[at_random:].sum(dim=1))
    assert found.successes is not None and len(found.successes) == SLOTS - at_random
    np.testing.assert_allclose(found.successes, found.returns)


def test_parts_are_every_other_slot() -> None:
    found = played("PatternEcho-v0", 2, symbols=4)
    one, other = found.part(0, 2), found.part(1, 2)
    assert torch.equal(one.states, found.states[[0, 2, 4]])
    assert torch.equal(other.log_probabilities, found.log_probabilities[[1, 3]])
    assert one.own[:, 0].tolist() == [0.0, 1.0, 1.0] and other.own[:, 0].tolist() == [0.0, 1.0]


def test_a_seed_replays() -> None:
    one, two, other = (played("PatternEcho-v0", 1, seed, symbols=4) for seed in (3, 3, 4))
    assert torch.equal(one.states, two.states) and torch.equal(one.actions, two.actions)
    assert not torch.equal(one.states, other.states)


def test_what_led_to_a_state_is_the_action_before_it() -> None:
    found = played("PatternEcho-v0", 0, symbols=4, horizon=4)
    assert not found.before[:, 0].any()
    assert torch.equal(found.before[:, 1:].argmax(dim=-1), found.actions)


def test_an_episode_that_ended_is_not_alive() -> None:
    found = played("CartPole-v1", 1)
    lengths = found.alive.sum(dim=1)
    assert lengths.max() == found.rewards.shape[1] and lengths.min() < lengths.max()
    for slot in range(SLOTS):
        last = int(lengths[slot]) - 1
        assert found.ends[slot, last] and not found.ends[slot, :last].any()
        assert not found.alive[slot, last + 1 :].any() and found.alive[slot, : last + 1].all()


def test_components_are_means_over_the_agents_own_days(
    people: EmbeddedPeople, simulator: EnvConfig
) -> None:
    env = make_vector_env(simulator, SLOTS, autoreset=AutoresetMode.NEXT_STEP, dataset=people)
    found = played_in(env, 0, 2)
    assert set(found.components) == set(rewards.COMPONENTS) and found.successes is None
    weighted = sum(
        rewards.DEFAULT_WEIGHTS[name] * value for name, value in found.components.items()
    )
    earned = float((found.rewards * found.own).sum() / found.own.sum())
    assert weighted == pytest.approx(earned, rel=1e-4)
