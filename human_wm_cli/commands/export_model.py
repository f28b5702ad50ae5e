"""Write a checkpoint without what is said of single people."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from human_wm_cli.console import print_report, run_script, say
from human_wm_env.model.shareable import export_model


@dataclass(frozen=True)
class ExportModelConfig:
    """Settings of the command.

    Attributes:
        checkpoint: folder of a checkpoint, or of a run of `humanwm pretrain`.
        out: new folder to write.
        json: print one JSON object instead of sentences.
    """

    checkpoint: str
    out: str
    json: bool = False


def main(config: ExportModelConfig) -> None:
    """Write a checkpoint without rows, ids, names of files or posteriors of people.

    Weights are a function of all people's logs: the fewer people they were trained on, the more
    they tell of each. Example: humanwm export-model checkpoint=runs/mine out=shared
    """
    left_out = export_model(config.checkpoint, config.out)
    if config.json:
        print_report([], json=True, result={"out": config.out, "left_out": left_out})
        return
    print(f"{config.out} has the weights, and of the manifest what is of nobody in particular.")
    top = [name for name in left_out if name.rpartition(".")[0] not in left_out]
    say(f"left out, with model card, dashboards and training state: {', '.join(top) or 'nothing'}")


run = partial(run_script, main, ExportModelConfig, "export_model", path="checkpoint")
