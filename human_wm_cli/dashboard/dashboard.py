"""All that TensorBoard shows of one run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from human_wm_cli.dashboard.projector import LEAST_WIDTH, write_projector
from human_wm_cli.dashboard.stage_events import StageEvents

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: stages that are no training
FIGURES, TABLES, VERDICT, LATENTS = "figures", "tables", "verdict", "latents"
_LATENTS_ABOUT = (
    "Posterior means of people's latents, in the projector. Colour by a trait or a "
    "statistic: what a block knows of it shows as a gradient."
)


class Dashboard:
    """Writes the events of a run, one folder and step axis a stage.

    Nothing is written, and TensorBoard not imported, before the first event.

    Args:
        folder: of all stages; TensorBoard shows each as a run of its own.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._stages: dict[str, StageEvents] = {}

    def stage(self, name: str) -> StageEvents:
        """Return the writer of a stage."""
        if name not in self._stages:
            self._stages[name] = StageEvents(self.folder / name)
        return self._stages[name]

    def scalar(self, name: str, value: float, step: int) -> None:
        """Add one point to a curve of the stage that `name` begins with, up to its first slash."""
        self.stage(name.partition("/")[0]).scalar(name, value, step)

    def figure(self, name: str, figure: Figure, step: int = 0, *, about: str = "") -> None:
        """Add a picture of the figure, and leave the figure open.

        Args:
            name: of the picture; the part up to a slash is its group.
            figure: of matplotlib.
            step: pictures of one name are shown one after the other.
            about: Markdown that is shown with it.
        """
        self.stage(FIGURES).figure(name, figure, step, about)

    def text(self, name: str, markdown: str) -> None:
        """Add a text, or a table."""
        self.stage(TABLES).text(name, markdown)

    def settings(self, values: Mapping[str, Any], run: str) -> None:
        """Begin the run's line in the table of hyperparameters.

        Args:
            values: its settings, nested.
            run: its name.
        """
        self.stage(VERDICT).settings(flat(values), run)

    def verdict(self, numbers: Mapping[str, float]) -> None:
        """Add what the run is judged by to its line in the table of hyperparameters."""
        for name, value in numbers.items():
            self.stage(VERDICT).number(f"{VERDICT}/{name}", value)

    def finish(self) -> None:
        """Say in that line that the run went to its end."""
        self.stage(VERDICT).settings_end()

    def people(
        self, latents: Mapping[str, np.ndarray], facts: Sequence[Mapping[str, str | float]]
    ) -> None:
        """Add people to the projector.

        Args:
            latents: by block, float (people, width); those too narrow for it are left out, and
                are part of the whole, which is added as `z`.
            facts: what is known of each person, such as true traits.
        """
        wide = {name: each for name, each in latents.items() if each.shape[1] >= LEAST_WIDTH}
        whole = np.concatenate(list(latents.values()), axis=1)
        if whole.shape[1] < LEAST_WIDTH:
            return
        write_projector(self.folder / LATENTS, {"z": whole, **wide}, facts)
        self.stage(LATENTS).text("latents", _LATENTS_ABOUT)

    def close(self) -> None:
        """Write out what is pending; more events open new files."""
        for stage in self._stages.values():
            stage.close()


def flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, bool | float | str]:
    """Return nested settings by dotted names, as TensorBoard takes them."""
    found: dict[str, bool | float | str] = {}
    for key, value in settings.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and value:
            found |= flat(value, f"{name}.")
        elif isinstance(value, bool | int | float | str):
            found[name] = value
        else:
            found[name] = "null" if value is None else str(value)
    return found
