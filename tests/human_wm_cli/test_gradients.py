"""Commands that train by gradients give MLX its fast products before anything imports it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from world_model.nets import fast_blas

COMMANDS = ("train", "demo", "benchmark_agents", "nudge_benchmark")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="MLX has its own elsewhere")
@pytest.mark.parametrize("command", COMMANDS)
def test_the_fast_products_come_first(command: str) -> None:
    code = (
        f"import human_wm_cli.commands.{command};"
        "import agents.backprop.training, world_model; assert world_model.FAST_BLAS"
    )
    environment = {name: value for name, value in os.environ.items() if name != fast_blas.SWITCH}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
