"""Write logs as a Minari data set."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from human_wm_cli.console import print_report, run_script
from human_wm_env import write_minari


@dataclass(frozen=True)
class ExportMinariConfig:
    """Settings of the command.

    Attributes:
        dataset: a CSV of daily logs, or a folder that `humanwm import` wrote.
        name: of a new data set in the folder of Minari, such as humanwm/mine-v0.
        complete: leave out days whose action or reward is not complete; each run of complete days
            is an episode. Otherwise a person is one, and `human_wm_env.read_minari` gives the
            same logs back.
        json: print one JSON object instead of a table.
    """

    dataset: str
    name: str
    complete: bool = False
    json: bool = False


def main(config: ExportMinariConfig) -> None:
    """Write logged days as episodes: observations, actions and rewards of the environments.

    The data set is as personal as the logs are.
    Example: humanwm export-minari dataset=logs name=humanwm/mine-v0 complete=true
    """
    found = write_minari(config.dataset, config.name, complete=config.complete)
    facts: dict[str, str | float | None] = {
        "minari": config.name,
        "episodes": int(found.total_episodes),
        "steps": int(found.total_steps),
        "path": str(found.spec.data_path),
    }
    print_report([facts], json=config.json, result=facts)


run = partial(run_script, main, ExportMinariConfig, "export_minari", path="dataset")
