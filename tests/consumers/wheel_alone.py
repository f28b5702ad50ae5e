# /// script
# dependencies = []
# ///
"""The base installation: its size, the command's help, and how long the first step ever takes."""

import importlib.util
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

SITE = Path(sysconfig.get_path("purelib"))
MOST_BYTES, MOST_SECONDS = 500e6, 18.0

if __name__ == "__main__":
    assert not any(map(importlib.util.find_spec, ("torch", "mlx", "matplotlib", "omegaconf")))
    size = sum(file.stat().st_size for file in SITE.parents[2].rglob("*") if file.is_file())
    assert size <= MOST_BYTES, f"{size / 1e6:.0f} MB"
    humanwm = Path(sys.executable).with_name("humanwm")
    said = subprocess.run([humanwm, "--help"], capture_output=True, text=True, check=True)
    assert said.stdout.startswith("usage: humanwm COMMAND")
    refused = subprocess.run([humanwm, "pretrain"], capture_output=True, text=True)
    assert refused.returncode == 2 and "humanwm[train]" in refused.stderr

    program = (
        "import gymnasium as gym; env = gym.make('human_wm_env:HumanWM-v0'); env.reset(seed=0); "
        "env.step(env.action_space.sample())"
    )
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", program], check=True)
    seconds = time.monotonic() - began
    print(f"{size / 1e6:.0f} MB, first step ever {seconds:.1f} s")
    assert seconds <= MOST_SECONDS
