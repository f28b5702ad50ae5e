"""Measure a checkpoint on held-out people and write its model card."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import partial

from human_wm_cli.console import print_report, run_script, say
from human_wm_cli.data import DataConfig
from human_wm_cli.model_card import CARD_JSON, CARD_TEXT, write_card
from world_model import CardConfig
from world_model.card.tables import card_tables


@dataclass(frozen=True)
class ReportWorldModelConfig:
    """Settings of the command.

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
    humanwm report checkpoint=runs/default/checkpoint
    """
    folder, card = write_card(config.checkpoint, config.data, config.card)
    if config.json:
        print_report([], json=True, result=asdict(card))
        return
    for title, rows in card_tables(card).items():
        print_report(rows, title=title)
        print()
    say(f"Card in {folder / CARD_JSON} and {folder / CARD_TEXT}")


run = partial(run_script, main, ReportWorldModelConfig, "report_world_model")
