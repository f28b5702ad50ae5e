"""The demo end to end, on a small population with tiny budgets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from human_wm_cli.commands import demo
from human_wm_cli.console import run_script

SMALL = [
    "data=mini",
    "model=mini",
    "training=quick",
    "training.nets.epochs=2",
    "training.moments.epochs=1",
    "training.encoder.epochs=1",
    "training.dreamt_people=20",
    "agent=ppo_quick",
    "agent.steps=3750",
    "agent.warm_start=1",
    "evaluation=quick",
    "evaluation.people=4",
    "evaluation.search.iterations=1",
    "day=120",
]


def test_demo_goes_from_logs_to_a_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [*SMALL, f"run.root={tmp_path}", "run.name=small", "json=true"]
    run_script(demo.main, demo.DemoConfig, "demo", arguments=arguments)
    summary = json.loads(capsys.readouterr().out)["worlds"]
    assert set(summary) == {"dream", "simulator"}
    assert set(summary["simulator"]) == {demo.PPO, "random", "habit", "best_constant"}
    run = tmp_path / "small"
    assert (run / "checkpoint" / "weights.safetensors").is_file()
    assert (run / "agent" / "weights.safetensors").is_file()
    assert (run / "figures" / "futures.png").read_bytes().startswith(b"\x89PNG")
    assert list((run / "tensorboard").rglob("events.*"))
