"""Judge forecasts of held-out days beside those of simple and statistical forecasters."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import partial

from human_wm_cli.console import Facts, Row, print_report, run_script, say
from human_wm_cli.data import DataConfig, load_time_split
from human_wm_cli.fan_charts import ABOUT, held_out_charts
from human_wm_cli.run import RunConfig, RunFolder
from human_wm_env import load_world_model
from human_wm_env.wording import counted, counted_people
from world_model import HeldOutConfig, judge_held_out
from world_model.card.calibration import LEVELS
from world_model.card.figures import coverage_figure, pit_figure
from world_model.card.held_out_scores import AVERAGE, HeldOutScores


@dataclass(frozen=True)
class EvaluateForecastsConfig:
    """Settings of the command.

    Attributes:
        checkpoint: folder of a checkpoint; null is the bundled one.
        pooled_with: folders of others, whose forecasts are pooled with its own.
        data: the logs, split by time.
        forecasts: how forecasts are made.
        run: the folder of the run.
        json: print one JSON object instead of tables.
    """

    checkpoint: str | None = None
    pooled_with: list[str] = field(default_factory=list)
    data: DataConfig = field(default_factory=DataConfig)
    forecasts: HeldOutConfig = field(default_factory=HeldOutConfig)
    run: RunConfig = field(default_factory=RunConfig)
    json: bool = False


def skill_rows(features: Facts) -> list[Row]:
    """Return one row a feature and one for their average, a star on what is significant."""
    return [
        {
            "feature": name,
            "cells": row["cells"],
            "R2": f"{row['r2']:.3f}",
            "baseline's": f"{row['r2_baseline']:.3f}",
            "R2 gain": _gain(row["r2_gain"]),
            "CRPS": f"{row['crps']:.4f}",
            "baseline's CRPS": f"{row['crps_baseline']:.4f}",
            "CRPS gain": _gain(row["crps_gain"], percent=True),
        }
        for name, row in features.items()
    ]


def forecaster_rows(forecasters: Facts, dream_beside: Facts) -> list[Row]:
    """Return one row a statistical forecaster: averages over features."""
    rows: list[Row] = []
    for name, features in forecasters.items():
        own, dream = features[AVERAGE], dream_beside[name][AVERAGE]
        rows.append(
            {
                "forecaster": name,
                "R2": f"{own['r2']:.3f}",
                "R2 gain": _gain(own["r2_gain"]),
                "CRPS": f"{own['crps']:.4f}",
                "CRPS gain": _gain(own["crps_gain"], percent=True),
                "dream over it, R2": _gain(dream["r2_gain"]),
                "dream over it, CRPS": _gain(dream["crps_gain"], percent=True),
            }
        )
    return rows


def _gain(interval: Facts, *, percent: bool = False) -> str:
    style = "{:+.1%}" if percent else "{:+.3f}"
    mean = style.format(interval["mean"])
    if interval["low"] is None:
        return mean
    low, high = interval["low"], interval["high"]
    star = "*" if low * high > 0.0 else ""
    return f"{mean} [{style.format(low)}, {style.format(high)}]{star}"


def _share(interval: Facts) -> str:
    if interval["low"] is None:
        return f"{interval['mean']:.1%}"
    return "{mean:.1%} [{low:.1%}, {high:.1%}]".format(**interval)


def coverage_rows(coverage: Facts) -> list[Row]:
    """Return one row a forecaster and horizon, of all features together."""
    return [
        {
            "forecast": name,
            "days ahead": int(horizon),
            **{level: _share(each["all"][level]) for level in LEVELS},
        }
        for name, by_horizon in coverage.items()
        for horizon, each in by_horizon.items()
    ]


def print_tables(found: Facts) -> None:
    """Print what was measured."""
    about = found["about"]
    trained = "on the days before" if about["trained_on_the_days_before"] else "on other logs"
    members = len(about["weights_sha256"])
    pool = f" of {members} checkpoints together" if members > 1 else ""
    print(
        f"{about['data']}: {counted(about['held_out_days'], 'held-out day')} of "
        f"{counted_people(about['people'])} "
        f"(split by time), checkpoint trained {trained}; {about['config']['posterior']} posterior, "
        f"{counted(about['draws'], 'draw')}{pool}."
    )
    for horizon, features in found["days_ahead"].items():
        days = counted(int(horizon), "day")
        print_report(
            skill_rows(features),
            title=f"\n{days} ahead, against user mean + lag 1 + weekday (gain: positive is "
            "better, 95% intervals over people, * excludes 0)",
        )
        print_report(
            forecaster_rows(found["forecasters"][horizon], found["dream_beside"][horizon]),
            title=f"\n{days} ahead, statistical forecasters on the same cells (gain: likewise; "
            "averages over features)",
        )
    print_report(coverage_rows(found["coverage"]), title="\nCoverage of central intervals")
    summary = found["summary"]
    worse = ", ".join(summary["significantly_worse"]) or "none"
    print(
        ("\n" if about["people"] == 1 else f"\nSignificantly worse than the baseline: {worse}. ")
        + f"Coverage at most {100 * summary['coverage_off']:.1f} points off "
        f"({summary['coverage_off_where']})."
    )
    if about["left_out"]:
        print(about["left_out"])
    if about["people"] == 1:
        print(
            "One person: the gains are theirs on these days. Whether they hold for other people "
            "or other days cannot be judged, so there are no intervals."
        )


def _show(
    found: Facts, scores: HeldOutScores, config: EvaluateForecastsConfig, run: RunFolder
) -> None:
    """Put tables, calibration and futures of some people on the run's dashboard."""
    for horizon, features in found["days_ahead"].items():
        run.table(f"{counted(int(horizon), 'day')} ahead", skill_rows(features), "* excludes 0")
    run.table("coverage", coverage_rows(found["coverage"]), "Coverage of central intervals")
    covered = {
        f"{name}, {counted(int(horizon), 'day')} ahead": each["all"]
        for name, by_horizon in scores.coverage.items()
        for horizon, each in by_horizon.items()
    }
    title = "Coverage on held-out days"
    run.dashboard.figure("calibration/coverage", coverage_figure(covered, title))
    for name, by_horizon in scores.pit.items():
        pits = {
            f"{counted(int(horizon), 'day')} ahead": each for horizon, each in by_horizon.items()
        }
        run.dashboard.figure(f"calibration/PIT of {name}", pit_figure(pits, f"PIT of {name}"))
    for name, chart in held_out_charts(load_time_split(config.data).whole, config.checkpoint):
        run.dashboard.figure(name, chart, about=ABOUT)
    summary = scores.summary
    run.conclude(
        {
            "r2_gain": summary.average_r2_gain.mean,
            "crps_gain": summary.average_crps_gain.mean,
            "coverage_off": summary.coverage_off,
        }
    )


def main(config: EvaluateForecastsConfig) -> None:
    """Judge forecasts of held-out days, walking forward: R2, CRPS, coverage.

    humanwm evaluate-forecasts data.source=mine.csv checkpoint=runs/mine/checkpoint
    """
    with RunFolder("evaluate_forecasts", config, config.run) as run:
        scores = judge_held_out(
            load_world_model(config.checkpoint),
            load_time_split(config.data),
            config.forecasts,
            pooled_with=[load_world_model(folder) for folder in config.pooled_with],
            report=lambda stage: say(f"{stage} ..."),
        )
        found = asdict(scores)
        run.write_metrics(found)
        _show(found, scores, config, run)
        if config.json:
            print_report([], json=True, result=found)
        else:
            print_tables(found)
        say(f"All numbers: {run.path / 'metrics.json'}")


run = partial(run_script, main, EvaluateForecastsConfig, "evaluate_forecasts", path="data.source")
