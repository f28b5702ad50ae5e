"""Play in a Gymnasium environment and keep every episode, for a world model of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import partial

from agents.saving import load_agent
from agents.vector_tasks.minari_data import write_episodes
from agents.vector_tasks.play import SLOTS, collect
from agents.vector_tasks.policies import ChancePolicy, RealPolicy, policy_of
from human_wm_cli.console import Facts, bar_of, print_report, run_script, say
from human_wm_cli.real_env import RealEnvConfig
from human_wm_cli.run import EPISODES, RunConfig, RunFolder
from human_wm_env import ConfigError
from human_wm_env.data.minari_logs import check_minari
from human_wm_env.vector_dream.episodes import EpisodeLog
from human_wm_env.vector_dream.task import Task


@dataclass(frozen=True)
class CollectConfig:
    """Settings of the command.

    Attributes:
        env: the environment.
        steps: of all slots together.
        policy: "random", or the folder of an agent that was trained there or in its dream.
        chance: probability, each step, of a random action in place of the agent's.
        slots: episodes side by side.
        seed: of episodes and random actions.
        minari: name of a Minari data set to write as well, such as pendulum/random-v0, into the
            folder of Minari.
        run: the folder of the run; the episodes are in its folder episodes.
        json: print one JSON object instead of a table.
    """

    env: RealEnvConfig
    steps: int = 10_000
    policy: str = "random"
    chance: float = 0.0
    slots: int = SLOTS
    seed: int = 0
    minari: str | None = None
    run: RunConfig = field(default_factory=RunConfig)
    json: bool = False

    def __post_init__(self) -> None:
        if not 0.0 <= self.chance <= 1.0:
            raise ConfigError("chance in [0, 1]", f"{self.chance}", "0 follows the agent.")

    def unused(self) -> dict[str, str]:
        """Return settings that change nothing, and why."""
        return {"chance": "Random actions are random anyway."} if self.policy == "random" else {}


def facts_of(log: EpisodeLog) -> Facts:
    """Return what was collected, as numbers."""
    returns, lengths = log.returns(), log.lengths()
    return {
        "steps": log.steps,
        "episodes": len(log.episodes),
        "terminated": sum(each.terminated for each in log.episodes),
        "truncated": sum(each.truncated for each in log.episodes),
        "mean_return": float(returns.mean()),
        "mean_length": float(lengths.mean()),
    }


def main(config: CollectConfig) -> None:
    """Play in any environment with vector observations, and keep every step.

    humanwm collect env.id=Hopper-v5 steps=100000. Leaves runs/<name>/episodes: compressed .npz
    shards without pickle, whose episodes keep the observation after the reset, and termination and
    truncation apart. minari=NAME writes a Minari data set, too.
    """
    with RunFolder("collect", config, config.run) as run:
        if config.minari is not None:
            check_minari()  # before the steps
        began, folder = time.monotonic(), run.path / EPISODES
        task = Task.of(config.env.id, config.env.kwargs)
        with bar_of(config.steps, f"collect {task.env_id}", "step") as progress:
            log = collect(
                task,
                _policy(config, task),
                config.steps,
                seed=config.seed,
                slots=config.slots,
                progress=progress,
            )
        log.save(folder)
        facts = facts_of(log)
        if config.minari is not None:
            facts["minari"] = write_episodes(log, config.minari, algorithm=config.policy)
        metrics = {**facts, "env": task.to_json(), "seconds": round(time.monotonic() - began, 1)}
        run.write_metrics(metrics)
    print_report(
        [{"env": task.env_id, **facts}], json=config.json, result={"episodes_in": folder, **metrics}
    )
    say(f"Episodes: {folder}")


def _policy(config: CollectConfig, task: Task) -> RealPolicy:
    if config.policy == "random":
        return ChancePolicy(task.action, config.seed)
    agent = load_agent(config.policy)
    slots = min(config.slots, config.steps)
    return policy_of(agent, task, slots, chance=config.chance, seed=config.seed)


run = partial(run_script, main, CollectConfig, "collect")
