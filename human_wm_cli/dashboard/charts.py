"""The charts of the custom scalars: what belongs together in one picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tensorboard.compat.proto.summary_pb2 import Summary

WORLD_MODEL, AGENT = "World model", "Agent"
#: category, title and tags (regular expressions), by the beginning of a stage's name; the layouts
#: of all stages are merged by TensorBoard
CHARTS = {
    "response": [(WORLD_MODEL, "Response: nats of a validation person", ["response/validation/"])],
    "nets": [
        (WORLD_MODEL, "Nets: training and validation", [r"nets\w*/(train|validation)/objective"]),
        (WORLD_MODEL, "KL of the blocks", [r"nets\w*/validation/kl_"]),
    ],
    "moments": [(WORLD_MODEL, "Moments: training and validation", [r"moments/.*/objective"])],
    "encoder": [(WORLD_MODEL, "Encoder: training and validation", [r"encoder/.*/objective"])],
    "agent_in_": [
        (AGENT, "Return in the dream and in the simulator", ["measured/return"]),
        (AGENT, "The same over habit", ["measured/over_habit"]),
    ],
    "agent": [
        (AGENT, "Return of the training episodes", ["rollout/ep_rew_mean"]),
        (AGENT, "Parts of the reward in training", ["components/"]),
    ],
}


def layout_of(stage: str) -> Summary | None:
    """Return the charts of a stage, None where it has none."""
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.custom_scalar import layout_pb2, metadata
    from tensorboard.util.tensor_util import make_tensor_proto

    charts = next((each for start, each in CHARTS.items() if stage.startswith(start)), [])
    categories: dict[str, list[layout_pb2.Chart]] = {}
    for category, title, tags in charts:
        lines = layout_pb2.MultilineChartContent(tag=tags)
        categories.setdefault(category, []).append(layout_pb2.Chart(title=title, multiline=lines))
    if not categories:
        return None
    layout = layout_pb2.Layout(
        category=[layout_pb2.Category(title=t, chart=c) for t, c in categories.items()]
    )
    value = Summary.Value(
        tag=metadata.CONFIG_SUMMARY_TAG,
        metadata=metadata.create_summary_metadata(),
        tensor=make_tensor_proto(layout.SerializeToString()),
    )
    return Summary(value=[value])
