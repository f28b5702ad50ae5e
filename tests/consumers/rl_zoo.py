# /// script
# dependencies = ["rl_zoo3", "requests", "torch"]
# [tool.consumer]
# extras = "[plot]"
# ///
"""RL Zoo: training from the YAML of `examples/`, then enjoy."""

import subprocess
import sys
import tempfile
from pathlib import Path

SETTINGS = Path(__file__).parents[2] / "examples" / "rl_zoo.yaml"

if __name__ == "__main__":
    logs = Path(tempfile.mkdtemp())
    common = ["--algo", "ppo", "--env", "HumanWM-v0", "--gym-packages", "human_wm_env"]
    common += ["-f", str(logs)]
    train = ["rl_zoo3.train", "--conf-file", str(SETTINGS), "-n", "1024", "--seed", "0"]
    enjoy = ["rl_zoo3.enjoy", "--no-render", "-n", "60", "--exp-id", "1"]
    for command in (train, enjoy):
        subprocess.run([sys.executable, "-m", *command, *common], check=True)
    assert list(logs.rglob("HumanWM-v0.zip"))
