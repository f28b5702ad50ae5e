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


# Indexed by -1, where it is not known, both tables give their last column of zeros.
_WEEKDAYS = np.ascontiguousarray(
    schema.weekday_features(np.array([*range(schema.DAYS_PER_WEEK), -1])).T
)
_FORECASTS = np.eye(
    schema.FEATURES[schema.WEATHER].width, schema.FEATURES[schema.WEATHER].width + 1
).astype(np.float32)
_FEATURE_OF_COLUMN = np.repeat(
    np.arange(schema.FEATURE_COUNT), [feature.width for feature in schema.FEATURES]
)
_FEATURE_NUMBERS: list[int] = _FEATURE_OF_COLUMN.tolist()
_ZERO = np.array(0.0, dtype=np.float32)
_WEEKDAY_NUMBERS = [tuple(numbers) for numbers in _WEEKDAYS.T.tolist()]
_FORECAST_NUMBERS = [tuple(numbers) for numbers in _FORECASTS.T.tolist()]


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
    encoded = schema.encode_rows(rows, observed)
    return assemble(encoded, observed, weekday, forecast, horizon_left)


def assemble(
    encoded: np.ndarray,
    observed: np.ndarray,
    weekday: np.ndarray,
    forecast: np.ndarray,
    horizon_left: np.ndarray | float,
) -> np.ndarray:
    """Build the observations from an encoded row.

    Args:
        encoded: float32 (slots, ROW_WIDTH), finite; need not be masked.
        observed: see `build`.
        weekday: see `build`.
        forecast: see `build`.
        horizon_left: see `build`.
    """
    if len(encoded) == 1:
        return _assemble_one(encoded, observed, weekday, forecast, horizon_left)
    columns = np.empty((WIDTH, len(encoded)), dtype=np.float32)
    seen = columns[PARTS["mask"]]
    seen[:] = observed.T
    spread = seen.take(_FEATURE_OF_COLUMN, axis=0)
    shown = np.multiply(encoded.T, spread, out=columns[: schema.ROW_WIDTH])
    shown += _ZERO  # a negative number times 0 is -0.0, whose sign would be told
    columns[PARTS["weekday"]] = _WEEKDAYS.take(weekday, axis=1)
    columns[PARTS["weather_forecast"]] = _FORECASTS.take(forecast, axis=1)
    columns[-1] = horizon_left
    return columns.T


def _assemble_one(
    encoded: np.ndarray,
    observed: np.ndarray,
    weekday: np.ndarray,
    forecast: np.ndarray,
    horizon_left: np.ndarray | float,
) -> np.ndarray:
    """Do what `assemble` does for one slot, in plain floats: fewer NumPy calls."""
    seen: list[bool] = observed[0].tolist()
    values: list[float] = encoded[0].tolist()
    shown = [
        value if seen[feature] else 0.0
        for value, feature in zip(values, _FEATURE_NUMBERS, strict=True)
    ]
    left = horizon_left if isinstance(horizon_left, float) else horizon_left.item()
    calendar = (*_WEEKDAY_NUMBERS[weekday.item()], *_FORECAST_NUMBERS[forecast.item()])
    return np.array([[*shown, *seen, *calendar, left]], dtype=np.float32)
