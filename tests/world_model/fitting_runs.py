"""Runs of the training loop for tests."""

from __future__ import annotations

from pathlib import Path

from world_model.fitting import Stage, fit
from world_model.progress import SilentLogger


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
