"""Train an agent in the dream or in the simulator."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, make_dataclass, replace
from pathlib import Path
from typing import Any, cast

from omegaconf import OmegaConf
from tqdm.auto import tqdm

from agents import (
    Agent,
    EnvConfig,
    GymEnvConfig,
    PPOConfig,
    Session,
    references_of,
    save_agent,
    train_agent,
)
from agents.env_config import AnyEnvConfig, is_of_people
from agents.evaluation.transfer_curve import TransferCurve
from agents.registry import ALGORITHMS, algorithm_named
from agents.saved_folder import AGENT_FOLDER
from agents.tensor_tree import has_tree
from human_wm_cli.config import CONFIGS_FOLDER
from human_wm_cli.console import Facts, print_report, run_script, say
from human_wm_cli.dashboard.stage_events import StageEvents
from human_wm_cli.data import EMBEDDED
from human_wm_cli.gradients import differentiable
from human_wm_cli.run import TRAINING_STATE, RunConfig, RunFolder
from human_wm_env import CheckpointError, ConfigError, Dataset

NAME = "train_agent"
SNAPSHOTS = "snapshots"  # in the run's folder training_state
UNTRAINED = ("habit", "random")  # nothing is searched or learned in their environment
# Curves whose last point is among the metrics of a run, where an algorithm has them.
LAST_POINTS = {
    "success_rate": "rollout/success_rate",
    "entropy": "train/entropy",
    "world_model_loss": "train/world_model_loss",
}


@dataclass(frozen=True)
class TrainAgentConfig:
    """Settings of the command.

    Attributes:
        env: where the agent is trained; an env.id that is not of people takes env.arguments,
            see `GymEnvConfig`.
        agent: the algorithm; `schema_for` puts another one's settings in PPO's place.
        total_steps: agent.steps, whatever the algorithm counts by it; None leaves it as it is.
        run: the folder of the run; with run.resume=true training goes on where it stopped.
        json: print one JSON object instead of a table.
        checkpoint_days: days simulated between two states of the training, each with a copy of
            the agent in training_state/snapshots/; 0 keeps the last state only.
        measurements: how often the agent is played in dream and simulator while it is trained, on
            validation people, for TensorBoard; 0 leaves it out.
    """

    env: EnvConfig
    agent: PPOConfig = field(default_factory=PPOConfig)
    run: RunConfig = field(default_factory=RunConfig)
    json: bool = False
    checkpoint_days: int = 25_000
    total_steps: int | None = None
    measurements: int = 10

    def __post_init__(self) -> None:
        for name in ("checkpoint_days", "measurements"):
            if getattr(self, name) < 0:
                raise ConfigError(f"{name} >= 0", f"{getattr(self, name)}", "0 leaves it out.")
        if getattr(self.env, "adherence", 1.0) == 0.0 and self.agent.algorithm not in UNTRAINED:
            raise ConfigError(
                "env.adherence > 0 for training",
                "0, where nobody ever does what the agent says",
                "Leave it out, or give a probability such as 0.5.",
            )

    def unused(self) -> dict[str, str]:
        """Return settings that change nothing, and why."""
        found = {}
        if self.total_steps is not None:
            found["agent.steps"] = "total_steps takes its place."
        if not algorithm_named(self.agent.algorithm).measured:
            why = f"{self.agent.algorithm} keeps no states by days and is not measured in training."
            found |= dict.fromkeys(("checkpoint_days", "measurements"), why)
        elif isinstance(self.env, GymEnvConfig):
            found["measurements"] = "Agents are measured in training where people are."
        return found


def schema_for(agent: type, env: type = EnvConfig) -> type[TrainAgentConfig]:
    """Return the command's settings with those of one algorithm and kind of environment."""
    own: list[Any] = [("env", env), ("agent", agent, field(default_factory=agent))]
    made = make_dataclass(
        TrainAgentConfig.__name__,
        own,
        bases=(TrainAgentConfig,),
        frozen=True,
        namespace={"__module__": __name__, "__doc__": TrainAgentConfig.__doc__},
    )
    return made


def chosen_schema(words: Sequence[str]) -> type[TrainAgentConfig]:
    """Read off the command line whose settings the groups `agent` and `env` have.

    `agent=NAME` names a file of configs/agent/, which names its algorithm. What cannot be
    read here gets PPO's settings, and its error from `compose`.
    """
    defaults: Any = OmegaConf.load(CONFIGS_FOLDER / f"{NAME}.yaml")
    names = [word.partition("=")[2] for word in words if word.startswith("agent=")]
    file = CONFIGS_FOLDER / "agent" / f"{names[-1] if names else defaults['agent']}.yaml"
    settings: Any = OmegaConf.load(file) if file.is_file() else {}
    algorithm = settings.get("algorithm")
    ids = [word.partition("=")[2] for word in words if word.startswith("env.id=")]
    return schema_for(
        ALGORITHMS[algorithm].config if algorithm in ALGORITHMS else PPOConfig,
        EnvConfig if not ids or is_of_people(ids[-1]) else GymEnvConfig,
    )


def with_total_steps(config: TrainAgentConfig) -> TrainAgentConfig:
    """Return the settings with `total_steps` in the place that the algorithm has for it.

    Raises:
        ConfigError: it has none.
    """
    if config.total_steps is None:
        return config
    if not hasattr(config.agent, "steps"):
        raise ConfigError(
            f"no total_steps for {config.agent.algorithm}, which has no agent.steps",
            f"{config.total_steps}",
            "Leave it out; see the settings of agent in --help.",
        )
    agent = replace(config.agent, steps=config.total_steps)
    return replace(config, agent=agent, total_steps=None)


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

    def __init__(
        self, logger: StageEvents, follow: Callable[[str, float, int], object] | None
    ) -> None:
        self._logger, self._follow = logger, follow
        self.values: dict[str, float] = {}

    def scalar(self, name: str, value: float, step: int) -> None:
        self.values[name] = value
        self._logger.scalar(name, value, step)
        if self._follow is not None:
            self._follow(name, value, step)


