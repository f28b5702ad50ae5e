"""A world model with transition nets, for rows about these whatever the bundled checkpoint has."""

from __future__ import annotations

from functools import cache

import numpy as np

from human_wm_env.model.architecture import Architecture
from human_wm_env.model.checkpoint import Checkpoint
from human_wm_env.model.weights import expected_shapes
from human_wm_env.runtime.world_model import WorldModelRuntime, load_world_model


@cache
def film_model() -> WorldModelRuntime:
    """Return the bundled model, or one of the same use whose weights are drawn: speed is alike."""
    bundled = load_world_model()
    if bundled.response is None:
        return bundled
    rng, weights = np.random.default_rng(0), {}
    architecture = Architecture()
    for name, shape in expected_shapes(architecture).items():
        spread = max(1, shape[-1]) ** -0.5
        weights[name] = (spread * rng.standard_normal(shape)).astype(np.float32)
    weights["encoder.moments.sd"] = np.abs(weights["encoder.moments.sd"]) + np.float32(0.1)
    made = bundled.checkpoint
    return WorldModelRuntime(
        Checkpoint(architecture, weights, made.weather_transitions, {}, made.folder)
    )
