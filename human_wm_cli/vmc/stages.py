"""Collect, V and M, and controllers in the dream: what a round does, and how it goes on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from agents.env_config import GymEnvConfig
from agents.evolution.controller import ControllerAgent
from agents.protocol import Agent
from agents.registry import algorithm_named, train_agent
from agents.saving import load_agent, save_agent
from agents.tensor_tree import has_tree
from agents.training_session import Session
from agents.vector_tasks.play import SLOTS, collect
from agents.vector_tasks.policies import (
    DREAM_ID,
    ChancePolicy,
    LatentPolicy,
    PerturbedPolicy,
    RealPolicy,
)
from human_wm_cli.config import to_dict
from human_wm_cli.console import bar_of, say, to_json
from human_wm_cli.run import AGENT, CHECKPOINT, EPISODES, ROUNDS, TRAINING_STATE, RunFolder
from human_wm_cli.vmc.config import CMA_ES, FULL, SAC, VMCConfig
from human_wm_env import CheckpointError
from human_wm_env.files.writing import write_whole
from human_wm_env.vector_dream.checkpoint import VectorCheckpoint, load_vector_checkpoint
from human_wm_env.vector_dream.episodes import EpisodeLog
from human_wm_env.vector_dream.task import Task
from world_model.vector.train import train_vector_model

SETTINGS = "settings.json"


@dataclass(frozen=True)
class Round:
    """What a round left.

    Attributes:
        log: all episodes so far.
        collected: those of this round.
        folder: of the checkpoint.
        checkpoint: V and M.
        agents: trained in its dream, by algorithm.
    """

    log: EpisodeLog
    collected: EpisodeLog
    folder: Path
    checkpoint: VectorCheckpoint
    agents: dict[str, Agent]


class Stages:
    """Does the rounds of a run; what an earlier attempt finished is read, not done again.

    Args:
        config: settings.
        run: where everything is kept, round by round in its folder `rounds`.
        task: the environment.

    Raises:
        CheckpointError: what is there is of other settings, or the given world model is none of
            the environment.
    """

    def __init__(self, config: VMCConfig, run: RunFolder, task: Task) -> None:
        self._config, self._run, self._task = config, run, task
        self._settings = run.path / ROUNDS / SETTINGS
        apart = ("run", "json", "episodes")
        settings = {key: value for key, value in to_dict(config).items() if key not in apart}
        self._said = to_json(settings).encode()
        if self._settings.is_file() and self._settings.read_bytes() != self._said:
            raise CheckpointError(
                f"the settings of the run in {run.path}",
                "others",
                "Repeat its settings, choose another run.name, or set run.overwrite=true.",
            )
        self._model = None if config.world_model is None else self._given(Path(config.world_model))

    def round(self, number: int, before: Round | None) -> Round:
        """Collect, train V and M on all that was collected, and train controllers in the dream.

        Raises:
            DataError: the environment gave NaN.
            CheckpointError: what is there is damaged, or of other settings.
        """
        config, folder = self._config, self._run.path / ROUNDS / f"{number}"
        collected = self._collect(number, folder / EPISODES, before)
        log = collected if before is None else before.log.joined(collected)
        model = Path(config.world_model or folder / CHECKPOINT)
        if self._model is not None:
            checkpoint = self._model
        elif model.is_dir():
            checkpoint = load_vector_checkpoint(model)
        else:
            say(f"Round {number}: V and M learn from {log.steps} steps.")
            checkpoint = train_vector_model(
                log,
                config.nets,
                model,
                begin_with=before.checkpoint if before and config.warm_start else None,
                logger=_Prefixed(self._run, number),
                state_folder=folder / TRAINING_STATE,
                progress=True,
            )
        agents = {}
        for name in self.algorithms(number):
            begin = None
            if name == CMA_ES and config.warm_start and config.collector == CMA_ES and before:
                begin = self._run.path / ROUNDS / f"{number - 1}" / AGENT / _label(name, number - 1)
            agents[name] = self.controller(
                name, model, folder, label=_label(name, number), begin=begin
            )
        return Round(log, collected, model, checkpoint, agents)

    def algorithms(self, number: int) -> list[str]:
        """Return what is trained in a round: before the last one, what collects."""
        config = self._config
        if number < config.rounds:
            return [config.collector]
        extra = [SAC] if config.verdict == FULL else []
        return list(dict.fromkeys([*config.algorithms, *extra]))

    def controller(
        self,
        name: str,
        model: Path,
        folder: Path,
        *,
        label: str,
        temperature: float | None = None,
        begin: Path | None = None,
    ) -> Agent:
        """Train a controller in a dream, or read it.

        Args:
            name: algorithm.
            model: checkpoint folder.
            folder: in which it is kept, under its label.
            label: of its curves and folder.
            temperature: of the dream; None is that of the settings.
            begin: folder of the controller that CMA-ES goes on from.
        """
        config = self._config
        kept, state = folder / AGENT / label, folder / TRAINING_STATE / label
        if kept.is_dir():
            return load_agent(kept)
        settings = getattr(config, name)
        if begin is not None:
            settings = replace(settings, begin_with=str(begin), sigma=config.next_sigma)
        env = GymEnvConfig(
            DREAM_ID,
            {
                "world_model": str(model),
                "horizon": self._task.horizon,
                "temperature": config.temperature if temperature is None else temperature,
                "uncertainty": config.pessimism > 0.0 or config.halting is not None,
                "pessimism": config.pessimism,
                "halting": config.halting,
            },
        )
        days = algorithm_named(name).days(settings, env)
        with bar_of(days, label, "step") as progress:
            session = Session(
                logger=self._run.dashboard.stage(label),
                progress=progress,
                state_folder=state,
                checkpoint_days=max(days // 10, 1),
                resume=has_tree(state),
            )
            agent = train_agent(settings, env, session)
        save_agent(agent, kept)
        return agent

    def _collect(self, number: int, folder: Path, before: Round | None) -> EpisodeLog:
        if folder.is_dir():
            return self._of_this_task(EpisodeLog.load(folder))
        config = self._config
        steps = config.steps // config.rounds
        seed = config.seed + 1000 * (number - 1)
        slots = min(SLOTS, steps)
        policy: RealPolicy = ChancePolicy(self._task.action, seed)
        if before is not None:
            agent, model, chance = before.agents[config.collector], before.checkpoint, config.chance
            if isinstance(agent, ControllerAgent):
                noise = config.parameter_noise
                policy = PerturbedPolicy(agent, model, slots, noise=noise, chance=chance, seed=seed)
            else:
                policy = LatentPolicy(agent, model, slots, chance=chance, seed=seed)
        with bar_of(steps, f"collect {self._task.env_id}", "step") as progress:
            log = collect(self._task, policy, steps, seed=seed, slots=slots, progress=progress)
        log.save(folder)
        write_whole(self._settings, self._said)
        return log

    def _given(self, model: Path) -> VectorCheckpoint:
        checkpoint = load_vector_checkpoint(model)
        if checkpoint.task != self._task:
            raise CheckpointError(
                f"a world model of {self._task.env_id} with {self._task.kwargs}",
                f"one of {checkpoint.task.env_id} with {checkpoint.task.kwargs} in {model}",
                "Give another world_model, or another env.id.",
            )
        return checkpoint

    def _of_this_task(self, log: EpisodeLog) -> EpisodeLog:
        if log.task != self._task:
            raise CheckpointError(
                f"episodes of {self._task.env_id}",
                f"some of {log.task.env_id}",
                "Start anew with run.overwrite=true.",
            )
        return log


def _label(algorithm: str, number: int) -> str:
    return f"{algorithm}_round_{number}"


class _Prefixed:
    """Puts the curves of V and M of each round into stages of their own."""

    def __init__(self, run: RunFolder, number: int) -> None:
        self._run, self._number = run, number

    def scalar(self, name: str, value: float, step: int) -> None:
        stage = name.partition("/")[0]
        self._run.dashboard.stage(f"{stage}_round_{self._number}").scalar(name, value, step)
