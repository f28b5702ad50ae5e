"""Does the world model find structure where there is none? Audit, train, measure, table."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import partial

from human_wm_cli.commands.pretrain import PretrainConfig, run_pretraining
from human_wm_cli.console import Row, print_report, run_script, say
from human_wm_cli.data import UNIFORM, DataConfig, load_dataset
from human_wm_cli.run import RunConfig, RunFolder
from human_wm_env import ConfigError, load_world_model
from human_wm_env.model.architecture import Architecture
from human_wm_env.wording import counted, counted_people
from world_model import TrainingConfig, measure_no_structure, verdict
from world_model.card.uniform_logs import requirements
from world_model.training.unused import unused_settings


@dataclass(frozen=True)
class CheckUniformConfig:
    """Settings of the command.

    Attributes:
        data: uniform logs.
        model: sizes of the nets.
        training: how they are trained.
        draws: independent futures of each start.
        run: the folder of the run.
        json: print one JSON object instead of a table.
    """

    data: DataConfig = field(default_factory=lambda: DataConfig(source=UNIFORM))
    model: Architecture = field(default_factory=Architecture)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    draws: int = 500
    run: RunConfig = field(default_factory=RunConfig)
    json: bool = False

    def unused(self) -> dict[str, str]:
        """Return settings that change nothing here, and why."""
        return unused_settings(self.model, self.training)


def main(config: CheckUniformConfig) -> None:
    """Train on independent uniform numbers and say whether the model invents structure.

    Example: humanwm check-uniform data.users=999 data.days=1000
    """
    if config.data.source != UNIFORM:
        raise ConfigError(
            f"data.source={UNIFORM}", f"data.source={config.data.source}", "Nothing else is noise."
        )
    with RunFolder("check_uniform", config, config.run) as run:
        dataset = load_dataset(config.data)
        sentence = verdict(dataset)
        say(sentence)
        settings = PretrainConfig(
            data=config.data,
            model=config.model,
            training=config.training,
            card=None,
            run=config.run,
        )
        pretrained = run_pretraining(settings, run)
        runtime = load_world_model(pretrained.checkpoint)
        found = measure_no_structure(runtime, dataset, draws=config.draws)
        checks = requirements(found)
        nothing = sentence.startswith("Nothing to learn")
        result = {
            "verdict": sentence,
            "requirements": [
                {"what": "the audit finds nothing", "met": nothing},
                *({**asdict(check), "met": check.met} for check in checks),
            ],
            "measured": asdict(found),
            "training": pretrained.metrics,
        }
        run.write_metrics(result)
        audited = "yes" if nothing else "no"
        rows: list[Row] = [
            {"requirement": "the audit finds nothing", "measured": audited, "met": nothing}
        ]
        rows += [
            {
                "requirement": check.what,
                "measured": f"{check.value:.3f}",
                "bound": f"<= {check.bound:g}",
                "met": check.met,
                "worst": check.where,
            }
            for check in checks
        ]
        run.table("requirements", rows, sentence)
        run.conclude({"requirements_met": sum(check.met for check in checks) / len(checks)})
        print_report(
            rows,
            json=config.json,
            title=f"{counted_people(dataset.users)} x {counted(dataset.days, 'day')} "
            "of uniform numbers",
            result=result,
        )
        say(f"Checkpoint and all numbers in {run.path}")


run = partial(run_script, main, CheckUniformConfig, "check_uniform")
