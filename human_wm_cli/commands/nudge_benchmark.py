"""The benchmark of nudges: agents trained in the dream, judged in the simulator.

Stop it and go on at will.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial

from tqdm.auto import tqdm

from agents import PPOConfig
from agents.backprop.settings import BackpropConfig
from agents.distillation.settings import DistilledConfig
from agents.evaluation.nudge_benchmark import NudgeBenchmark, NudgeBenchmarkConfig, nudge_report
from agents.evaluation.summary_table import interval_text
from agents.nudge.thompson import ThompsonConfig
from agents.planning.model_predictive_control import PlannerConfig
from agents.sb3.hyperparameters import DQNConfig
from human_wm_cli.console import Facts, markdown_table, print_report, run_script, say
from human_wm_cli.gradients import differentiable
from human_wm_cli.run import TABLE, TRAINING_STATE, RunConfig, RunFolder

NAME = "nudge_benchmark"


@dataclass(frozen=True)
class NudgeBenchmarkCommand(NudgeBenchmarkConfig):
    """Settings of the command, beside those of the benchmark.

    Attributes:
        smoke: two people, five days and a few steps of training, to see that it works.
        run: the folder of the run; with run.resume=true what is there is not run again.
        json: print one JSON object instead of tables.
    """

    smoke: bool = False
    run: RunConfig = field(default_factory=RunConfig)
    json: bool = False


def smaller(config: NudgeBenchmarkCommand) -> NudgeBenchmarkCommand:
    """Return the settings of a run of seconds."""
    budget = PlannerConfig(days=2, draws=2)
    return replace(
        config,
        dream=replace(config.dream, horizon=5),
        simulator=replace(config.simulator, horizon=5),
        compliances=config.compliances[:1],
        ppo=PPOConfig(steps=20, slots=2, n_steps=5, batch_size=5, n_epochs=1, warm_start=0),
        dqn=DQNConfig(steps=20, slots=2, learning_starts=4, batch_size=4, gradient_steps=1),
        thompson=ThompsonConfig(steps=20, slots=2),
        backprop=BackpropConfig(steps=2, slots=2, starts=4, width=8),
        distilled=DistilledConfig(rounds=1, episodes=2, planner=budget, passes=1, width=8),
        planner=budget,
        oracle=budget,
        seeds=1,
        people=2,
        episodes_per_person=1,
        bootstrap=replace(config.bootstrap, resamples=50),
    )


def main(config: NudgeBenchmarkCommand) -> None:
    """Train agents to send nudges in the dream, and judge all in the simulator.

    PPO, DQN, a bandit, back-propagation and a distilled planner; beside them fixed rules, random
    nudges, a planner and an oracle, for each compliance.
    Start it again with run.name=NAME run.resume=true and it goes on where it stopped. A part:
    humanwm nudge-benchmark compliances="[default]" seeds=1 dqn=null ppo=null
    """
    with RunFolder(NAME, config, config.run) as run:
        if config.smoke:
            config = smaller(config)
        benchmark = NudgeBenchmark(
            config, run.path / TRAINING_STATE, say=say, differentiable=differentiable
        )
        with tqdm(total=benchmark.policies, unit="agent", disable=None) as bar:

            def show(name: str, done: int) -> None:
                bar.set_description(name)
                bar.update(done)

            found = nudge_report(benchmark.run(show), config)
        run.write_metrics(found)
        pages = {name: [_row(*each) for each in _ranked(of)] for name, of in found.items()}
        text = "\n\n".join(
            f"## {name}: best fixed rule {found[name]['best_rule']}\n\n"
            + markdown_table(list(rows[0]), [list(row.values()) for row in rows])
            for name, rows in pages.items()
        )
        (run.path / TABLE).write_text(f"# Nudges\n\n{text}\n", encoding="utf-8")
        run.dashboard.text("verdict", text)
    for name, rows in pages.items():
        if not config.json:
            print_report(rows, title=f"{name}: best fixed rule {found[name]['best_rule']}")
    if config.json:
        print_report([], json=True, result={"run": run.path, "compliances": found})
    say(f"The same as a page: {run.path / TABLE}")


def _ranked(found: Facts) -> list[tuple[str, Facts]]:
    return sorted(found["agents"].items(), key=lambda each: -each[1]["return"]["mean"])


def _row(name: str, found: Facts) -> dict[str, str]:
    texts = {
        key.replace("_", " "): interval_text(found[key])
        for key in ("return", "over_never", "over_best_rule")
    }
    shares = {
        key: "" if found[key] is None else f"{100 * found[key]:.0f}%"
        for key in ("nudged", "complied", "quit")
    }
    return {"agent": name, **texts, **shares}


run = partial(run_script, main, NudgeBenchmarkCommand, NAME)
