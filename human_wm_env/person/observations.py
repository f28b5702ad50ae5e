"""Turn rows into observations: one layout for all person worlds."""

from __future__ import annotations

import numpy as np
from gymnasium import spaces

from human_wm_env.compiled import compiled
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


# Before day t is decided: the features of row t-1, its mask, weekday and weather of t, and
# the share of the horizon that is left.
PARTS: dict[str, slice] = _layout()
WIDTH = max(part.stop for part in PARTS.values())


def flat_space() -> spaces.Box:
    """Return the flat observation space, float32 (WIDTH,) with finite bounds."""
    low, high = np.zeros(WIDTH, dtype=np.float32), np.ones(WIDTH, dtype=np.float32)
    low[: schema.ROW_WIDTH], high[: schema.ROW_WIDTH] = schema.encoded_bounds()
    low[PARTS["weekday"]] = -1.0
    return spaces.Box(low, high, dtype=np.float32)


def build(
    rows: np.ndarray,
    observed: np.ndarray,
    weekday: np.ndarray,
    forecast: np.ndarray,
    elapsed: np.ndarray,
    horizon: int,
) -> np.ndarray:
    """Build the observations before a day is decided.

    Args:
        rows: float32 (slots, 10), raw rows of the last day.
        observed: bool (slots, 10), its mask; what it hides cannot be read off.
        weekday: int (slots,), of the day to come, -1 if unknown.
        forecast: int (slots,), weather of the day to come, -1 if unknown.
        elapsed: int (slots,), days since the start.
        horizon: days of an episode.

    Returns:
        float32 (slots, WIDTH), inside `flat_space`.
    """
    encoded = np.ascontiguousarray(schema.encode_rows(rows, observed).T)
    result = np.empty((len(rows), WIDTH), dtype=np.float32)
    columns = np.ascontiguousarray(observed.T)
    assemble_loop(encoded, columns, weekday, forecast, elapsed, horizon, result)
    return result


_MASK, _WEEKDAY = PARTS["mask"].start, PARTS["weekday"].start
_FORECAST, _LEFT = PARTS["weather_forecast"].start, PARTS["horizon_left"].start
_WEATHERS = schema.FEATURES[schema.WEATHER].width


@compiled
def assemble_loop(
    encoded: np.ndarray,
    observed: np.ndarray,
    weekday: np.ndarray,
    forecast: np.ndarray,
    elapsed: np.ndarray,
    horizon: int,
    out: np.ndarray,
) -> None:
    """Write observations, (slots, WIDTH); see `build`, of which the rows are columns here."""
    for column in range(schema.ROW_WIDTH):
        feature = schema.FEATURE_OF_COLUMN[column]
        for slot in range(out.shape[0]):
            value = encoded[column, slot]
            out[slot, column] = value if observed[feature, slot] else np.float32(0.0)
    for feature in range(schema.FEATURE_COUNT):
        for slot in range(out.shape[0]):
            out[slot, _MASK + feature] = observed[feature, slot]
    for slot in range(out.shape[0]):
        out[slot, _WEEKDAY] = schema.WEEKDAY_TABLE[weekday[slot], 0]
        out[slot, _WEEKDAY + 1] = schema.WEEKDAY_TABLE[weekday[slot], 1]
        for weather in range(_WEATHERS):
            out[slot, _FORECAST + weather] = weather == forecast[slot]
        out[slot, _LEFT] = 1.0 - elapsed[slot] / horizon
