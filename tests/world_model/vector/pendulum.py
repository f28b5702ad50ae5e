"""A small world model of Pendulum-v1, made once."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from agents.vector_tasks.play import collect
from agents.vector_tasks.policies import ChancePolicy
from human_wm_env.vector_dream.checkpoint import VectorCheckpoint
from human_wm_env.vector_dream.episodes import EpisodeLog
from human_wm_env.vector_dream.task import Task
from world_model.training.config import StageConfig
from world_model.vector.config import VectorModelConfig
from world_model.vector.train import train_vector_model

SMALL = VectorModelConfig(
    vae_hidden=32,
    memory=8,
    hidden=32,
    outcome_hidden=16,
    members=3,
    vae=StageConfig(epochs=5, learning_rate=1e-3, batch_people=64),
    rnn=StageConfig(epochs=20, learning_rate=5e-3, clip_norm=10.0, batch_people=16),
)


@cache
def task() -> Task:
    return Task.of("Pendulum-v1")


@cache
def log() -> EpisodeLog:
    return collect(task(), ChancePolicy(task().action, 0), 2000, seed=0)


@cache
def checkpoint() -> VectorCheckpoint:
    with tempfile.TemporaryDirectory() as folder:
        return train_vector_model(log(), SMALL, Path(folder) / "model")
