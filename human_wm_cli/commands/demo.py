"""The main job in one go: logs, world model, dream, agent, verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from agents import BackpropConfig, EnvConfig, Evaluation, EvaluationConfig, PPOConfig
from agents.evaluation.evaluate import TRUTH
from agents.evaluation.summary_table import brief_rows
from human_wm_cli.commands.evaluate import (
    EvaluateAgentConfig,
    print_days,
    run_evaluation,
    show_evaluation,
)
from human_wm_cli.commands.pretrain import PretrainConfig, run_pretraining
from human_wm_cli.commands.train import TrainAgentConfig, schema_for, train
from human_wm_cli.console import is_switched_on, print_report, run_script, say
from human_wm_cli.data import DataConfig, load_people
from human_wm_cli.fan_charts import ABOUT, futures_chart
from human_wm_cli.run import RunConfig, RunFolder
from human_wm_env import ConfigError, EmbeddedPeople, LogDataset
from human_wm_env.model.architecture import Architecture
from world_model import TrainingConfig
from world_model.training.unused import unused_settings

PPO = "PPO in the dream"
BACKPROP, ACTOR_FOLDER = "backprop in the dream", "backprop"
FIRST_IMPRESSION = "A first impression, with far too little of everything. "


@dataclass(frozen=True)
class DemoConfig:
    """Settings of the command.

    Attributes:
        data: the embedded people.
        model: sizes of the world model's nets.
        training: how it is trained; "quick" takes two or three minutes.
        env: the dream that the agent is trained in; its checkpoint is the one just trained.
        simulator: where the agent is judged beside the dream.
        agent: how PPO is trained.
        backprop: how the actor beside it is trained, by back-propagation through the dream.
        evaluation: whom the agents are judged on.
        person: whose futures are drawn; None takes the first person of the test split.
        day: first imagined day.
        quick: a first impression in under a minute: `configs/demo_quick.yaml` in place of
            `configs/demo.yaml`, too few people and days for a verdict.
        run: the folder of the run.
        json: print one JSON object instead of a table.
    """

    env: EnvConfig
    simulator: EnvConfig = field(metadata={"group": "env"})
    data: DataConfig = field(default_factory=DataConfig)
    model: Architecture = field(default_factory=Architecture)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    agent: PPOConfig = field(default_factory=PPOConfig)
    backprop: BackpropConfig = field(default_factory=BackpropConfig)
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)
    person: str | None = None
    day: int = 400
    quick: bool = False
    run: RunConfig = field(default_factory=RunConfig)
    json: bool = False

    def unused(self) -> dict[str, str]:
        """Return settings that change nothing here, and why."""
        return {
            "env.world_model": "The demo dreams by the checkpoint that it trains.",
            **unused_settings(self.model, self.training),
        }


def embedded_people(config: DataConfig) -> EmbeddedPeople:
    """Return the people with their truth, or say that the demo needs it."""
    people = load_people(config)
    if people is None:
        raise ConfigError(
            "the embedded people: the demo judges agents in their true simulator",
            "logs without a known truth",
            "Leave data.source out; README, 'Your own logs', says how to dream them.",
        )
    return people


def draw_futures(config: DemoConfig, dataset: LogDataset, checkpoint: Path, run: RunFolder) -> Path:
    """Imagine 125 futures of one person and save the fan chart."""
    person = config.person or dataset.user_ids[int(dataset.users_of("test")[0])]
    chart = futures_chart(dataset, person, config.day, checkpoint)
    return run.figure("futures", chart, about=ABOUT)


def demo(config: DemoConfig, run: RunFolder) -> tuple[Evaluation, EvaluateAgentConfig]:
    """Run every step; returns the evaluation, and what it was made with."""
    people = embedded_people(config.data)
    say("1/5 Pretraining the world model on the embedded people")
    settings = PretrainConfig(
        data=config.data, model=config.model, training=config.training, card=None
    )
    checkpoint = run_pretraining(settings, run).checkpoint
    say("2/5 Imagining 125 futures of one person")
    figure = draw_futures(config, people.dataset, checkpoint, run)
    say(f"    {figure}")
    say(f"3/5 Training PPO in the dream, {config.agent.steps:,} days")
    dream = replace(config.env, world_model=str(checkpoint))
    agent = train(TrainAgentConfig(env=dream, agent=config.agent), run, dataset=people).agent
    days = config.backprop.slots * config.env.horizon
    say(f"4/5 Training an actor through the dream, {config.backprop.steps} x {days:,} days")
    schema: Any = schema_for(BackpropConfig)
    of_actor = schema(env=dream, agent=config.backprop)
    actor = train(of_actor, run, dataset=people, name=ACTOR_FOLDER).agent
    say("5/5 Judging both in the dream and in the simulator")
    judged = EvaluateAgentConfig(
        dream=dream, simulator=config.simulator, evaluation=config.evaluation
    )
    evaluation = run_evaluation(judged, {PPO: agent, BACKPROP: actor}, dataset=people)
    show_evaluation(evaluation, judged, run, dataset=people)
    return evaluation, judged


def main(config: DemoConfig) -> None:
    """Pretrain, imagine, train an agent in the dream, and judge it in the simulator.

    A first impression in under a minute: humanwm demo quick=true
    """
    with RunFolder("demo", config, config.run) as run:
        evaluation, judged = demo(config, run)
        summary = evaluation.summary
        run.write_metrics({"worlds": summary})
        print_report(
            brief_rows(summary, TRUTH),
            json=config.json,
            title=f"{FIRST_IMPRESSION if config.quick else ''}Return of {config.env.horizon} days, "
            "95% intervals over people",
            result={"run": run.path, "worlds": summary},
        )
        if not config.json:
            print_days(evaluation, judged)
        say(f"Curves, figures and checkpoint: {run.path}")
        say(f"Look further: tensorboard --logdir {run.path}   (or: make dashboard)")


def run(words: Sequence[str]) -> None:
    """Run the command on the words of its command line."""
    name = "demo_quick" if is_switched_on("quick", words) else "demo"
    run_script(main, DemoConfig, name, arguments=words)
