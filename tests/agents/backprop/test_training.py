"""Analytic policy gradients: they learn, resume exactly, and need a world with gradients."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.vector import AutoresetMode

from agents.action_layout import PERSON_ACTIONS
from agents.actor.actor_agent import ActorAgent
from agents.actor.hybrid_head import HybridHead
from agents.backprop.settings import BackpropConfig
from agents.backprop.training import Trainer, Window, sampled, train_backprop
from agents.env_config import EnvConfig, Vector, make_vector_env
from agents.training_session import Session
from human_wm_env.errors import CheckpointError, ConfigError
from human_wm_env.people.embedded import EmbeddedPeople
from human_wm_env.random_streams import Stream

DAYS = 4
ENV = EnvConfig("HumanWM-v0", horizon=DAYS, split="all")
TINY = BackpropConfig(steps=6, slots=5, width=8, layers=1)


@dataclass(frozen=True)
class ToyStep:
    state: Any
    observation: mx.array
    reward: mx.array
    goes_on: mx.array


class ToyWorld:
    """Pays for the first amount and the first workout being what the observation asks for."""

    def __init__(self, env: Vector) -> None:
        assert env.single_observation_space.shape is not None
        self.width = env.single_observation_space.shape[0]

    def reset(self, starts: Sequence[Any], streams: Sequence[Stream]) -> tuple[Any, mx.array]:
        seed = streams[0].noise[0]
        wanted = np.random.default_rng(seed).uniform(-0.5, 0.5, len(starts)).astype(np.float32)
        return (mx.array(wanted), 0), self._observe(mx.array(wanted))

    def _observe(self, wanted: mx.array) -> mx.array:
        return mx.concatenate([wanted[:, None], mx.zeros((len(wanted), self.width - 1))], axis=1)

    def step(self, state: Any, amounts: mx.array, picks: Sequence[mx.array]) -> ToyStep:
        wanted, day = state
        reward = 1.0 - (amounts[:, 0] - wanted).square() + picks[0][:, 2]
        return ToyStep((wanted, day + 1), self._observe(wanted), reward, mx.ones_like(reward))


def session(people: EmbeddedPeople, **more: Any) -> Session:
    return Session(dataset=people, differentiable=ToyWorld, **more)


@pytest.mark.parametrize("window", [60, 3])
def test_it_learns(people: EmbeddedPeople, window: int) -> None:
    curve: list[float] = []

    class Curves:
        def scalar(self, name: str, value: float, step: int) -> None:
            if name == "rollout/ep_rew_mean":
                curve.append(value)

    config = replace(TINY, steps=60, slots=50, window=window, learning_rate=0.02)
    agent = train_backprop(config, ENV, session(people, logger=Curves()))
    assert len(curve) == 60 and curve[0] < 1.5 * DAYS
    assert curve[-1] > 1.9 * DAYS
    seen = np.zeros((3, 43), dtype=np.float32)
    seen[:, 0] = [-0.4, 0.0, 0.4]
    acted = agent.act(seen)
    np.testing.assert_allclose(acted[:, 0], seen[:, 0], atol=0.15)
    np.testing.assert_allclose(acted[:, 1], 2.5 * 2.0 / 7.0 - 1.0, atol=1e-6)


def same(one: ActorAgent, other: ActorAgent) -> bool:
    return all(np.array_equal(one.weights[name], other.weights[name]) for name in one.weights)


@pytest.mark.parametrize("window", [60, 3])
def test_a_resumed_training_ends_with_the_same_bytes(
    people: EmbeddedPeople, tmp_path: Path, window: int
) -> None:
    config = replace(TINY, window=window)
    whole = train_backprop(config, ENV, session(people))

    class Stop(Exception):
        pass

    def stop(agent: object, days: int) -> None:
        if days == 3 * 5 * DAYS:
            raise Stop

    kept = session(people, state_folder=tmp_path, checkpoint_days=1, snapshot=stop)
    with pytest.raises(Stop):
        train_backprop(config, ENV, kept)
    days: list[int] = []
    going_on = replace(kept, snapshot=None, resume=True, progress=days.append)
    resumed = train_backprop(config, ENV, going_on)
    assert days == [3 * 5 * DAYS, *[5 * DAYS] * 3]
    assert same(resumed, whole)
    assert not same(train_backprop(replace(config, seed=1), ENV, session(people)), whole)
    with pytest.raises(CheckpointError, match=r"agent\.width"):
        train_backprop(replace(config, width=9), ENV, going_on)


def test_picks_are_one_hot_and_have_the_gradient_of_their_softmax() -> None:
    head = HybridHead(PERSON_ACTIONS.space, dict(PERSON_ACTIONS.picks))
    rng = np.random.default_rng(0)
    outputs = mx.array(rng.standard_normal((30, 17)).astype(np.float32))
    gumbel = mx.array(rng.gumbel(size=(30, 12)).astype(np.float32))
    amounts, (workout, location) = sampled(head, outputs, gumbel, 0.5)
    np.testing.assert_allclose(amounts, np.tanh(np.array(outputs)[:, :5]), atol=1e-6)
    for pick, part in ((workout, slice(0, 7)), (location, slice(7, 12))):
        noisy = np.array(outputs)[:, 5:][:, part] + np.array(gumbel)[:, part]
        np.testing.assert_array_equal(np.array(pick).argmax(axis=1), noisy.argmax(axis=1))
        np.testing.assert_allclose(np.sort(pick, axis=1)[:, -2:], [[0.0, 1.0]] * 30, atol=1e-6)
    worth = mx.arange(7.0)
    got = mx.grad(lambda x: (sampled(head, x, gumbel, 0.5)[1][0] @ worth).sum())(outputs)
    soft = mx.grad(lambda x: (mx.softmax((x[:, 5:12] + gumbel[:, :7]) / 0.5, axis=1) @ worth).sum())
    np.testing.assert_allclose(got, soft(outputs), atol=1e-6)


def test_a_space_may_have_no_amounts_or_no_picks() -> None:
    outputs = mx.array([[0.5, -1.0, 2.0]])
    amounts, picks = sampled(
        HybridHead(spaces.Box(-1.0, 1.0, (3,), np.float32)), outputs, mx.zeros((1, 0)), 0.5
    )
    np.testing.assert_allclose(amounts, np.tanh([[0.5, -1.0, 2.0]]), rtol=1e-6)
    assert picks == []
    amounts, picks = sampled(HybridHead(spaces.Discrete(3)), outputs, mx.zeros((1, 3)), 0.5)
    assert amounts.shape == (1, 0)
    np.testing.assert_allclose(picks[0], [[0.0, 0.0, 1.0]], atol=1e-6)


def test_it_needs_a_world_with_gradients() -> None:
    with pytest.raises(ConfigError, match=r"world_model\.differentiable"):
        train_backprop(TINY, ENV, Session())


@pytest.mark.parametrize(
    "settings", [{"steps": 0}, {"window": 0}, {"learning_rate": 0.0}, {"gamma": 1.5}]
)
def test_settings_out_of_range(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        BackpropConfig(**settings)


def test_values_are_of_episodes_that_have_come_so_far(people: EmbeddedPeople) -> None:
    """Who may have ended already counts less, and is worth as much as anybody who has not."""

    class Fading(ToyWorld):
        def step(self, state: Any, amounts: mx.array, picks: Sequence[mx.array]) -> ToyStep:
            step = super().step(state, amounts, picks)
            return replace(step, reward=mx.ones_like(step.reward), goes_on=0.9 * step.goes_on)

    config = replace(TINY, window=2)
    vector = make_vector_env(ENV, 1, autoreset=AutoresetMode.NEXT_STEP, dataset=people)
    with contextlib.closing(vector):
        trainer = Trainer(config, ENV, vector, Fading(vector))
        state, seen = trainer.world.reset(
            [None] * 5, [Stream((0, slot, 0), (0, slot, 0)) for slot in range(5)]
        )
        found = []
        for alive in (1.0, 0.5):
            window = Window(trainer, state, seen, alive * mx.ones(5), 2, True)
            window.loss(trainer.actor, mx.zeros((2, 5, 12)))
            _, targets, came = window.value_targets()
            found.append(np.array(targets))
            np.testing.assert_allclose(came, alive * np.repeat([1.0, 0.9], 5), rtol=1e-6)
            np.testing.assert_allclose(window.returns, alive * 1.9 * np.ones(5), rtol=1e-6)
    np.testing.assert_allclose(found[0], found[1], rtol=1e-6)
    end = np.array(trainer.values(trainer.value, window.seen[-1]))
    np.testing.assert_allclose(found[0][5:], 1.0 + 0.9 * end, rtol=1e-5)
    np.testing.assert_allclose(found[0][:5], 1.0 + 0.9 * found[0][5:], rtol=1e-5)
