"""Search the settings of an agent's training with Optuna, and stop what falls behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import optuna

from human_wm_cli.commands import train
from human_wm_cli.config import compose
from human_wm_cli.console import print_report, run_script, say
from human_wm_cli.run import TRIALS, RunConfig, RunFolder
from human_wm_env import ConfigError

NAME = "sweep"
LOG = "log"


@dataclass(frozen=True)
class SweepConfig:
    """Settings of the command.

    Attributes:
        search: settings of `humanwm train` and where to look for them: [low, high], whole numbers
            where both ends are, [low, high, log], or a list of texts to choose from.
        settings: words of `humanwm train` that all trials share.
        trials: trainings.
        curve: what is maximised, a curve of the training; its last point counts.
        full_trials: trials that are never stopped, for others to be compared with.
        seed: of the search.
        run: the folder of the run; each trial is a run in its folder trials/.
        json: print one JSON object instead of a table.
    """

    search: dict[str, list[Any]] = field(default_factory=dict)
    settings: list[str] = field(default_factory=list)
    trials: int = 20
    curve: str = "rollout/ep_rew_mean"
    full_trials: int = 5
    seed: int = 0
    run: RunConfig = field(default_factory=RunConfig)
    json: bool = False

    def __post_init__(self) -> None:
        for name, domain in self.search.items():
            if not _is_domain(domain):
                raise ConfigError(
                    f"[low, high], [low, high, {LOG}] or texts to choose from for search.{name}",
                    f"{domain}",
                    "Correct it; low is below high, and above 0 with log.",
                )
        if not self.search or self.trials < 1:
            raise ConfigError(
                "something to search, and at least one trial",
                f"{len(self.search)} settings, {self.trials} trials",
                'search="{agent.learning_rate: [1.0e-4, 3.0e-3, log]}" looks for a step size.',
            )


def _is_domain(domain: Sequence[Any]) -> bool:
    if domain and all(isinstance(one, str) for one in domain):
        return True
    numbers = domain[:2]
    if len(numbers) != 2 or any(isinstance(x, bool | str) or x is None for x in numbers):
        return False
    log = list(domain[2:]) == [LOG]
    return numbers[0] < numbers[1] and (len(domain) == 2 or (log and numbers[0] > 0))


def suggested(trial: optuna.Trial, name: str, domain: Sequence[Any]) -> object:
    """Let a trial choose one setting."""
    if isinstance(domain[0], str):
        return trial.suggest_categorical(name, list(domain))
    low, high, log = domain[0], domain[1], len(domain) == 3
    if isinstance(low, int) and isinstance(high, int):
        return trial.suggest_int(name, low, high, log=log)
    return trial.suggest_float(name, float(low), float(high), log=log)


def search(config: SweepConfig, run: RunFolder) -> optuna.Study:
    """Run all trials, each a run in `trials/`, and return the study.

    Raises:
        ConfigError: a training has no such curve.
    """

    def judged(trial: optuna.Trial) -> float:
        chosen = {name: suggested(trial, name, domain) for name, domain in config.search.items()}
        own = [f"run.root={run.path / TRIALS}", f"run.name={trial.number:03d}"]
        words = [*config.settings, *(f"{name}={value}" for name, value in chosen.items()), *own]
        settings = compose(train.chosen_schema(words), train.NAME, words)
        points: list[float] = []

        def follow(name: str, value: float, step: int) -> None:
            if name == config.curve:
                trial.report(value, len(points))
                points.append(value)
                if trial.should_prune():
                    raise optuna.TrialPruned

        settings = train.with_total_steps(settings)
        with RunFolder(train.NAME, settings, settings.run) as folder:
            train.train(settings, folder, follow=follow)
        if not points:
            raise ConfigError(
                "a curve of the training", repr(config.curve), "See TensorBoard for their names."
            )
        return points[-1]

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=config.seed),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=config.full_trials),
    )
    study.optimize(judged, n_trials=config.trials)
    return study


def main(config: SweepConfig) -> None:
    """Search settings of `humanwm train` with Optuna; trials behind the median are stopped.

    humanwm sweep trials=30 settings="[agent=ppo_quick]" search="{agent.gamma: [0.9, 0.999]}"
    Each trial is a run in runs/<name>/trials/, with an agent and curves of its own.
    """
    with RunFolder(NAME, config, config.run) as run:
        study = search(config, run)
        rows: list[dict[str, Any]] = [
            {"trial": f"{one.number:03d}", config.curve: one.value, "end": one.state.name.lower()}
            | one.params
            for one in study.trials
        ]
        finished = any(one.state is optuna.trial.TrialState.COMPLETE for one in study.trials)
        best = rows[study.best_trial.number] if finished else None
        run.write_metrics({"best": best, "trials": rows})
    ended = [row for row in rows if row[config.curve] is not None]
    ended.sort(key=lambda row: row[config.curve], reverse=True)
    print_report(
        [*ended, *(row for row in rows if row[config.curve] is None)],
        json=config.json,
        title="Trials, the best first; pruned ones were behind the median",
        result={"run": run.path, "best": best, "trials": rows},
    )
    if best:
        say(f"The best: {run.path / TRIALS / best['trial']}")


def run(words: Sequence[str]) -> None:
    """Run the command on the words of its command line."""
    run_script(main, SweepConfig, NAME, arguments=words)
