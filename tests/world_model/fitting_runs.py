"""Runs of the training loop for tests, and people to train the encoder on."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from human_wm_env.model import moments
from human_wm_env.runtime.encoder import Posterior
from tests.world_model import tiny
from world_model.data.distillation_data import DistillationData
from world_model.data.encoded_logs import encode_logs
from world_model.data.windows import moments_until
from world_model.training.logger import SilentLogger
from world_model.training.trainer import Stage, fit


class Recorder:
    """A logger that remembers."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, float, int]] = []

    def scalar(self, name: str, value: float, step: int) -> None:
        self.seen.append((name, value, step))


def run(
    stage: Stage, folder: Path | None = None, seed: int = 0, settings: str = ""
) -> dict[str, float]:
    return fit(stage, seed=seed, logger=SilentLogger(), folder=folder, settings=settings)


def recognition(split: str) -> DistillationData:
    """People whose posteriors are made up."""
    logs = tiny.logs()
    encoded = encode_logs(logs, logs.users_of(split))
    shape = (encoded.people, tiny.TINY.latent_width)
    mean = np.random.default_rng(encoded.people).standard_normal(shape).astype(np.float32)
    train = encode_logs(logs, logs.users_of("train"))
    population = moments.population(moments_until(train, np.array([train.days]))[0])
    return DistillationData(
        encoded, Posterior(mean, np.full(shape, -2.0, dtype=np.float32)), *population
    )
