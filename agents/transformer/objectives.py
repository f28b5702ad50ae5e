"""Returns, baselines and losses of the transformer."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

LEAST_SCALE = 0.1  # of the returns' spread, which advantages are divided by


def discounted_returns(rewards: Tensor, alive: Tensor, gamma: float) -> Tensor:
    """Return what follows each step: its reward and, discounted, those after it.

    Args:
        rewards: (slots, steps).
        alive: 1 for the steps of the episode, 0 after it.
        gamma: discount.
    """
    following = torch.zeros(len(rewards))
    found = []
    for step in reversed(range(rewards.shape[1])):
        following = (rewards[:, step] + gamma * following) * alive[:, step]
        found.append(following)
    return torch.stack(found[::-1], dim=1)


def generalised_advantages(
    rewards: Tensor, values: Tensor, ends: Tensor, alive: Tensor, gamma: float, decay: float
) -> Tensor:
    """Return the advantages of each step.

    Source: Schulman et al. 2016, "High-dimensional continuous control using generalized
        advantage estimation", eq. 16.

    Args:
        rewards: (slots, steps).
        values: of the states, (slots, steps). A time limit ends an episode without a value
            beyond it, as for the returns of REINFORCE.
        ends: bool (slots, steps), termination.
        alive: 1 for the steps of the episode, 0 after it.
        gamma: discount.
        decay: lambda.
    """
    after = torch.zeros_like(values)
    after[:, :-1] = values[:, 1:] * alive[:, 1:]
    after = after * ~ends
    errors = rewards + gamma * after - values
    following, found = torch.zeros(len(rewards)), []
    for step in reversed(range(rewards.shape[1])):
        going = alive[:, step]
        following = (errors[:, step] + gamma * decay * following) * going
        found.append(following)
    return torch.stack(found[::-1], dim=1)


class RunningBaseline:
    """Exponential means of the returns of each step, and of their spread.

    Args:
        decay: of the means, at each update.
    """

    def __init__(self, decay: float) -> None:
        self.decay = decay
        self.means = torch.zeros(0)
        self.spread: float | None = None

    def advantages(self, returns: Tensor, alive: Tensor) -> Tensor:
        """Return how much better than before each return is, in units of the usual spread."""
        self._update_means(returns, alive)
        off = (returns - self.means[: returns.shape[1]]) * alive
        now = float((off.square().sum() / alive.sum()).sqrt())
        old = now if self.spread is None else self.spread
        self.spread = self.decay * old + (1.0 - self.decay) * now
        return off / max(self.spread, LEAST_SCALE)

    def _update_means(self, returns: Tensor, alive: Tensor) -> None:
        counts = alive.sum(dim=0)
        now = (returns * alive).sum(dim=0) / counts.clamp(min=1.0)
        steps, known = len(now), len(self.means)
        if steps > known:  # steps that no episode had before begin at what they are now
            self.means = torch.cat([self.means, now[known:]])
        mixed = self.decay * self.means[:steps] + (1.0 - self.decay) * now
        self.means[:steps] = torch.where(counts > 0, mixed, self.means[:steps])

    def state(self) -> dict[str, Tensor | float | None]:
        """Return all that it remembers."""
        return {"means": self.means, "spread": self.spread}

    def restore(self, state: dict[str, Tensor | float | None]) -> None:
        """Go on from what another one remembered."""
        means, spread = state["means"], state["spread"]
        assert isinstance(means, Tensor) and not isinstance(spread, Tensor)
        self.means, self.spread = means.clone(), spread


def mean_alive(values: Tensor, alive: Tensor) -> Tensor:
    """Return the mean over the steps of episodes."""
    return (values * alive).sum() / alive.sum()


def clipped_policy_loss(new: Tensor, old: Tensor, advantages: Tensor, clip: float) -> Tensor:
    """Return PPO's loss of each step.

    Source: Schulman et al. 2017, "Proximal policy optimization algorithms", eq. 7.
    """
    ratio = (new - old).exp()
    return -torch.minimum(ratio * advantages, ratio.clamp(1.0 - clip, 1.0 + clip) * advantages)


def state_loss(predicted: Tensor, states: Tensor, binary: bool) -> Tensor:
    """Return the loss of predicted raw states, summed over their entries: (slots, steps).

    Args:
        predicted: logits of the entries where `binary`, else the entries, (slots, steps, width).
        states: the states that followed.
        binary: whether all entries are 0 or 1.
    """
    if binary:
        each = functional.binary_cross_entropy_with_logits(predicted, states, reduction="none")
    else:
        each = (predicted - states).square()
    return each.sum(dim=-1)


def as_state(predicted: Tensor, binary: bool) -> Tensor:
    """Return the predicted raw state: 0 or 1 where `binary`, the likelier one."""
    return (predicted > 0.0).to(torch.float32) if binary else predicted


def prediction_reward(predicted: Tensor, states: Tensor, binary: bool) -> Tensor:
    """Return how well states were predicted, in [0, 1]: (slots, steps).

    The share of entries that are right, or 1 / (1 + mean squared error).
    """
    if binary:
        return ((predicted > 0.0) == (states > 0.5)).to(torch.float32).mean(dim=-1)
    return 1.0 / (1.0 + (predicted - states).square().mean(dim=-1))
