"""Make a checkpoint's model card, and keep it beside the weights."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from human_wm_cli.console import say, table, to_json
from human_wm_cli.dashboard import Dashboard
from human_wm_cli.data import DataConfig, load_dataset, load_people
from human_wm_cli.fan_charts import ABOUT, held_out_charts
from human_wm_cli.run import EVENTS
from human_wm_env import LogDataset, load_world_model
from human_wm_env.counterfactual.words import REQUIREMENTS
from human_wm_env.files.writing import write_whole
from human_wm_env.wording import counted_people
from world_model import Card, CardConfig, make_card
from world_model.card.card import DREAM, SIMULATOR
from world_model.card.figures import coverage_figure, pit_figure
from world_model.card.requirements import checks
from world_model.card.tables import NOTES, card_scalars, card_tables

CARD_JSON, CARD_TEXT = "card.json", "card.md"


def write_card(
    checkpoint: Path | str | None,
    data: DataConfig,
    config: CardConfig,
    dashboard: Dashboard | None = None,
    folder: Path | None = None,
) -> tuple[Path, Card]:
    """Measure a checkpoint and write its card; its pictures go to TensorBoard.

    Its files are card.json, card.md and, read by `what_if`, requirements.json.

    Args:
        checkpoint: its folder; None is the bundled one.
        data: the logs that it is measured on.
        config: on whom, and how precisely.
        dashboard: of the run that goes on; None adds to the one beside the folder, if any.
        folder: where the card goes; None is the checkpoint's own.

    Returns:
        The folder of the card, and the card.

    Raises:
        CheckpointError: no checkpoint there.
        DataError: too few people, or logs that are too short.
    """
    runtime = load_world_model(checkpoint)
    dataset = load_dataset(data)
    card = make_card(
        runtime,
        dataset,
        config,
        truth=load_people(data),
        report=lambda stage: say(f"{stage} ..."),
    )
    folder = folder or runtime.checkpoint.folder
    requirements = {check.what: {**asdict(check), "met": check.met} for check in checks(card)}
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / CARD_JSON, f"{to_json(asdict(card))}\n".encode())
    write_whole(folder / REQUIREMENTS, f"{to_json(requirements)}\n".encode())
    write_whole(folder / CARD_TEXT, as_text(card).encode())
    beside = folder.parent / EVENTS
    own = Dashboard(beside) if dashboard is None and beside.is_dir() else None
    to = dashboard or own
    if to is not None:
        _show(card, dataset, runtime.checkpoint.folder, to)
    if own is not None:
        own.close()
    return folder, card


def as_text(card: Card) -> str:
    """Write a card as Markdown."""
    about = card.about
    unseen = about.trained_on_these_data and about.judged_on == "test"
    lines = [
        "# Model card",
        "",
        f"Measured on {counted_people(about.judged_people)} of the {about.judged_on} split of "
        f"{about.data}{', whom training never saw' if unseen else ''}; forecasts from "
        f"{about.starts} starts with {about.config.draws} independent draws each.",
    ]
    if about.never_logged:
        lines += [
            "",
            f"In these logs {about.never_logged}. What the model says of these features there "
            "comes from the population, not from the person.",
        ]
    for title, rows in card_tables(card).items():
        lines += ["", f"## {title}", "", NOTES[title], "", "```", table(rows), "```"]
    return "\n".join(lines) + "\n"


def _show(card: Card, dataset: LogDataset, folder: Path, dashboard: Dashboard) -> None:
    """Put the card's text, numbers and pictures on a dashboard, with some people's futures."""
    dashboard.text("model card", as_text(card))
    met = [check.met for check in checks(card)]
    dashboard.verdict({"card/requirements_met": sum(met) / len(met), **card_scalars(card)})
    covered = {
        f"{name}, day {horizon}": each.coverage
        for name in (DREAM, SIMULATOR)
        if name in card.forecasts
        for horizon, each in card.forecasts[name].by_horizon.items()
    }
    about = f"On {card.about.forecasts_of} of {counted_people(card.about.forecast_people)}."
    dashboard.figure(
        "calibration/coverage", coverage_figure(covered, "Coverage of the dream"), about=about
    )
    dream = card.forecasts[DREAM]
    days = {f"day {horizon}": each for horizon, each in dream.by_horizon.items()}
    for name, parts in (("features", dream.by_feature), ("days", days)):
        dashboard.figure(
            f"calibration/PIT by {name}", pit_figure(parts, "PIT of the dream"), about=about
        )
    for name, chart in held_out_charts(dataset, folder):
        dashboard.figure(name, chart, about=ABOUT)
