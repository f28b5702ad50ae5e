"""Rows about pretraining: its two largest costs, at the sizes of the default model."""

from __future__ import annotations

import numpy as np

from human_wm_cli.benchmarks.timer import Job, interleaved
from human_wm_cli.console import Row
from human_wm_env.people.embedded import load_embedded
from human_wm_env.runtime.world_model import load_world_model
from world_model import TrainingConfig
from world_model.data.encoded_logs import encode_logs
from world_model.export import restore
from world_model.training.nets_stage import NetsStage

TRAINED, VALIDATED = 64, 100  # people


def pretraining_rows(repeats: int) -> list[Row]:
    """Measure an epoch of the nets' stage, and a validation.

    Args:
        repeats: of each.
    """
    dataset, model = load_embedded().dataset, restore(load_world_model().checkpoint)
    train = encode_logs(dataset, np.arange(TRAINED))
    validation = encode_logs(dataset, np.arange(TRAINED, TRAINED + VALIDATED))
    config, rng = TrainingConfig(), np.random.default_rng(0)
    stage = NetsStage(model, train, validation, config)
    late = config.baseline_epochs  # all latents are learned
    jobs = {
        f"training the nets: {TRAINED} people x {config.window_days} days, "
        f"and the posteriors of {VALIDATED} more": Job(lambda: stage.train_epoch(late, rng)),
        f"validating them: {VALIDATED} people x {config.validation_days} days": Job(
            lambda: stage.validate(late)
        ),
    }
    seconds = interleaved(jobs, repeats)
    return [{"pretraining": name, "seconds": each} for name, each in seconds.items()]
