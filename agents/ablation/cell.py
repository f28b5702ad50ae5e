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
PLANNED_POINTS = 8  # of the curve of planning
PLANNED_EPISODES = 100  # that each of its points but the last is judged on


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


class _PlannedCurve:
    """Judges now and then in a training how planning with the head so far would act."""

    def __init__(self, task: Task, env: GymEnvConfig, optimum: float) -> None:
        self.task, self.env, self.optimum = task, env, optimum
        self.shares: list[tuple[int, float]] = []
        self.seconds = 0.0

    def judge(self, agent: Agent, update: int) -> None:
        assert isinstance(agent, TransformerAgent)
        began = time.process_time()
        planner = agent.with_planning(self.task.planning())
        judged = judge(planner, self.env, episodes=PLANNED_EPISODES, seed=JUDGED_SEED)
        self.shares.append((update, float(judged.returns.mean() / self.optimum)))
        self.seconds += time.process_time() - began


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
    config, planned = task.config(configuration, seed), _PlannedCurve(task, env, optimum)
    session = Session(logger=curve)
    if configuration == HEAD:
        config = replace(config, keep_every=-(-config.steps // PLANNED_POINTS))
        session = replace(session, snapshot=planned.judge)
    agent = train_transformer(config, env, session)
    seconds = time.process_time() - began - planned.seconds
    found: dict[str, Plain] = {
        configuration: {
            **_shares_of_optimum(agent, task, seed, episodes),
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
        judged = _shares_of_optimum(planner, task, seed, episodes)
        found[PLANNED] = {**judged, **_progress([*planned.shares, (config.steps, judged["share"])])}
    return found


def _progress(shares: list[tuple[int, float]]) -> Plain:
    """Return what a curve of shares says of how fast was learned."""
    reached = [update for update, share in shares if share >= SOLVED]
    return {
        "in_training": float(np.mean([share for _, share in shares])),
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
