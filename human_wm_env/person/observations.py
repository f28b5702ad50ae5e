"""Turn rows into observations: one layout for dream, simulator and replay."""

from __future__ import annotations

import numpy as np
from gymnasium import spaces

from human_wm_env.person import schema


def _layout() -> dict[str, slice]:
    parts: dict[str, slice] = {}
    for index, feature in enumerate(schema.FEATURES):
        parts[feature.name] = schema.ROW_SLICES[index]
    start = schema.ROW_WIDTH
    widths = {
        "mask": schema.FEATURE_COUNT,
        "weekday": 2,
        "weather_forecast": schema.FEATURES[schema.WEATHER].width,
        "horizon_left": 1,
    }
    for name, width in widths.items():
        parts[name] = slice(start, start + width)
        start += width
    return parts


# On the eve of day t: the features of row t-1, its mask, weekday and weather of t, and
# the share of the horizon that is left.
PARTS: dict[str, slice] = _layout()
WIDTH = max(part.stop for part in PARTS.values())


def flat_space() -> spaces.Box:
    """Return the flat observation space, float32 (WIDTH,) with finite bounds."""
    low, high = np.zeros(WIDTH, dtype=np.float32), np.ones(WIDTH, dtype=np.float32)
    low[: schema.ROW_WIDTH], high[: schema.ROW_WIDTH] = schema.encoded_bounds()
    low[PARTS["weekday"]] = -1.0
    return spaces.Box(low, high, dtype=np.float32)


def dict_space(flat: spaces.Box, parts: dict[str, slice]) -> spaces.Dict:
    """Return the same space as a Dict of named Boxes."""
    return spaces.Dict(
        {
            name: spaces.Box(flat.low[part], flat.high[part], dtype=np.float32)
            for name, part in parts.items()
        }
    )


def as_dict(flat: np.ndarray, parts: dict[str, slice]) -> dict[str, np.ndarray]:
    """Cut flat observations, (..., width), into named copies."""
    return {name: flat[..., part].copy() for name, part in parts.items()}
