"""Turn rows into observations: one layout for dream, simulator and replay."""

from __future__ import annotations

import numpy as np
from gymnasium import spaces

from human_wm_env import schema


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


def build(
    rows: np.ndarray,
    observed: np.ndarray,
    weekday: np.ndarray,
    forecast: np.ndarray,
    horizon_left: np.ndarray,
) -> np.ndarray:
    """Build the observations on the eve of a day.

    Args:
        rows: float32 (slots, 10), raw rows of the last day.
        observed: bool (slots, 10), its mask; what it hides cannot be read off.
        weekday: int (slots,), of the day to come, -1 if unknown.
        forecast: int (slots,), weather of the day to come, -1 if unknown.
        horizon_left: float (slots,), share in [0, 1].

    Returns:
        float32 (slots, WIDTH), inside `flat_space`.
    """
    observation = np.empty((len(rows), WIDTH), dtype=np.float32)
    observation[:, : schema.ROW_WIDTH] = schema.encode_rows(rows, observed)
    observation[:, PARTS["mask"]] = observed
    observation[:, PARTS["weekday"]] = schema.weekday_features(weekday)
    forecasts = PARTS["weather_forecast"]
    count = forecasts.stop - forecasts.start
    observation[:, forecasts] = forecast[:, None] == np.arange(count)
    observation[:, PARTS["horizon_left"]] = horizon_left[:, None]
    return observation
