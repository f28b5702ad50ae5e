"""Curves and figures of a run as TensorBoard events."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from torch.utils.tensorboard import SummaryWriter


class TensorBoardWriter:
    """Writes TensorBoard events; TensorBoard is imported at the first of them.

    Args:
        folder: where the event files go.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._writer: SummaryWriter | None = None

    def scalar(self, name: str, value: float, step: int) -> None:
        """Add one point to the curve `name`."""
        self._events().add_scalar(name, float(value), step)

    def figure(self, name: str, matplotlib_figure: Figure, step: int) -> None:
        """Add a picture of the figure, and leave the figure open."""
        self._events().add_figure(name, matplotlib_figure, step, close=False)

    def close(self) -> None:
        """Write out what is pending; logging again opens a new event file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _events(self) -> SummaryWriter:
        if self._writer is None:
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(str(self.folder))
        return self._writer
