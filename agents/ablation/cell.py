"""One training of the ablation, and all that is measured of it."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from agents.ablation.predictions import exact_shares, probe, watch
from agents.ablation.tasks import HEAD, NO_HEAD, PLANNED, Task
from agents.env_config import GymEnvConfig
from agents.evaluation.other_worlds import judge, references_of
from agents.protocol import Agent, Plain
from agents.training_session import Session
from agents.transformer.agent import TransformerAgent
from agents.transformer.training import train_transformer
from agents.transformer.true_planner import TruePlanner

SOLVED = 0.9  # of the optimum
JUDGED_SEED = 1_000_000  # of the episodes that all are judged on
JUDGED_POINTS = 8  # of a training, at which the agent so far is judged
JUDGED_EPISODES = 100  # that each of them but the last is judged on


class _Curve:
    """Keeps the returns of the training, and where the other curves ended."""

    def __init__(self) -> None:
        self.returns: list[tuple[int, float]] = []
        self.levels: dict[int, float] = {}
        self.last: dict[str, float] = {}

    def scalar(self, name: str, value: float, step: int) -> None:
        self.last[name] = value
        if name == "rollout/ep_rew_mean":
            self.returns.append((step, value))
        if name == "curriculum/level":
            self.levels[step] = value

    def shares(self, optimum: float, last_level: int) -> list[tuple[int, float]]:
        """Return the shares of the optimum by update; 0 before the last level of a curriculum."""
        return [
            (step, value / optimum if self.levels.get(step, last_level) == last_level else 0.0)
            for step, value in self.returns
        ]


class _JudgedCurves:
    """Judges now and then in a training how the agent so far acts, and how it would by planning.

    Args:
        task: the world.
        env: the same, with the seed of the training.
        optimum: of it.
        plans: whether there is a head to plan with.
    """

    def __init__(self, task: Task, env: GymEnvConfig, optimum: float, *, plans: bool) -> None:
        self.task, self.env, self.optimum, self.plans = task, env, optimum, plans
        self.own: list[tuple[int, float]] = []
        self.planned: list[tuple[int, float]] = []
        self.seconds = 0.0

    def judge(self, agent: Agent, update: int) -> None:
        assert isinstance(agent, TransformerAgent)
        began = time.process_time()
        self.own.append((update, self._share(agent)))
        if self.plans:
            planner = agent.with_planning(self.task.planning())
            self.planned.append((update, self._share(planner)))
        self.seconds += time.process_time() - began

    def _share(self, agent: Agent) -> float:
        judged = judge(agent, self.env, episodes=JUDGED_EPISODES, seed=JUDGED_SEED)
        return float(judged.returns.mean() / self.optimum)


def run_cell(task: Task, configuration: str, seed: int, *, episodes: int = 200) -> dict[str, Plain]:
    """Train once, and measure.

    Args:
        task: the world.
        configuration: one of CONFIGURATIONS.
        seed: of the training.
        episodes: that the agent is judged on.

    Returns:
        Numbers of the configuration and, of HEAD, those of PLANNED, by configuration.
    """
    env, curve, began = task.env(seed), _Curve(), time.process_time()
    optimum = optimum_of(env)
    config = task.config(configuration, seed)
    config = replace(config, keep_every=-(-config.steps // JUDGED_POINTS))
    judged = _JudgedCurves(task, env, optimum, plans=configuration == HEAD)
    agent = train_transformer(config, env, Session(logger=curve, snapshot=judged.judge))
    seconds = time.process_time() - began - judged.seconds
    shares = _shares_of_optimum(agent, task, seed, episodes)
    found: dict[str, Plain] = {
        configuration: {
            **shares,
            "judged_in_training": _mean_of([*judged.own, (config.steps, shares["share"])]),
            **_progress(curve.shares(optimum, max(0, len(config.curriculum.levels) - 1))),
            "entropy": curve.last["train/entropy"],
            "seconds": round(seconds, 1),
        }
    }
    watched = watch(agent, env, episodes=episodes, seed=JUDGED_SEED)
    found[configuration]["probe"] = probe(watched)
    if configuration != NO_HEAD:
        found[configuration]["predictions"] = {
            "own actions": exact_shares(watched),
            **_predictions_elsewhere(agent, task, seed, episodes),
        }
    if configuration == HEAD:
        planner = agent.with_planning(task.planning())
        shares = _shares_of_optimum(planner, task, seed, episodes)
        points = [*judged.planned, (config.steps, shares["share"])]
        progress = {**_progress(points), "judged_in_training": _mean_of(points)}
        found[PLANNED] = {**shares, **progress}
    return found


def _mean_of(shares: list[tuple[int, float]]) -> float:
    return float(np.mean([share for _, share in shares]))


def _progress(shares: list[tuple[int, float]]) -> Plain:
    """Return what a curve of shares says of how fast was learned."""
    reached = [update for update, share in shares if share >= SOLVED]
    return {
        "in_training": _mean_of(shares),
        "updates_to_90": reached[0] if reached else None,
        "curve": shares,
    }


def upper_bound(task: Task, seed: int, episodes: int = 100) -> float:
    """Return the share of the optimum that replanning with the true transition gets."""
    env = task.env(seed)
    judged = judge(TruePlanner(task.true_depth), env, episodes=episodes, seed=JUDGED_SEED)
    return float(judged.returns.mean() / optimum_of(env))


def optimum_of(env: GymEnvConfig) -> float:
    """Return the optimum of a world; of hidden rules always that of all of them."""
    everything = replace(
        env, arguments={name: value for name, value in env.arguments.items() if name != "rules"}
    )
    references = references_of(everything)
    assert references is not None
    return references.optimal


def _shares_of_optimum(agent: Agent, task: Task, seed: int, episodes: int) -> Plain:
    """Return what an agent gets, in its world and elsewhere, as shares of the optimum."""
    worlds = {"share": task.env(seed)}
    worlds |= {name: task.env(seed, arguments) for name, arguments in task.elsewhere.items()}
    found = {}
    for name, env in worlds.items():
        judged = judge(agent, env, episodes=episodes, seed=JUDGED_SEED)
        found[name] = float(judged.returns.mean() / optimum_of(env))
    share = found.pop("share")
    return {"share": share, "elsewhere": found}


def _predictions_elsewhere(
    agent: TransformerAgent, task: Task, seed: int, episodes: int
) -> dict[str, Plain]:
    at_random = watch(agent, task.env(seed), episodes=episodes, seed=JUDGED_SEED, at_random=True)
    found = {"random actions": exact_shares(at_random)}
    for name, arguments in task.elsewhere.items():
        watched = watch(agent, task.env(seed, arguments), episodes=episodes, seed=JUDGED_SEED)
        found[name] = exact_shares(watched)
    return found
