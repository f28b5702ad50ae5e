"""The smallest stage of training, whose state is kept as that of every other."""

from __future__ import annotations

from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np

from world_model.training.config import StageConfig
from world_model.training.trainer import Stage, fit


class _Silent:
    def scalar(self, name: str, value: float, step: int) -> None:
        """Drop it."""


class _ToyStage(Stage):
    name, parts = "toy", ("objective",)

    def __init__(self, epochs: int) -> None:
        mx.random.seed(0)
        self.config = StageConfig(epochs=epochs)
        self.learner = nn.Linear(3, 2)
        self.optimisers = {"only": optim.Adam(learning_rate=0.1, bias_correction=True)}

    def _loss(self) -> mx.array:
        return (self.learner(mx.ones((4, 3))) - 1.0).square().mean()

    def train_epoch(self, epoch: int, rng: np.random.Generator) -> dict[str, float]:
        loss, gradient = nn.value_and_grad(self.learner, lambda learner: self._loss())(self.learner)
        self.step(self.optimisers["only"], gradient, [loss])
        return {"objective": float(np.array(loss))}

    def validate(self, epoch: int) -> dict[str, float]:
        return {"objective": float(np.array(self._loss()))}


def fit_toy(folder: Path, epochs: int) -> list[np.ndarray]:
    """Train, or go on where the folder's state says; return what was learned."""
    stage = _ToyStage(epochs)
    fit(stage, seed=0, logger=_Silent(), folder=folder)
    return [np.array(value) for value in stage.learner.parameters().values()]
