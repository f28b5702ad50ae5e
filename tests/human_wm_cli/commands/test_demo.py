"""The demo end to end, with the small budgets of quick=true."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from human_wm_cli.commands import demo


def test_demo_goes_from_logs_to_a_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    demo.run(["quick=true", f"run.root={tmp_path}", "run.name=small"])
    assert capsys.readouterr().out.startswith(demo.FIRST_IMPRESSION)
    summary = json.loads((tmp_path / "small" / "metrics.json").read_text())["worlds"]
    assert set(summary) == {"dream", "simulator"}
    assert set(summary["simulator"]) == {demo.PPO, "random", "habit", "best_constant"}
    run = tmp_path / "small"
    assert (run / "checkpoint" / "weights.safetensors").is_file()
    assert (run / "agent" / "weights.safetensors").is_file()
    assert (run / "figures" / "futures.png").read_bytes().startswith(b"\x89PNG")
    assert list((run / "tensorboard").rglob("events.*"))
