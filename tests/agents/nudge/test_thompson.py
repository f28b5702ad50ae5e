from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from agents.env_config import EnvConfig, make_vector_env
from agents.nudge.thompson import LinearPosterior, ThompsonAgent, ThompsonConfig, best
from agents.registry import train_agent
from agents.saving import load_agent, save_agent
from agents.training_session import Session
from human_wm_env.errors import CheckpointError, ConfigError
from human_wm_env.people.embedded import EmbeddedPeople

ENV = EnvConfig("HumanWMNudgeSim-v0", horizon=5, split="all")
CONFIG = ThompsonConfig(steps=60, slots=6, update_days=2)


def test_the_posterior_is_that_of_ridge_regression() -> None:
    rng = np.random.default_rng(0)
    features, actions = rng.normal(size=(40, 2)), rng.integers(3, size=40)
    rewards = rng.normal(size=40)
    learned = LinearPosterior(2, 3, precision=0.5)
    for half in (slice(0, 15), slice(15, 40)):
        learned.add(features[half], actions[half], rewards[half])
    learned.update()
    design = np.zeros((40, 6))
    design[:, :2] = features
    for row, action in enumerate(actions):
        if action:
            design[row, 2 * action : 2 * action + 2] = features[row]
    precision = design.T @ design + 0.5 * np.eye(6)
    expected = np.linalg.solve(precision, design.T @ rewards)
    np.testing.assert_allclose(learned.mean.ravel(), expected, atol=1e-10)
    drawn = learned.sample(200_000, 0.3, np.random.default_rng(1)).reshape(-1, 6)
    np.testing.assert_allclose(drawn.mean(axis=0), expected, atol=2e-3)
    np.testing.assert_allclose(np.cov(drawn.T), 0.09 * np.linalg.inv(precision), atol=0.02 * 0.09)


def test_the_best_action_adds_most_and_nothing_adds_nothing() -> None:
    weights = np.array([[5.0, 0.0], [-1.0, 2.0], [0.0, 0.5]])
    features = np.array([[1.0, 0.0], [1.0, 0.1], [1.0, 1.0]])
    assert best(weights, features).tolist() == [0, 2, 1]
    each = np.stack([weights, weights, -weights])
    assert best(each, features).tolist() == [0, 2, 0]


def test_a_seed_gives_one_agent_which_can_be_saved(people: EmbeddedPeople, tmp_path: Path) -> None:
    reported: list[int] = []
    session = Session(dataset=people, progress=reported.append)
    one, other = (train_agent(CONFIG, ENV, session) for _ in range(2))
    assert isinstance(one, ThompsonAgent) and isinstance(other, ThompsonAgent)
    assert np.array_equal(one.mean, other.mean) and one.mean.any()
    assert sum(reported) == 2 * 60
    seen = np.random.default_rng(0).random((50, 53)).astype(np.float32)
    loaded = load_agent(save_agent(one, tmp_path / "agent"))
    assert np.array_equal(one.act(seen), loaded.act(seen))
    with pytest.raises(ConfigError, match="observations of width 53"):
        one.act(seen[:, :-1])


def test_it_learns_what_pays(people: EmbeddedPeople) -> None:
    """Where only sleep is paid and all comply, an earlier bed is found for short sleepers."""
    paid = {"mood": 0.0, "recovery": 0.0, "effort": 0.0, "sleep": 1.0, "burden": 0.0}
    env = EnvConfig(
        "HumanWMNudgeSim-v0", horizon=10, split="all", reward_weights=paid, compliance="full"
    )
    config = ThompsonConfig(steps=12_000, slots=100, prior_precision=1.0)
    agent = train_agent(config, env, Session(dataset=people))
    assert isinstance(agent, ThompsonAgent)
    vector = make_vector_env(env, 200, autoreset=AutoresetMode.SAME_STEP, dataset=people)
    seen, _ = vector.reset(seed=1)
    sent = np.bincount(agent.act(seen), minlength=6)
    assert sent.argmax() == 3 and sent[3] > 60  # earlier_bed


def test_it_needs_discrete_actions(people: EmbeddedPeople) -> None:
    with pytest.raises(ConfigError, match="Discrete actions from 0 on"):
        train_agent(CONFIG, EnvConfig("HumanWMSim-v0", split="all"), Session(dataset=people))
    with pytest.raises(ConfigError, match="noise_std > 0"):
        ThompsonConfig(noise_std=0.0)
    with pytest.raises(ConfigError, match="slots >= 1"):
        ThompsonConfig(slots=0)


def test_it_goes_on_with_what_it_learned(people: EmbeddedPeople, tmp_path: Path) -> None:
    session = Session(dataset=people, state_folder=tmp_path, resume=True)
    half = train_agent(replace(CONFIG, steps=30), ENV, session)
    same = train_agent(replace(CONFIG, steps=30), ENV, session)
    reported: list[int] = []
    more = train_agent(CONFIG, ENV, replace(session, progress=reported.append))
    assert isinstance(half, ThompsonAgent) and isinstance(same, ThompsonAgent)
    assert isinstance(more, ThompsonAgent)
    assert np.array_equal(half.mean, same.mean) and not np.array_equal(half.mean, more.mean)
    assert sum(reported) == 60
    with pytest.raises(CheckpointError, match=r"agent\.noise_std"):
        train_agent(replace(CONFIG, noise_std=0.1), ENV, session)
