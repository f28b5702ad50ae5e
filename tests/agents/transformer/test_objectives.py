from __future__ import annotations

import pytest
import torch

from agents.transformer.objectives import (
    RunningBaseline,
    as_state,
    clipped_policy_loss,
    discounted_returns,
    generalised_advantages,
    prediction_reward,
    state_loss,
)

REWARDS = torch.tensor([[1.0, 0.0, 2.0], [0.0, 4.0, 9.0]])
ALIVE = torch.tensor([[1.0, 1.0, 1.0], [1.0, 1.0, 0.0]])  # the second one ended early


def test_returns_by_hand() -> None:
    found = discounted_returns(REWARDS, ALIVE, 0.5)
    assert found.tolist() == [[1.5, 1.0, 2.0], [2.0, 4.0, 0.0]]


def test_advantages_by_hand() -> None:
    values = torch.tensor([[1.0, 2.0, 3.0], [1.0, 1.0, 5.0]])
    ends = torch.tensor([[False] * 3, [False, True, False]])
    found = generalised_advantages(REWARDS, values, ends, ALIVE, gamma=0.5, decay=0.5)
    # Errors: 1 + .5 * 2 - 1 = 1, 0 + .5 * 3 - 2 = -.5, 2 - 3 = -1; 0 + .5 - 1 = -.5, 4 - 1 = 3.
    assert found.tolist() == [[1 - 0.125 - 0.0625, -0.75, -1.0], [0.25, 3.0, 0.0]]


def test_the_baseline_follows_the_returns() -> None:
    baseline = RunningBaseline(0.5)
    returns = torch.tensor([[2.0, 4.0], [4.0, 0.0]])
    alive = torch.tensor([[1.0, 1.0], [1.0, 0.0]])
    first = baseline.advantages(returns, alive)
    assert baseline.means.tolist() == [3.0, 4.0]
    spread = (2.0 / 3.0) ** 0.5  # of -1, 1 and 0
    torch.testing.assert_close(first, torch.tensor([[-1.0, 0.0], [1.0, 0.0]]) / spread)
    baseline.advantages(returns + 2.0, alive)
    assert baseline.means.tolist() == [4.0, 5.0]
    longer = torch.ones(2, 3)
    baseline.advantages(longer, longer)
    assert baseline.means.tolist() == [2.5, 3.0, 1.0]
    baseline.advantages(torch.zeros(2, 1), torch.ones(2, 1))
    assert baseline.means.tolist() == [1.25, 3.0, 1.0]


def test_a_restored_baseline_goes_on_alike() -> None:
    one, other = RunningBaseline(0.9), RunningBaseline(0.9)
    one.advantages(REWARDS, ALIVE)
    other.restore(one.state())
    torch.testing.assert_close(one.advantages(REWARDS, ALIVE), other.advantages(REWARDS, ALIVE))


def test_the_clipped_loss_by_hand() -> None:
    ratios = torch.tensor([1.5, 1.5, 0.5, 0.5])
    advantages = torch.tensor([1.0, -1.0, 1.0, -1.0])
    found = clipped_policy_loss(ratios.log(), torch.zeros(4), advantages, 0.2)
    torch.testing.assert_close(found, torch.tensor([-1.2, 1.5, -0.5, 0.8]))


def test_losses_and_rewards_of_predictions() -> None:
    logits, states = torch.tensor([[3.0, -3.0, 1.0]]), torch.tensor([[1.0, 0.0, 0.0]])
    odds = torch.sigmoid(logits)
    expected = -(odds[0, 0].log() + (1 - odds[0, 1]).log() + (1 - odds[0, 2]).log())
    assert state_loss(logits, states, binary=True).item() == pytest.approx(float(expected))
    assert state_loss(logits, states, binary=False).item() == 4.0 + 9.0 + 1.0
    assert as_state(logits, binary=True).tolist() == [[1.0, 0.0, 1.0]]
    assert as_state(logits, binary=False) is logits
    assert prediction_reward(logits, states, binary=True).item() == pytest.approx(2 / 3)
    found = prediction_reward(logits, states, binary=False).item()
    assert found == pytest.approx(1.0 / (1.0 + 14.0 / 3.0))


def test_returns_that_hardly_differ_are_not_blown_up() -> None:
    alike = torch.tensor([[1.0, 0.0], [1.02, 0.0]])
    found = RunningBaseline(0.9).advantages(alike, torch.ones(2, 2))
    torch.testing.assert_close(found, torch.tensor([[-0.1, 0.0], [0.1, 0.0]]), atol=1e-5, rtol=0.0)
    same = RunningBaseline(0.9).advantages(torch.ones(2, 2), torch.ones(2, 2))
    assert same.tolist() == [[0.0, 0.0], [0.0, 0.0]]
