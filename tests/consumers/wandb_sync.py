# /// script
# dependencies = ["wandb", "torch"]
# [tool.consumer]
# extras = "[agents,plot]"
# ///
"""Weights & Biases, offline: it follows the TensorBoard events of `humanwm train`."""

import os
import tempfile
from pathlib import Path

import wandb

from human_wm_cli.main import main

TRAINING = (
    *("train", "agent=cma_es", "agent.generations=3", "agent.population=4", "agent.episodes=4"),
    *("agent.warm_start=0", "env=dream", "env.horizon=5", "measurements=1", "run.name=tiny"),
)

if __name__ == "__main__":
    os.chdir(tempfile.mkdtemp())
    wandb.tensorboard.patch(root_logdir="runs/tiny")
    run = wandb.init(mode="offline", project="humanwm")
    main(TRAINING)
    run.finish()
    (events,) = Path(run.dir).parent.glob("run-*.wandb")
    kept = events.read_bytes()
    for curve in (b"ep_rew_mean", b"measured_return_in_simulator"):
        assert curve in kept, curve
