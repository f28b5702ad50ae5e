"""How an agent in training does in the dream and in the simulator, on the same people and days."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Protocol

import numpy as np
from gymnasium.vector import AutoresetMode

from agents.baselines import HabitAgent
from agents.env_config import SIMULATORS, EnvConfig, Vector, make_vector_env, with_overrides
from agents.episode_starts import Starts, spread_starts
from agents.evaluation.paired_runs import evaluation_world, run_episodes
from agents.nudge.rules import NudgeRule, NudgeRuleConfig
from agents.protocol import Agent
from agents.rollout import Episodes, run_to_the_end
from human_wm_env.data.dataset import LogDataset
from human_wm_env.errors import DataError
from human_wm_env.people.embedded import Dataset, EmbeddedPeople
from human_wm_env.registration import resolve_dataset

DREAM, SIMULATOR = "dream", "simulator"
VALIDATION = "validation"  # people of the test split are kept for the verdict


class CurveLogger(Protocol):
    """Where the curves of one world go."""

    def scalar(self, name: str, value: float, step: int) -> None:
        """Add one point to the curve `name`."""
        ...

    def histogram(self, name: str, values: np.ndarray, step: int) -> None:
        """Add the distribution of values."""
        ...


class TransferCurve:
    """Measures an agent a few times in its training: before it, at its end and evenly between.

    Every time the same people, days and noise are played, in every world, without the agent's
    own noise. The training is not touched: it gives the same agent with and without. People are
    of the validation split, or of the training's own where that has nobody.

    Args:
        env: of the training.
        logger: returns where the curves of a world go, by its name in `worlds_of`.
        days: of the whole training; 0 measures nothing.
        points: how often, beside the first; 0 measures nothing.
        episodes: how many are played each time, spread over the people.
        dataset: a data set object in place of `env.dataset`.

    Attributes:
        last: mean return of the last measurement, by world.
    """

    def __init__(
        self,
        env: EnvConfig,
        logger: Callable[[str], CurveLogger],
        days: int,
        *,
        points: int = 10,
        episodes: int = 25,
        dataset: Dataset | None = None,
    ) -> None:
        self.last: dict[str, float] = {}
        self._env, self._logger, self._dataset = env, logger, dataset
        self._days, self._points, self._episodes = days, points, episodes
        self._measured: int | None = None

    def __call__(self, make: Callable[[], Agent], days: int) -> None:
        """Measure the agent if it is time to.

        Args:
            make: returns the agent so far.
            days: simulated so far.
        """
        if not (self._days and self._points) or days == self._measured:
            return
        before = self._measured
        if before is None or days >= self._days or days - before >= self._days / self._points:
            self._measured, agent = days, make()
            for world in self._worlds:
                self._log(world, agent, days)

    def close(self) -> None:
        """Close the environments."""
        for vector in self.__dict__.get("_vectors", {}).values():
            vector.close()

    def _log(self, world: str, agent: Agent, days: int) -> None:
        episodes = self._play(world, agent)
        self.last[world] = mean = float(episodes.returns.mean())
        logger = self._logger(world)
        logger.scalar("measured/return", mean, days)
        logger.scalar("measured/over_habit", mean - self._habit[world], days)
        for name, values in episodes.components.items():
            logger.scalar(f"measured/components/{name}", float(values.mean()), days)
        for name, values in episodes.executed.items():
            if ":" not in name:  # the share of a category is no amount
                logger.histogram(f"advice/{name}", values, days)

    def _play(self, world: str, agent: Agent) -> Episodes:
        if world not in self._vectors:
            config = with_overrides(self._worlds[world], agent.env_overrides)
            self._vectors[world] = make_vector_env(
                config, len(self._starts), autoreset=AutoresetMode.NEXT_STEP, dataset=self._data
            )
        agent.reset(len(self._starts))
        return run_to_the_end(self._vectors[world], self._starts, agent.act)

    @cached_property
    def _data(self) -> LogDataset | EmbeddedPeople:
        return resolve_dataset(self._env.dataset if self._dataset is None else self._dataset)

    @cached_property
    def _vectors(self) -> dict[str, Vector]:
        return {}

    @cached_property
    def _worlds(self) -> dict[str, EnvConfig]:
        return worlds_of(self._env, self._data)

    @cached_property
    def _habit(self) -> dict[str, float]:
        """The mean return of the people's own habit, by world."""
        own = self._starts
        habit: Agent = NudgeRule(NudgeRuleConfig(), 0) if self._env.nudged else HabitAgent()
        return {
            world: float(run_episodes(habit, config, own, dataset=self._data).returns.mean())
            for world, config in self._worlds.items()
        }

    @cached_property
    def _starts(self) -> Starts:
        for split in (VALIDATION, self._env.split):
            try:
                env = replace(self._env, split=split)
                return spread_starts(env, episodes=self._episodes, seed=0, dataset=self._data)
            except DataError:
                if split != VALIDATION:
                    raise
        raise AssertionError("the second split is returned or raises")


def worlds_of(env: EnvConfig, data: LogDataset | EmbeddedPeople) -> dict[str, EnvConfig]:
    """Return the worlds that an agent is measured in, as agents are judged there.

    Args:
        env: of the training; nothing is measured unless it is a dream or a simulator of people.
        data: its logs; the simulator takes part where the true people are known.
    """
    pair = next((each for each in SIMULATORS.items() if env.id in each), None)
    if pair is None:
        return {}
    judged, (dream, simulator) = evaluation_world(env), pair
    worlds = {DREAM: replace(judged, id=dream)}
    if isinstance(data, EmbeddedPeople):
        worlds[SIMULATOR] = replace(judged, id=simulator, world_model=None, temperature=None)
    return worlds
