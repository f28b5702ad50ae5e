"""Find the best constant day of a population by the cross-entropy method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode

from agents.baselines import ConstantAgent
from agents.cross_entropy import CrossEntropyConfig
from agents.env_config import EnvConfig, make_vector_env
from agents.returns import live_episodes
from agents.starts import spread_starts
from human_wm_env.envs.actions import ACTION_WIDTH
from human_wm_env.errors import ConfigError

Objective = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class SearchConfig(CrossEntropyConfig):
    """Settings of the cross-entropy search, with other defaults than a plan's; and further ones.

    Attributes:
        iterations, candidates, elite, std, min_std, momentum: as in `CrossEntropyConfig`;
            the first standard deviation is around the typical day 0.
        episodes: starts on which every candidate is judged, with common random numbers.
        seed: of the candidates and the starts.
    """

    iterations: int = 15
    candidates: int = 32
    std: float = 0.6
    momentum: float = 0.2
    episodes: int = 120
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.episodes < 1:
            raise ConfigError("episodes >= 1", f"{self.episodes}", "Judge on one start or more.")


def cross_entropy_search(
    objective: Objective,
    config: SearchConfig,
    progress: Callable[[int], object] | None = None,
) -> np.ndarray:
    """Maximise a function on [-1, 1]^7.

    The mean of the sampling distribution is itself one of every round's candidates,
    and the best mean is returned: a single lucky sample never wins.

    Args:
        objective: takes float32 (candidates, 7), returns float (candidates,).
        config: settings of the search.
        progress: called with 1 after each round.

    Returns:
        float32 (7,).

    Source: Rubinstein 1999, "The cross-entropy method for combinatorial and
        continuous optimization".
    """
    rng = np.random.default_rng(config.seed)
    mean, std = np.zeros(ACTION_WIDTH), np.full(ACTION_WIDTH, config.std)
    best, best_value = mean, -np.inf
    for _ in range(config.iterations):
        drawn = rng.normal(mean, std, (config.candidates, ACTION_WIDTH))
        drawn[0] = mean
        drawn = np.clip(drawn, -1.0, 1.0)
        values = objective(drawn.astype(np.float32))
        if values[0] > best_value:
            best, best_value = drawn[0], values[0]
        elite = drawn[np.argsort(-values, kind="stable")[: config.elite]]
        keep = config.momentum
        mean = keep * mean + (1.0 - keep) * elite.mean(axis=0)
        std = np.maximum(keep * std + (1.0 - keep) * elite.std(axis=0), config.min_std)
        if progress is not None:
            progress(1)
    # The last fitted mean has not been judged yet; candidate 1 is the best judged one.
    finalists = np.stack([mean, best] * (config.candidates // 2 + 1))[: config.candidates]
    values = objective(finalists.astype(np.float32))
    return finalists[int(np.argmax(values[:2]))].astype(np.float32)


def search_best_constant(
    env: EnvConfig,
    config: SearchConfig,
    progress: Callable[[int], object] | None = None,
    *,
    dataset: Any = None,
) -> ConstantAgent:
    """Find the constant action with the highest mean return in an environment.

    Starts are drawn from the environment's own split. All candidates of a round live
    side by side in one VectorEnv, each on the same people, days and seeds.

    Args:
        env: where to search.
        config: settings of the search.
        progress: called with 1 after each round.
        dataset: a data set object in place of `env.dataset`.
    """
    starts = spread_starts(env, episodes=config.episodes, seed=config.seed, dataset=dataset)
    repeated = starts.part(np.tile(np.arange(len(starts)), config.candidates))
    vector = make_vector_env(env, len(repeated), autoreset=AutoresetMode.DISABLED, dataset=dataset)

    def mean_returns(candidates: np.ndarray) -> np.ndarray:
        actions = np.repeat(candidates, len(starts), axis=0)
        total, _ = live_episodes(vector, repeated, lambda seen: actions)
        return total.reshape(config.candidates, len(starts)).mean(axis=1)

    try:
        return ConstantAgent(cross_entropy_search(mean_returns, config, progress), "best_constant")
    finally:
        vector.close()
