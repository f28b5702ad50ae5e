"""A checkpoint of random weights, small enough to be worked out again step by step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from human_wm_env.vector_dream.architecture import VectorArchitecture, expected_shapes
from human_wm_env.vector_dream.checkpoint import VectorCheckpoint
from human_wm_env.vector_dream.task import ActionCode, Task

TASK = Task("Made-v0", 3, ActionCode((-2.0,), (2.0,)), 50)
SIZE = VectorArchitecture(3, 1, 2, 6, 4, 5, 3, 2, 2)


def checkpoint(seed: int = 0, **sizes: int) -> VectorCheckpoint:
    size = replace(SIZE, **sizes)
    rng = np.random.default_rng(seed)
    weights: dict[str, Any] = {
        name: rng.normal(0.0, 0.5, shape).astype(np.float32)
        for name, shape in expected_shapes(size).items()
    }
    weights["normaliser.scale"] = np.array([2.0, 0.5, 1.0], np.float32)
    weights["normaliser.active"] = np.array([1.0, 1.0, 0.0], np.float32)
    weights["scales.step"] = np.array([0.5, 2.0], np.float32)
    weights["scales.reward"] = np.array([1.0, 2.0, 0.0, 1.5], np.float32)
    starts = rng.normal(size=(7, 3)).astype(np.float32)
    return VectorCheckpoint(TASK, size, weights, starts, True, {})


def batch(width: int, count: int = 4, seed: int = 5) -> np.ndarray:
    return np.random.default_rng(seed + width).normal(size=(count, width)).astype(np.float32)
