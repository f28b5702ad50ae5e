from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util.tensor_util import make_ndarray

from human_wm_cli.dashboard.stage_events import StageEvents
from tests.human_wm_cli.dashboard.reading import descriptions, scalars, tags, text


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "agent"


def test_a_curve_has_every_point_on_its_own_step_and_a_description(folder: Path) -> None:
    stage = StageEvents(folder)
    for step in (10, 20, 40, 80):
        stage.scalar("rollout/ep_rew_mean", 0.5 * step, step)
    stage.close()
    assert scalars(folder) == {
        "rollout/ep_rew_mean": [(10, 5.0), (20, 10.0), (40, 20.0), (80, 40.0)]
    }
    described = descriptions(folder)["rollout/ep_rew_mean"]
    assert described.startswith("Mean return") and "Step: days simulated" in described


def test_two_points_are_a_table_and_no_curve(folder: Path) -> None:
    stage = StageEvents(folder)
    stage.scalar("train/loss", 0.25, 30)
    stage.scalar("train/loss", 0.125, 60)
    stage.close()
    assert scalars(folder) == {}
    lines = text(folder, "numbers/agent").splitlines()
    assert lines[-2:] == ["| train/loss | 30 | 0.25 |", "| train/loss | 60 | 0.125 |"]


def test_a_resumed_stage_goes_on_with_its_curve(folder: Path) -> None:
    first = StageEvents(folder)
    for step in range(3):
        first.scalar("train/loss", 1.0, step)
    first.close()
    second = StageEvents(folder)
    second.scalar("train/loss", 2.0, 3)
    second.close()
    assert scalars(folder)["train/loss"] == [(0, 1.0), (1, 1.0), (2, 1.0), (3, 2.0)]
    assert "numbers/agent" not in tags(folder)


def test_events_after_a_close_are_not_lost(folder: Path) -> None:
    stage = StageEvents(folder)
    stage.number("one", 1.0)
    stage.close()
    stage.number("two", 2.0)
    stage.close()
    assert scalars(folder) == {"one": [(0, 1.0)], "two": [(0, 2.0)]}


def test_nothing_is_written_before_the_first_event(folder: Path) -> None:
    StageEvents(folder).close()
    assert not folder.exists()


def test_a_picture_is_the_figure(folder: Path) -> None:
    figure = Figure(figsize=(2.0, 1.5))
    figure.subplots().plot([0, 1])
    stage = StageEvents(folder)
    stage.figure("fan/p007", figure, 4, "what it shows")
    stage.close()
    assert tags(folder, "images") == {"fan/p007"}
    assert descriptions(folder)["fan/p007"] == "what it shows"
    (event,) = EventAccumulator(str(folder)).Reload().Tensors("fan/p007")
    width, height, png = make_ndarray(event.tensor_proto)
    assert (event.step, width, height) == (4, b"160", b"120")
    assert png.startswith(b"\x89PNG")
    assert [int.from_bytes(png[place : place + 4], "big") for place in (16, 20)] == [160, 120]


def test_distributions_keep_every_value(folder: Path) -> None:
    stage = StageEvents(folder)
    stage.histogram("advice/sleep_hours", np.array([6.0, 7.0, 7.0, 9.0], np.float32), 100)
    stage.close()
    (event,) = EventAccumulator(str(folder)).Reload().Tensors("advice/sleep_hours")
    buckets = make_ndarray(event.tensor_proto)  # left, right, count
    assert buckets[:, 2].sum() == 4 and (buckets[0, 0], buckets[-1, 1]) == (6.0, 9.0)


def test_settings_are_a_line_of_the_hyperparameters(folder: Path) -> None:
    stage = StageEvents(folder)
    stage.settings({"training.epochs": 4, "data.source": "embedded", "quick": True}, "mine")
    stage.settings_end()
    stage.close()
    content = EventAccumulator(str(folder)).Reload().PluginTagToContent("hparams")
    from tensorboard.plugins.hparams import metadata

    begun = metadata.parse_session_start_info_plugin_data(content[metadata.SESSION_START_INFO_TAG])
    assert begun.group_name == "mine"
    assert begun.hparams["training.epochs"].number_value == 4
    assert begun.hparams["data.source"].string_value == "embedded"
    assert begun.hparams["quick"].bool_value is True
    assert metadata.SESSION_END_INFO_TAG in content


def test_charts_come_with_the_stages_that_they_show(folder: Path) -> None:
    from tensorboard.plugins.custom_scalar import layout_pb2, metadata

    for name, titles in (("agent", 2), ("agent_in_dream", 2), ("nets", 2), ("tables", 0)):
        stage = StageEvents(folder / name)
        stage.number("any", 1.0)
        stage.close()
        events = EventAccumulator(str(folder / name)).Reload()
        if metadata.CONFIG_SUMMARY_TAG not in events.Tags()["tensors"]:
            assert titles == 0
            continue
        (event,) = events.Tensors(metadata.CONFIG_SUMMARY_TAG)
        layout = layout_pb2.Layout.FromString(make_ndarray(event.tensor_proto).item())
        assert sum(len(category.chart) for category in layout.category) == titles
