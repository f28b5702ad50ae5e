"""A policy of Gaussians for amounts and shares for categories, for PPO and A2C.

A Gaussian over the bins of a category walks to a neighbouring bin and no further.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3.common.distributions import DiagGaussianDistribution
from stable_baselines3.common.policies import ActorCriticPolicy
from torch import Tensor, nn
from torch.distributions import Categorical, Normal

from agents.action_layout import ActionLayout, bins

# Of the category that a policy begins with, beside the others.
FIRST_LOGIT = 1.5


class HybridDistribution(DiagGaussianDistribution):
    """Independent Gaussians of the amounts, and a category for each column that picks one.

    Actions are those of the Box: a picked category is the middle of its bin.

    Args:
        layout: which columns pick a category, and of how many.
    """

    def __init__(self, layout: ActionLayout) -> None:
        super().__init__(layout.width)
        self._amounts = layout.amounts.tolist()
        self._picks = dict(layout.picks)

    @property
    def outputs(self) -> int:
        """Outputs of the net: means first, then the logits of each category."""
        return len(self._amounts) + sum(self._picks.values())

    def proba_distribution_net(
        self, latent_dim: int, log_std_init: float = 0.0
    ) -> tuple[nn.Module, nn.Parameter]:
        """Return the last layer, and the log standard deviations of the amounts."""
        log_std = torch.full((len(self._amounts),), log_std_init)
        return nn.Linear(latent_dim, self.outputs), nn.Parameter(log_std)

    def proba_distribution(self, mean_actions: Tensor, log_std: Tensor) -> Self:
        """Take what the net gives, (n, outputs), and the log standard deviations, (amounts,)."""
        means, *logits = mean_actions.split([len(self._amounts), *self._picks.values()], dim=1)
        self.distribution = Normal(means, torch.ones_like(means) * log_std.exp())
        self._of_picks = [Categorical(logits=each) for each in logits]
        return self

    def log_prob(self, actions: Tensor) -> Tensor:
        """Return the log likelihood of actions, (n, width) to (n,)."""
        total = self.distribution.log_prob(actions[:, self._amounts]).sum(dim=1)
        for each, (column, count) in zip(self._of_picks, self._picks.items(), strict=True):
            bin_of = ((actions[:, column] + 1.0) * (0.5 * count)).long().clamp(0, count - 1)
            total = total + each.log_prob(bin_of)
        return total

    def entropy(self) -> Tensor:
        """Return the entropy, (n,)."""
        total = self.distribution.entropy().sum(dim=1)
        return total + torch.stack([each.entropy() for each in self._of_picks]).sum(dim=0)

    def sample(self) -> Tensor:
        """Return random actions, (n, width)."""
        return self._actions(
            self.distribution.rsample(), [each.sample() for each in self._of_picks]
        )

    def mode(self) -> Tensor:
        """Return mean amounts and the likeliest categories, (n, width)."""
        likeliest = [each.logits.argmax(dim=1) for each in self._of_picks]
        return self._actions(self.distribution.mean, likeliest)

    def _actions(self, amounts: Tensor, picked: list[Tensor]) -> Tensor:
        actions = amounts.new_empty((len(amounts), self.action_dim))
        actions[:, self._amounts] = amounts
        for chosen, (column, count) in zip(picked, self._picks.items(), strict=True):
            actions[:, column] = (chosen + 0.5) * (2.0 / count) - 1.0
        return actions

    def outputs_at(self, action: np.ndarray) -> Tensor:
        """Return what the net has to give for one action to be the mode, (outputs,)."""
        given = torch.zeros(self.outputs)
        given[: len(self._amounts)] = torch.from_numpy(action[self._amounts].astype(np.float32))
        first = len(self._amounts)
        for column, count in self._picks.items():
            given[first + int(bins(action[column], count))] = FIRST_LOGIT
            first += count
        return given


class HybridPolicy(ActorCriticPolicy):
    """SB3's policy with the hybrid distribution.

    Args:
        observation_space, action_space, lr_schedule: as in SB3.
        picks: which columns of the Box pick a category, and of how many.
        **arguments: as in SB3.
    """

    def __init__(
        self,
        observation_space: spaces.Space,
        action_space: spaces.Box,
        lr_schedule: Any,
        *,
        picks: Mapping[int, int],
        **arguments: Any,
    ) -> None:
        self.picks = dict(picks)
        super().__init__(observation_space, action_space, lr_schedule, **arguments)

    def _build(self, lr_schedule: Any) -> None:
        assert isinstance(self.action_space, spaces.Box)
        self.action_dist = HybridDistribution(ActionLayout(self.action_space, self.picks))
        super()._build(lr_schedule)
