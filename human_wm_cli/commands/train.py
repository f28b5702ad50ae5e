"""Train an agent in the dream or in the simulator."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, make_dataclass
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from tqdm import tqdm

from agents import Agent, EnvConfig, PPOConfig, Session, save_agent, train_agent
from agents.evaluation.evaluate import AGENT_FOLDER
from agents.registry import ALGORITHMS, algorithm_named
from agents.tensor_tree import has_tree
from human_wm_cli.config import CONFIGS_FOLDER
from human_wm_cli.console import Facts, print_report, run_script, say
from human_wm_cli.run import TRAINING_STATE, RunConfig, RunFolder
from human_wm_cli.tensorboard_writer import TensorBoardWriter
from human_wm_env import CheckpointError, Dataset

NAME = "train_agent"
STATE, SNAPSHOTS = "agent", "snapshots"  # in the run's folder training_state


@dataclass(frozen=True)
class TrainAgentConfig:
    """Settings of the command.

    Attributes:
        env: where the agent is trained.
        agent: the algorithm; `schema_for` puts another one's settings in PPO's place.
        run: the folder of the run; with run.resume=true training goes on where it stopped.
        json: print one JSON object instead of a table.
        checkpoint_days: days simulated between two states of the training, each with a copy of
            the agent in training_state/snapshots/; 0 keeps the last state only.
    """

    env: EnvConfig
    agent: PPOConfig = field(default_factory=PPOConfig)
    run: RunConfig = field(default_factory=RunConfig)
    json: bool = False
    checkpoint_days: int = 25_000


def schema_for(agent: type) -> type[TrainAgentConfig]:
    """Return the command's settings with those of one algorithm in the group `agent`."""
    own = [("agent", agent, field(default_factory=agent))]
    made = make_dataclass(
        TrainAgentConfig.__name__,
        own,
        bases=(TrainAgentConfig,),
        frozen=True,
        namespace={"__module__": __name__, "__doc__": TrainAgentConfig.__doc__},
    )
    return made


def chosen_schema(words: Sequence[str]) -> type[TrainAgentConfig]:
    """Read off the command line whose settings the group `agent` has.

    `agent=NAME` names a file of configs/agent/, which names its algorithm. What cannot be
    read here gets PPO's settings, and its error from `compose`.
    """
    defaults: Any = OmegaConf.load(CONFIGS_FOLDER / f"{NAME}.yaml")
    names = [word.partition("=")[2] for word in words if word.startswith("agent=")]
    file = CONFIGS_FOLDER / "agent" / f"{names[-1] if names else defaults['agent']}.yaml"
    settings: Any = OmegaConf.load(file) if file.is_file() else {}
    algorithm = settings.get("algorithm")
    return schema_for(ALGORITHMS[algorithm].config if algorithm in ALGORITHMS else PPOConfig)


@dataclass(frozen=True)
class Training:
    """What a training leaves.

    Attributes:
        agent: the trained agent.
        folder: where it was saved.
        metrics: numbers of the run, for `metrics.json`.
    """

    agent: Agent
    folder: Path
    metrics: Facts


class _LastValues:
    """Hands curves on and remembers where each of them ended."""

    def __init__(self, logger: TensorBoardWriter) -> None:
        self._logger = logger
        self.values: dict[str, float] = {}

    def scalar(self, name: str, value: float, step: int) -> None:
        self.values[name] = value
        self._logger.scalar(name, value, step)


def train(config: TrainAgentConfig, run: RunFolder, *, dataset: Dataset | None = None) -> Training:
    """Train an agent and save it, its curves and its metrics in the folder of a run.

    Args:
        config: of the training.
        run: where everything is kept; the agent goes into its folder `agent`.
        dataset: a data set object in place of `config.env.dataset`.

    Raises:
        CheckpointError: the training is to go on, and there is no run, or a state of other
            settings.
    """
    curves, began = _LastValues(run.logger), time.monotonic()
    algorithm = algorithm_named(config.agent.algorithm)
    days = algorithm.days(config.agent, config.env)
    kept = run.path / TRAINING_STATE
    if config.run.resume and algorithm.resumable and not has_tree(kept / STATE):
        if not run.was_interrupted:
            raise CheckpointError(
                f"the state of a training in {kept / STATE}",
                "none: no training began there, or its state was removed",
                "Correct run.name, or start anew with run.overwrite=true.",
            )
        say("It stopped before its first state (see checkpoint_days): training begins anew.")

    def snapshot(agent: Agent, days: int) -> None:
        if config.checkpoint_days:
            save_agent(agent, kept / SNAPSHOTS / f"day_{days:09d}")

    with tqdm(total=days, unit="day", file=sys.stderr, desc=config.env.id) as bar:
        session = Session(
            logger=curves,
            progress=bar.update,
            state_folder=kept / STATE,
            checkpoint_days=config.checkpoint_days,
            resume=config.run.resume,
            snapshot=snapshot,
            dataset=dataset,
        )
        agent = train_agent(config.agent, config.env, session)
    folder = save_agent(agent, run.path / AGENT_FOLDER)
    metrics = {
        "algorithm": config.agent.algorithm,
        "env": config.env.id,
        "days": days,
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
    """Train an agent in the dream (env=dream) or in the simulator (env=simulator).

    agent=ppo|a2c|sac|td3|recurrent_ppo|cma_es, or best_constant, planner, oracle, habit and
    random, which need no training. Leaves runs/<name>/ with the agent in `agent/`,
    TensorBoard curves and metrics.json; `humanwm evaluate` compares it with others.
    """
    with RunFolder(NAME, config, config.run) as run:
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
    say(f'Judge it: humanwm evaluate agents="[{run.path}]"')


def run(words: Sequence[str]) -> None:
    """Run the command on the words of its command line."""
    run_script(main, chosen_schema(words), NAME, arguments=words)
