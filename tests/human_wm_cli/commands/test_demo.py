"""The demo end to end, with the small budgets of quick=true."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

import pytest

from human_wm_cli.commands import demo
from tests.human_wm_cli.dashboard.browser import chromium
from tests.human_wm_cli.dashboard.reading import descriptions, scalars
from tests.human_wm_cli.dashboard.tabs import TABS, open_tabs


@pytest.fixture(scope="module")
def printed_and_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    root = tmp_path_factory.mktemp("runs")
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        demo.run(["quick=true", f"run.root={root}", "run.name=small"])
    return printed.getvalue(), root / "small"


def test_demo_goes_from_logs_to_a_verdict(printed_and_run: tuple[str, Path]) -> None:
    printed, run = printed_and_run
    assert printed.startswith(demo.FIRST_IMPRESSION)
    summary = json.loads((run / "metrics.json").read_text())["worlds"]
    assert set(summary) == {"dream", "simulator"}
    assert set(summary["simulator"]) == {
        demo.PPO,
        demo.BACKPROP,
        "random",
        "habit",
        "best_constant",
    }
    assert (run / "checkpoint" / "weights.safetensors").is_file()
    for agent in ("agent", demo.ACTOR_FOLDER):
        assert (run / agent / "weights.safetensors").is_file()
    assert (run / "figures" / "futures.png").read_bytes().startswith(b"\x89PNG")


def test_every_curve_of_the_demo_has_a_meaning_and_three_points(
    printed_and_run: tuple[str, Path],
) -> None:
    _, run = printed_and_run
    stages = [folder for folder in (run / "tensorboard").iterdir() if folder.name != "verdict"]
    curves = {folder.name: scalars(folder) for folder in stages}
    assert {"nets", "backprop", "agent", "agent_in_dream", "agent_in_simulator"} <= {
        name for name, each in curves.items() if each
    }
    for folder in stages:
        described = descriptions(folder)
        for tag, points in curves[folder.name].items():
            assert len(points) >= 3, (folder.name, tag)
            meaning, step, _ = described[tag].partition("Step:")
            assert meaning and step, (folder.name, tag)


@pytest.mark.skipif(chromium() is None, reason="no Chromium on the PATH")
def test_every_tab_of_the_dashboard_shows_the_demo(
    printed_and_run: tuple[str, Path], tmp_path: Path
) -> None:
    open_tabs(printed_and_run[1], tmp_path)
    pictures = sorted(file.stem for file in tmp_path.iterdir())
    assert pictures == sorted(f"dashboard_{tab}" for tab in TABS)
    assert all(file.stat().st_size > 10_000 for file in tmp_path.iterdir())
