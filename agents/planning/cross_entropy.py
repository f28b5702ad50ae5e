"""The cross-entropy method over plans: Gaussians for amounts, shares for categories."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from agents.action_layout import ActionLayout, bins, middles
from human_wm_env.errors import ConfigError

Objective = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class CrossEntropyConfig:
    """Settings of the search.

    Attributes:
        iterations: rounds of sampling.
        candidates: plans in a round.
        elite: how many of them the next round is fitted to.
        std: first standard deviation of the amounts.
        min_std: floor of it, against freezing too early.
        momentum: share of the old distribution that is kept.
    """

    iterations: int = 5
    candidates: int = 48
    elite: int = 8
    std: float = 0.5
    min_std: float = 0.03
    momentum: float = 0.1

    def __post_init__(self) -> None:
        if not 2 <= self.elite < self.candidates or self.iterations < 1:
            raise ConfigError(
                "2 <= elite < candidates and iterations >= 1",
                f"elite={self.elite}, candidates={self.candidates}, iterations={self.iterations}",
                "Correct the settings of the search.",
            )
        if self.std <= 0.0 or self.min_std <= 0.0 or not 0.0 <= self.momentum < 1.0:
            raise ConfigError(
                "std > 0, min_std > 0 and 0 <= momentum < 1",
                f"std={self.std}, min_std={self.min_std}, momentum={self.momentum}",
                "Correct the settings of the search.",
            )


@dataclass(frozen=True)
class PlanDistribution:
    """What is searched: one distribution over plans a slot. A plan is a few actions.

    Attributes:
        mean: float (slots, pieces, amounts).
        std: float (slots, pieces, amounts).
        shares: of each picking column, float (slots, pieces, categories), sums to 1.
        layout: of the actions.
    """

    mean: np.ndarray
    std: np.ndarray
    shares: dict[int, np.ndarray]
    layout: ActionLayout

    @classmethod
    def broad(cls, slots: int, pieces: int, std: float, layout: ActionLayout) -> PlanDistribution:
        """Return the distribution that knows nothing: around an action of 0, all picks alike."""
        shape = (slots, pieces, len(layout.amounts))
        return cls(
            np.zeros(shape),
            np.full(shape, std),
            {pick: np.full((slots, pieces, n), 1.0 / n) for pick, n in layout.picks.items()},
            layout,
        )

    @classmethod
    def around(
        cls, plans: np.ndarray, std: float, layout: ActionLayout, trust: float = 0.7
    ) -> PlanDistribution:
        """Return a distribution around plans, (slots, pieces, width).

        Args:
            plans: actions.
            std: of the amounts.
            layout: of the actions.
            trust: share of the probability on the picks of the plan.
        """
        shares = {}
        for pick, count in layout.picks.items():
            chosen = bins(plans[..., pick], count)[..., None] == np.arange(count)
            shares[pick] = trust * chosen + (1.0 - trust) / count
        return cls(
            plans[..., layout.amounts].astype(float),
            np.full(plans.shape[:-1] + layout.amounts.shape, std),
            shares,
            layout,
        )

    def sample(self, rng: np.random.Generator, candidates: int) -> np.ndarray:
        """Draw plans, float32 (slots, candidates, pieces, width); the first one is the mode."""
        slots, pieces, amounts = self.mean.shape
        plans = np.empty((slots, candidates, pieces, self.layout.width))
        noise = rng.standard_normal((slots, candidates, pieces, amounts))
        plans[..., self.layout.amounts] = self.mean[:, None] + self.std[:, None] * noise
        for pick, shares in self.shares.items():
            uniform = rng.random((slots, candidates, pieces, 1))
            drawn = (np.cumsum(shares, axis=-1)[:, None] < uniform).sum(axis=-1)
            plans[..., pick] = middles(drawn, shares.shape[-1])
        plans[:, 0] = self.mode()
        return np.clip(plans, -1.0, 1.0).astype(np.float32)

    def mode(self) -> np.ndarray:
        """Return the means and the likeliest picks, float32 (slots, pieces, width)."""
        plans = np.empty((*self.mean.shape[:2], self.layout.width), dtype=np.float32)
        plans[..., self.layout.amounts] = self.mean
        for pick, shares in self.shares.items():
            plans[..., pick] = middles(shares.argmax(axis=-1), shares.shape[-1])
        return np.clip(plans, -1.0, 1.0)

    def refit(
        self, plans: np.ndarray, values: np.ndarray, config: CrossEntropyConfig
    ) -> PlanDistribution:
        """Fit the distribution to the best plans of a round.

        Args:
            plans: float (slots, candidates, pieces, width).
            values: float (slots, candidates).
            config: elite, momentum and floor.
        """
        best = np.argsort(-values, axis=1, kind="stable")[:, : config.elite]
        elite = np.take_along_axis(plans, best[:, :, None, None], axis=1)
        amounts, old, new = elite[..., self.layout.amounts], config.momentum, 1.0 - config.momentum
        shares = {}
        for pick, before in self.shares.items():
            count = before.shape[-1]
            picked = bins(elite[..., pick], count)[..., None] == np.arange(count)
            shares[pick] = old * before + new * picked.mean(axis=1)
        return PlanDistribution(
            old * self.mean + new * amounts.mean(axis=1),
            np.maximum(old * self.std + new * amounts.std(axis=1), config.min_std),
            shares,
            self.layout,
        )


def search_plans(
    objective: Objective,
    distribution: PlanDistribution,
    config: CrossEntropyConfig,
    rng: np.random.Generator,
    progress: Callable[[int], object] | None = None,
) -> np.ndarray:
    """Improve a distribution over plans and return the plans it settles on.

    Slots are searched side by side and do not influence each other. The mode of the
    distribution takes part in every round, so that the search never ends on one lucky sample.

    Args:
        objective: takes float32 (slots, candidates, pieces, width), returns (slots, candidates).
        distribution: where the search begins.
        config: settings.
        rng: draws the candidates.
        progress: called with 1 after each round.

    Returns:
        float32 (slots, pieces, width).

    Source: Rubinstein 1999, "The cross-entropy method for combinatorial and continuous
        optimization", with its two families side by side.
    """
    for _ in range(config.iterations):
        plans = distribution.sample(rng, config.candidates)
        distribution = distribution.refit(plans, objective(plans), config)
        if progress is not None:
            progress(1)
    return distribution.mode()
