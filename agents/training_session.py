"""What a training is given beside its settings: where curves, progress and state go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from agents.differentiable_world import MakeDifferentiable
from agents.protocol import Agent
from human_wm_env.people.embedded import Dataset


class ScalarLogger(Protocol):
    """Where curves go; the logger of a run folder is one."""

    def scalar(self, name: str, value: float, step: int) -> None:
        """Add one point to the curve `name`."""
        ...


@dataclass(frozen=True)
class Session:
    """The surroundings of one training.

    Attributes:
        logger: gets the curves; None drops them.
        progress: called with the days simulated since the last call.
        state_folder: where the state of the training is kept; None keeps none.
        checkpoint_days: days simulated between two states; 0 keeps the last one only.
        resume: go on from the state in `state_folder`, where there is one.
        snapshot: called with the agent so far and the days simulated, whenever a state is kept.
        dataset: a data set object in place of the environment's own.
        measure: called between updates with what makes the agent so far, and the days simulated;
            whether it is time to measure it is for the callee to say.
        differentiable: steps an environment in MLX, for trainings by back-propagation; None has
            nothing that does.
    """

    logger: ScalarLogger | None = None
    progress: Callable[[int], object] | None = None
    state_folder: Path | None = None
    checkpoint_days: int = 0
    resume: bool = False
    snapshot: Callable[[Agent, int], object] | None = None
    dataset: Dataset | None = None
    measure: Callable[[Callable[[], Agent], int], object] | None = None
    differentiable: MakeDifferentiable | None = None

    def report(self, days: int) -> None:
        """Add days to the progress bar."""
        if self.progress is not None and days:
            self.progress(days)
