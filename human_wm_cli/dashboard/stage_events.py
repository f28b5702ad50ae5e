"""The event file of one stage of a run, with a step axis of its own."""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from human_wm_cli.dashboard.charts import layout_of
from human_wm_cli.dashboard.descriptions import description

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

#: fewer points are no curve: they are written as a table
FEWEST_POINTS = 3
EVENTS = "events.out.tfevents.*"
_DPI = 80


class StageEvents:
    """Writes the events of a stage; TensorBoard is imported at the first of them.

    A tag's first points are held back until they make a curve. What is none when the stage
    is closed becomes a table, unless the folder has events of an earlier session, whose curve goes
    on.

    Args:
        folder: of the event file, called after the stage.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._goes_on = any(folder.glob(EVENTS))
        self._held: dict[str, list[tuple[float, int, float]]] = {}
        self._curves: set[str] = set()
        self._file: EventFileWriter | None = None

    def scalar(self, name: str, value: float, step: int) -> None:
        """Add one point to the curve `name`."""
        held = self._held.setdefault(name, [])
        held.append((float(value), step, time.time()))
        if self._goes_on or name in self._curves or len(held) >= FEWEST_POINTS:
            self._curves.add(name)
            for point in self._held.pop(name):
                self.number(name, *point)

    def number(self, name: str, value: float, step: int = 0, at: float | None = None) -> None:
        """Write a number at once: one of a run's verdict, or a point of a curve."""
        from tensorboard.plugins.scalar.summary_v2 import scalar_pb

        described = description(self._folder.name, name)
        self._add(scalar_pb(name, float(value), description=described), step, at)

    def histogram(self, name: str, values: np.ndarray, step: int) -> None:
        """Add the distribution of values."""
        from tensorboard.plugins.histogram.summary_v2 import histogram_pb

        described = description(self._folder.name, name)
        self._add(histogram_pb(name, np.asarray(values, np.float64), description=described), step)

    def figure(self, name: str, figure: Figure, step: int, about: str = "") -> None:
        """Add a picture of a figure, and leave the figure open."""
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.compat.proto.tensor_pb2 import TensorProto
        from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
        from tensorboard.plugins.image.metadata import create_summary_metadata

        png = io.BytesIO()
        figure.savefig(png, format="png", dpi=_DPI)
        size = [str(round(inches * _DPI)).encode() for inches in figure.get_size_inches()]
        tensor = TensorProto(
            dtype="DT_STRING",
            string_val=[*size, png.getvalue()],
            tensor_shape=TensorShapeProto(dim=[TensorShapeProto.Dim(size=3)]),
        )
        metadata = create_summary_metadata(display_name=None, description=about)
        value = Summary.Value(tag=name, metadata=metadata, tensor=tensor)
        self._add(Summary(value=[value]), step)

    def text(self, name: str, markdown: str, step: int = 0) -> None:
        """Add a text, or a table."""
        from tensorboard.plugins.text.summary_v2 import text_pb

        self._add(text_pb(name, markdown), step)

    def settings(self, values: dict[str, Any], trial: str) -> None:
        """Begin a line of the hyperparameters, which the stage's numbers belong to."""
        from tensorboard.plugins.hparams.summary_v2 import hparams_pb

        self._add(hparams_pb(values, trial_id=trial), 0)

    def settings_end(self) -> None:
        """Say that the run of that line was finished."""
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2

        end = plugin_data_pb2.SessionEndInfo(
            status=api_pb2.Status.Value("STATUS_SUCCESS"), end_time_secs=time.time()
        )
        data = plugin_data_pb2.HParamsPluginData(session_end_info=end)
        value = Summary.Value(
            tag=metadata.SESSION_END_INFO_TAG,
            metadata=metadata.create_summary_metadata(data),
            tensor=metadata.NULL_TENSOR,
        )
        self._add(Summary(value=[value]), 0)

    def close(self) -> None:
        """Write out what is pending; more events open a new file."""
        if self._held:
            self.text(f"numbers/{self._folder.name}", self._table())
            self._held = {}
        if self._file is not None:
            self._file.close()
            self._file = None
            self._goes_on = True

    def _table(self) -> str:
        """Return what is too short for a curve, a line a point."""
        lines = ["Too few points for curves:", "", "| | step | value |", "|---|---|---|"]
        for name, points in self._held.items():
            lines += [f"| {name} | {step} | {value:.6g} |" for value, step, _ in points]
        return "\n".join(lines)

    def _add(self, summary: Any, step: int, at: float | None = None) -> None:
        from tensorboard.compat.proto.event_pb2 import Event

        if self._file is None:
            self._open()
        assert self._file is not None
        self._file.add_event(Event(wall_time=at or time.time(), step=step, summary=summary))

    def _open(self) -> None:
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        self._file = EventFileWriter(str(self._folder))
        layout = layout_of(self._folder.name)
        if layout is not None:
            self._add(layout, 0)
