"""Train an agent in the dream or in the simulator."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tqdm import tqdm

import one_thread  # noqa: F401 (before NumPy)
from agents.env_config import EnvConfig
from agents.evaluation.evaluate import AGENT_FOLDER
from agents.ppo import PPOAgent, PPOConfig, train_ppo
from agents.saving import save_agent
from report import print_report, run_script, say
from run_folder import Logger, RunConfig, RunFolder


@dataclass(frozen=True)
class TrainAgentConfig:
    """Settings of the script.

    Attributes:
        env: where the agent is trained.
        agent: the algorithm.
        run: the folder of the run.
        json: print one JSON object instead of a table.
    """

    env: EnvConfig
    agent: PPOConfig = field(default_factory=PPOConfig)
    run: RunConfig = field(default_factory=RunConfig)
    json: bool = False


@dataclass(frozen=True)
class Training:
    """What a training leaves.

    Attributes:
        agent: the trained agent.
        folder: where it was saved.
        metrics: numbers of the run, for `metrics.json`.
    """

    agent: PPOAgent
    folder: Path
    metrics: dict[str, Any]


class _LastValues:
    """Hands curves on and remembers where each of them ended."""

    def __init__(self, logger: Logger) -> None:
        self._logger = logger
        self.values: dict[str, float] = {}

    def scalar(self, name: str, value: float, step: int) -> None:
        self.values[name] = value
        self._logger.scalar(name, value, step)


def train(config: TrainAgentConfig, run: RunFolder, *, dataset: Any = None) -> Training:
    """Train an agent and save it, its curves and its metrics in the folder of a run.

    Args:
        config: of the training.
        run: where everything is kept; the agent goes into its folder `agent`.
        dataset: a data set object in place of `config.env.dataset`.
    """
    curves, began = _LastValues(run.logger), time.monotonic()
    days = config.agent.whole_steps
    with tqdm(total=days, unit="day", file=sys.stderr, desc=config.env.id) as bar:
        agent = train_ppo(config.agent, config.env, curves, bar.update, dataset=dataset)
    folder = save_agent(agent, run.path / AGENT_FOLDER)
    metrics = {
        "env": config.env.id,
        "seconds": round(time.monotonic() - began, 1),
        "training_return": curves.values.get("rollout/ep_rew_mean"),
        "components": {
            name.removeprefix("components/"): value
            for name, value in curves.values.items()
            if name.startswith("components/")
        },
    }
    run.write_metrics(metrics)
    return Training(agent, folder, metrics)


def main(config: TrainAgentConfig) -> None:
    """Train an agent (PPO) in the dream (env=dream) or in the simulator (env=simulator).

    Leaves runs/<name>/ with the agent in `agent/`, TensorBoard curves and metrics.json;
    scripts/evaluate_agent.py compares it with baselines.
    """
    with RunFolder("train_agent", config, config.run) as run:
        training = train(config, run)
    metrics = training.metrics
    row = {
        "agent": str(training.folder),
        **{name: value for name, value in metrics.items() if name != "components"},
        **metrics["components"],
    }
    print_report(
        [row],
        json=config.json,
        title="Return of the training episodes, and the mean of each reward component",
        result={"agent": training.folder, "run": run.path, **metrics},
    )
    say(f'Judge it: python scripts/evaluate_agent.py agents="[{run.path}]"')


if __name__ == "__main__":
    run_script(main, TrainAgentConfig, "train_agent")
