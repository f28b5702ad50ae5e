"""Measure a checkpoint on held-out people and write its model card."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from human_wm_cli.console import print_report, run_script, say
from human_wm_cli.data import DataConfig
from human_wm_cli.model_card import CARD_JSON, CARD_TEXT, write_card
from human_wm_env.model.checkpoint import BUNDLED
from world_model import CardConfig
from world_model.card.tables import card_tables

BUNDLED_CARD = "runs/bundled_card"


@dataclass(frozen=True)
class ReportWorldModelConfig:
    """Settings of the command.

    Attributes:
        checkpoint: folder of a checkpoint; null is the bundled one.
        data: the logs that it is measured on.
        card: on whom, and how precisely.
        card_folder: where the card is written; null is the checkpoint's folder, and for the
            bundled one, which belongs to the installed package, runs/bundled_card.
        json: print one JSON object instead of tables.
    """

    checkpoint: str | None = None
    data: DataConfig = field(default_factory=DataConfig)
    card: CardConfig = field(default_factory=CardConfig)
    card_folder: str | None = None
    json: bool = False


def is_bundled(checkpoint: str | None) -> bool:
    """Say whether a checkpoint is that of the installed package, however it is named."""
    return checkpoint is None or Path(checkpoint).resolve() == BUNDLED.resolve()


def main(config: ReportWorldModelConfig) -> None:
    """Measure a checkpoint on held-out people and write its model card.

    The card goes into the checkpoint's folder, as card.json and card.md, and its numbers
    and pictures to the TensorBoard of the run beside it. That of the bundled checkpoint goes to
    runs/bundled_card instead; who maintains the package writes its own card anew with
    card_folder=human_wm_env/checkpoints/default. Example:
    humanwm report checkpoint=runs/default/checkpoint
    """
    into = config.card_folder or (BUNDLED_CARD if is_bundled(config.checkpoint) else None)
    folder, card = write_card(
        config.checkpoint, config.data, config.card, folder=None if into is None else Path(into)
    )
    if config.json:
        print_report([], json=True, result=asdict(card))
        return
    for title, rows in card_tables(card).items():
        print_report(rows, title=title)
        print()
    say(f"Card in {folder / CARD_JSON} and {folder / CARD_TEXT}")


run = partial(run_script, main, ReportWorldModelConfig, "report_world_model", path="checkpoint")
