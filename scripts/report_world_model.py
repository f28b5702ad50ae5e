"""Measure a checkpoint on held-out people and write its model card."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import one_thread  # noqa: F401 (before NumPy)
from datasets import DataConfig, load_dataset, load_people
from human_wm_env.runtime.checkpoint import load_world_model
from report import print_report, run_script, say, table, to_json
from run_folder import EVENTS, Logger
from world_model.card.card import make_card
from world_model.card.config import CardConfig
from world_model.card.tables import NOTES, card_scalars, card_tables

CARD_JSON, CARD_TEXT = "card.json", "card.md"


@dataclass(frozen=True)
class ReportWorldModelConfig:
    """Settings of the script.

    Attributes:
        checkpoint: folder of a checkpoint; null is the bundled one.
        data: the logs that it is measured on.
        card: on whom, and how precisely.
        json: print one JSON object instead of tables.
    """

    checkpoint: str | None = None
    data: DataConfig = field(default_factory=DataConfig)
    card: CardConfig = field(default_factory=CardConfig)
    json: bool = False


def main(config: ReportWorldModelConfig) -> None:
    """Measure a checkpoint on held-out people and write its model card.

    The card goes into the checkpoint's folder, as card.json and card.md, and its numbers
    to TensorBoard. Example:
    python scripts/report_world_model.py checkpoint=runs/default/checkpoint
    """
    runtime = load_world_model(config.checkpoint)
    card = make_card(
        runtime,
        load_dataset(config.data),
        config.card,
        truth=load_people(config.data),
        report=lambda stage: say(f"{stage} ..."),
    )
    folder = runtime.checkpoint.folder
    (folder / CARD_JSON).write_text(to_json(card) + "\n", encoding="utf-8")
    tables = card_tables(card)
    (folder / CARD_TEXT).write_text(as_text(card, tables), encoding="utf-8")
    write_scalars(folder, card_scalars(card))
    if config.json:
        print_report([], json=True, result=card)
        return
    for title, rows in tables.items():
        print_report(rows, title=title)
        print()
    say(f"Card in {folder / CARD_JSON} and {folder / CARD_TEXT}")


def as_text(card: dict[str, Any], tables: dict[str, list[dict[str, Any]]]) -> str:
    """Write a card as Markdown."""
    about = card["about"]
    unseen = about["trained_on_these_data"] and about["judged_on"] == "test"
    lines = [
        "# Model card",
        "",
        f"Measured on {about['judged_people']} people of the {about['judged_on']} split of "
        f"{about['data']}{', whom training never saw' if unseen else ''}; forecasts from "
        f"{about['starts']} starts with {about['config']['draws']} independent draws each.",
    ]
    for title, rows in tables.items():
        lines += ["", f"## {title}", "", NOTES[title], "", "```", table(rows), "```"]
    return "\n".join(lines) + "\n"


def write_scalars(folder: Path, scalars: dict[str, float]) -> None:
    """Write scalars beside the curves of the checkpoint's run; nowhere if it has none."""
    beside = folder.parent / EVENTS
    if not beside.is_dir():
        return
    logger = Logger(beside)
    for name, value in scalars.items():
        logger.scalar(name, value, 0)
    logger.close()


if __name__ == "__main__":
    run_script(main, ReportWorldModelConfig, "report_world_model")