def train(
    config: TrainAgentConfig,
    run: RunFolder,
    *,
    dataset: Dataset | None = None,
    follow: Callable[[str, float, int], object] | None = None,
    name: str = AGENT_FOLDER,
) -> Training:
    """Train an agent and save it, its curves and its metrics in the folder of a run.

    Args:
        config: of the training.
        run: where everything is kept.
        dataset: a data set object in place of `config.env.dataset`.
        follow: called with each point of a curve: name, value, step; what it raises ends it.
        name: of the agent's folder, of its curves and of its state.

    Raises:
        CheckpointError: the training is to go on, and there is no run, or a state of other
            settings.
    """
    curves, began = _LastValues(run.dashboard.stage(name), follow), time.monotonic()
    algorithm = algorithm_named(config.agent.algorithm)
    days = algorithm.days(config.agent, config.env)
    kept, snapshots = run.path / TRAINING_STATE, SNAPSHOTS
    if name != AGENT_FOLDER:
        snapshots = f"{SNAPSHOTS}_{name}"
    if config.run.resume and algorithm.resumable and not has_tree(kept / name):
        if not run.was_interrupted:
            raise CheckpointError(
                f"the state of a training in {kept / name}",
                "none: no training began there, or its state was removed",
                "Correct run.name, or start anew with run.overwrite=true.",
            )
        say("It stopped before its first state (see checkpoint_days): training begins anew.")

    def snapshot(agent: Agent, days: int) -> None:
        if config.checkpoint_days:
            save_agent(agent, kept / snapshots / f"day_{days:09d}")

    measure = TransferCurve(
        config.env,
        lambda world: run.dashboard.stage(f"{name}_in_{world}"),
        days,
        points=config.measurements if isinstance(config.env, EnvConfig) else 0,
        dataset=dataset,
    )
    with (
        contextlib.closing(measure),
        tqdm(total=days, unit=algorithm.unit, desc=config.env.id, disable=None) as bar,
    ):
        session = Session(
            logger=curves,
            progress=bar.update,
            state_folder=kept / name,
            checkpoint_days=config.checkpoint_days,
            resume=config.run.resume,
            snapshot=snapshot,
            dataset=dataset,
            measure=measure,
            differentiable=differentiable,
        )
        agent = train_agent(config.agent, config.env, session)
    folder = save_agent(agent, run.path / name)
    metrics = {
        "algorithm": config.agent.algorithm,
        "env": config.env.id,
        f"{algorithm.unit}s": days,
        "seconds": round(time.monotonic() - began, 1),
        "training_return": curves.values.get("rollout/ep_rew_mean"),
        "measured_return": measure.last,
        "components": {
            name.removeprefix("components/"): value
            for name, value in curves.values.items()
            if name.startswith("components/")
        },
        **{
            name: curves.values[curve]
            for name, curve in LAST_POINTS.items()
            if curve in curves.values
        },
    }
    env = cast(AnyEnvConfig, config.env)
    references = None if isinstance(env, EnvConfig) else references_of(env)
    if references is not None:
        metrics["references"] = asdict(references)
    run.write_metrics(metrics)
    numbers = {f"measured_return_in_{world}": value for world, value in measure.last.items()}
    run.conclude({"training_return": curves.values.get("rollout/ep_rew_mean"), **numbers})
    return Training(agent, folder, metrics)


def main(config: TrainAgentConfig) -> None:
    """Train an agent in the dream (env=dream), in the simulator (env=simulator) or elsewhere.

    agent=ppo|a2c|sac|td3|recurrent_ppo|backprop|cma_es|reinforce|transformer_ppo, or best_constant,
    planner, oracle, habit and random, which need no training. Leaves runs/<name>/ with the
    agent in `agent/`, TensorBoard curves and metrics.json; `humanwm evaluate` compares it with
    others. Elsewhere: humanwm train agent=reinforce env.id=PatternEcho-v0 total_steps=5000
    """
    config = with_total_steps(config)
    with RunFolder(NAME, config, config.run) as run:
        training = train(config, run)
    metrics = training.metrics
    apart = ("components", "references")
    row = {
        "agent": str(training.folder),
        **{name: value for name, value in metrics.items() if not isinstance(value, dict)},
        **{f"measured in {world}": value for world, value in metrics["measured_return"].items()},
        **{name: value for group in apart for name, value in metrics.get(group, {}).items()},
    }
    print_report(
        [row],
        json=config.json,
        title="Return of the training episodes, and the mean of each reward component",
        result={"agent": training.folder, "run": run.path, **metrics},
    )
    say(f"Judge it: humanwm evaluate agents={run.path}{_where(config.env)}")


def _where(env: AnyEnvConfig) -> str:
    """Return what `humanwm evaluate` is told of the world, each word after a space."""
    if not isinstance(env, EnvConfig):
        return f" world.id={env.id}"
    if env.dataset == EMBEDDED:
        return ""
    model = "" if env.world_model is None else f" dream.world_model={env.world_model}"
    return f" dream.dataset={env.dataset}{model} simulator=null evaluation.split=all"


def run(words: Sequence[str]) -> None:
    """Run the command on the words of its command line."""
    run_script(main, chosen_schema(words), NAME, arguments=words)
