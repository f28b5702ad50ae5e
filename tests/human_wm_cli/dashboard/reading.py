"""What stands in the event files of one stage."""

from __future__ import annotations

from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util.tensor_util import make_ndarray


def tags(folder: Path, plugin: str | None = None) -> set[str]:
    """Return the tags of a folder: all of them, or those of one plugin."""
    events = EventAccumulator(str(folder)).Reload()
    return {
        tag
        for tag in events.Tags()["tensors"]
        if plugin in (None, events.SummaryMetadata(tag).plugin_data.plugin_name)
    }


def scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Return the points of every curve: step and value."""
    events = EventAccumulator(str(folder), size_guidance={"tensors": 0}).Reload()
    return {
        tag: [(e.step, float(make_ndarray(e.tensor_proto))) for e in events.Tensors(tag)]
        for tag in sorted(tags(folder, "scalars"))
    }


def descriptions(folder: Path) -> dict[str, str]:
    """Return what is said of every tag."""
    events = EventAccumulator(str(folder)).Reload()
    return {
        tag: events.SummaryMetadata(tag).summary_description for tag in events.Tags()["tensors"]
    }


def text(folder: Path, tag: str) -> str:
    """Return a text as it was written."""
    (event,) = EventAccumulator(str(folder)).Reload().Tensors(tag)
    return make_ndarray(event.tensor_proto).item().decode()
