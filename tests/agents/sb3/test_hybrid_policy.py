"""A policy that knows amounts from categories: by hand, and saved as every policy is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.distributions import Categorical, Normal

from agents.action_layout import PERSON_ACTIONS, bins
from agents.env_config import EnvConfig
from agents.registry import train_agent
from agents.saving import load_agent, save_agent
from agents.sb3.hybrid_policy import HybridDistribution, HybridPolicy
from agents.sb3.hyperparameters import A2CConfig, PPOConfig, RecurrentPPOConfig
from agents.sb3.policy import PolicyAgent
from agents.training_session import Session
from human_wm_env.errors import ConfigError
from human_wm_env.people.embedded import EmbeddedPeople

TINY = PPOConfig(steps=60, slots=6, n_steps=5, batch_size=15, width=8, warm_start=0, head="hybrid")
SLOTS = 4000


def distribution() -> tuple[HybridDistribution, torch.Tensor, torch.Tensor]:
    outputs = torch.from_numpy(np.random.default_rng(0).normal(size=(1, 17)).astype(np.float32))
    log_std = torch.full((5,), -0.7)
    made = HybridDistribution(PERSON_ACTIONS)
    return made.proba_distribution(outputs.expand(SLOTS, 17), log_std), outputs[0], log_std


def test_the_likelihood_is_that_of_its_parts() -> None:
    made, outputs, log_std = distribution()
    actions = made.sample()
    assert actions.shape == (SLOTS, 7)
    amounts = actions[:, [0, 3, 4, 5, 6]]
    expected = Normal(outputs[:5], log_std.exp()).log_prob(amounts).sum(dim=1)
    for column, part, count in ((1, slice(5, 12), 7), (2, slice(12, 17), 5)):
        picked = torch.from_numpy(bins(actions[:, column].numpy(), count))
        expected = expected + Categorical(logits=outputs[part]).log_prob(picked)
    torch.testing.assert_close(made.log_prob(actions), expected)


def test_samples_have_the_shares_and_the_mode_is_the_likeliest() -> None:
    torch.manual_seed(0)
    made, outputs, log_std = distribution()
    actions = made.sample()
    picked = bins(actions[:, 1].numpy(), 7)
    shares = torch.softmax(outputs[5:12], dim=0)
    np.testing.assert_allclose(np.bincount(picked, minlength=7) / SLOTS, shares, atol=0.03)
    np.testing.assert_allclose(actions[:, 0].std(), log_std[0].exp(), rtol=0.05)
    mode = made.mode()[0]
    torch.testing.assert_close(mode[[0, 3, 4, 5, 6]], outputs[:5])
    assert bins(mode[1].numpy(), 7) == int(outputs[5:12].argmax())
    entropy = Normal(outputs[:5], log_std.exp()).entropy().sum()
    entropy += Categorical(logits=outputs[5:12]).entropy()
    entropy += Categorical(logits=outputs[12:]).entropy()
    torch.testing.assert_close(made.entropy()[0], entropy)


@pytest.mark.parametrize("config", [TINY, A2CConfig(60, 6, width=8, warm_start=0, head="hybrid")])
def test_it_is_trained_and_saved(
    config: PPOConfig | A2CConfig, people: EmbeddedPeople, simulator: EnvConfig, tmp_path: Path
) -> None:
    agent = train_agent(config, simulator, Session(dataset=people))
    assert isinstance(agent, PolicyAgent) and isinstance(agent.policy, HybridPolicy)
    seen = np.random.default_rng(1).normal(size=(9, 43)).astype(np.float32)
    acted = agent.act(seen)
    assert acted.shape == (9, 7) and acted.dtype == np.float32
    loaded = load_agent(save_agent(agent, tmp_path / "agent"))
    np.testing.assert_array_equal(loaded.act(seen), acted)


def test_it_begins_at_an_action(people: EmbeddedPeople, simulator: EnvConfig) -> None:
    config = replace(TINY, warm_start=1, steps=30, learning_rate=1e-9)
    agent = train_agent(config, simulator, Session(dataset=people))
    other = train_agent(replace(config, head="gaussian"), simulator, Session(dataset=people))
    seen = np.zeros((1, 43), dtype=np.float32)
    one, two = agent.act(seen)[0], other.act(seen)[0]
    np.testing.assert_allclose(one[[0, 3, 4, 5, 6]], two[[0, 3, 4, 5, 6]], atol=0.05)
    for column, count in ((1, 7), (2, 5)):
        assert bins(one[column], count) == bins(two[column], count)


def test_heads_are_named() -> None:
    with pytest.raises(ConfigError, match="hybrid"):
        PPOConfig(head="hybird")
    with pytest.raises(ConfigError, match="recurrent"):
        RecurrentPPOConfig(head="hybrid")
