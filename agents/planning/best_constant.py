"""The best constant action of a population, searched by the cross-entropy method."""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from gymnasium.vector import AutoresetMode

from agents.action_layout import PERSON_ACTIONS, ActionLayout, middles
from agents.baselines import ConstantAgent
from agents.env_config import NO_CONTEXT, EnvConfig, make_vector_env, with_overrides
from agents.episode_starts import spread_starts
from agents.planning.cross_entropy import CrossEntropyConfig, Objective
from agents.rollout import run_to_the_end
from human_wm_env.errors import ConfigError
from human_wm_env.people.embedded import Dataset


@dataclass(frozen=True)
class SearchConfig(CrossEntropyConfig):
    """Settings of the cross-entropy search, with other defaults than a plan's; and further ones.

    Attributes:
        iterations, candidates, elite, std, min_std, momentum: as in `CrossEntropyConfig`;
            the first standard deviation is around the typical day 0.
        episodes: starts on which every candidate is judged, with common random numbers.
        seed: of the candidates and the starts.

    A search simulates `iterations * candidates * episodes` episodes, and 70 times `episodes` more
    for the two finalists with each of the 35 pairs of workout and location.
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


@dataclass(frozen=True)
class BestConstantConfig:
    """Settings of the best constant day.

    Attributes:
        search: how it is searched.
    """

    search: SearchConfig = field(default_factory=SearchConfig)
    algorithm: Literal["best_constant"] = "best_constant"


def cross_entropy_search(
    objective: Objective,
    config: SearchConfig,
    progress: Callable[[int], object] | None = None,
    layout: ActionLayout = PERSON_ACTIONS,
) -> np.ndarray:
    """Maximise a function of actions in [-1, 1].

    The mean of the sampling distribution is itself one of every round's candidates,
    and the best mean is returned: a single lucky sample never wins.

    A Gaussian over bins of categories walks to a neighbouring bin and no further, and the
    first and the last location are optima of their own. So the amounts are judged at last
    with every workout and location, `every_pick`.

    Args:
        objective: takes float32 (candidates, width), returns float (candidates,). There are
            `config.candidates` of them, and another number in the last call.
        config: settings of the search.
        progress: called with 1 after each round.
        layout: of the actions.

    Returns:
        float32 (width,).

    Source: Rubinstein 1999, "The cross-entropy method for combinatorial and
        continuous optimization".
    """
    rng = np.random.default_rng(config.seed)
    mean, std = np.zeros(layout.width), np.full(layout.width, config.std)
    best, best_value = mean, -np.inf
    for _ in range(config.iterations):
        drawn = rng.normal(mean, std, (config.candidates, layout.width))
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
    # The last fitted mean has not been judged yet.
    finalists = every_pick(np.stack([best, mean]), layout)
    return finalists[int(np.argmax(objective(finalists)))]


def every_pick(actions: np.ndarray, layout: ActionLayout = PERSON_ACTIONS) -> np.ndarray:
    """Return actions with every combination of categories, in the middle of their bins.

    Args:
        actions: float (n, width).
        layout: of the actions.

    Returns:
        float32 (n * combinations, width); people have 35, of workout and location.
    """
    pairs = list(itertools.product(*(range(count) for count in layout.picks.values())))
    varied = np.repeat(actions, len(pairs), axis=0).astype(np.float32)
    for picked, (column, count) in zip(np.transpose(pairs), layout.picks.items(), strict=True):
        varied[:, column] = np.tile(middles(picked, count), len(actions))
    return varied


def last_round_days(config: SearchConfig, env: EnvConfig) -> int:
    """Return the days that judging the two finalists with every pick costs."""
    return 2 * math.prod(PERSON_ACTIONS.picks.values()) * config.episodes * env.horizon


def search_best_constant(
    env: EnvConfig,
    config: SearchConfig,
    progress: Callable[[int], object] | None = None,
    *,
    dataset: Dataset | None = None,
) -> ConstantAgent:
    """Find the constant action with the highest mean return in an environment.

    Starts are drawn from the environment's own split. All candidates of a round are simulated
    side by side in one VectorEnv, each on the same people, days and seeds. The constant sees
    nothing: it is spared the person context.

    Args:
        env: where to search.
        config: settings of the search.
        progress: called with 1 after each round.
        dataset: a data set object in place of `env.dataset`.
    """
    env = with_overrides(env, NO_CONTEXT)
    starts = spread_starts(env, episodes=config.episodes, seed=config.seed, dataset=dataset)

    def mean_returns(candidates: np.ndarray) -> np.ndarray:
        tiled = starts.part(np.tile(np.arange(len(starts)), len(candidates)))
        actions = np.repeat(candidates, len(starts), axis=0)
        vector = make_vector_env(env, len(tiled), autoreset=AutoresetMode.DISABLED, dataset=dataset)
        with contextlib.closing(vector):
            total = run_to_the_end(vector, tiled, lambda seen: actions).returns
        return total.reshape(len(candidates), len(starts)).mean(axis=1)

    return ConstantAgent(cross_entropy_search(mean_returns, config, progress), "best_constant")


def warm_start(env: EnvConfig, rounds: int, seed: int, dataset: Dataset | None) -> np.ndarray:
    """Return the best constant action of the environment of a training, to begin it with.

    The best workout and location are bins away from the typical day, and a Gaussian policy
    gets stuck in the bins between.
    """
    search = SearchConfig(iterations=rounds, seed=seed)
    return search_best_constant(env, search, dataset=dataset).action
