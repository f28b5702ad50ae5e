"""Observations of a batch, assembled in a compiled loop; their layout is in `observations`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from human_wm_env.compiled import compiled
from human_wm_env.person import schema
from human_wm_env.person.observations import PARTS, WIDTH


def build(
    rows: np.ndarray,
    observed: np.ndarray,
    weekday: np.ndarray,
    forecast: np.ndarray,
    elapsed: np.ndarray,
    horizon: int,
) -> np.ndarray:
    """Build the observations on the eve of a day.

    Args:
        rows: float32 (slots, 10), raw rows of the last day.
        observed: bool (slots, 10), its mask; what it hides cannot be read off.
        weekday: int (slots,), of the day to come, -1 if unknown.
        forecast: int (slots,), weather of the day to come, -1 if unknown.
        elapsed: int (slots,), days since the start.
        horizon: days of an episode.

    Returns:
        float32 (slots, WIDTH), inside `observations.flat_space`.
    """
    encoded = np.ascontiguousarray(schema.encode_rows(rows, observed).T)
    result = np.empty((len(rows), WIDTH), dtype=np.float32)
    assemble_loop(
        encoded, np.ascontiguousarray(observed.T), weekday, forecast, elapsed, horizon, result
    )
    return result


def _assembler() -> Callable[..., None]:
    """Return the loop; its constants are locals, see `compiled`."""
    row_width, features = schema.ROW_WIDTH, schema.FEATURE_COUNT
    feature_of = np.repeat(np.arange(features), [feature.width for feature in schema.FEATURES])
    at_mask, at_weekday = PARTS["mask"].start, PARTS["weekday"].start
    at_forecast, at_left = PARTS["weather_forecast"].start, PARTS["horizon_left"].start
    weathers = schema.FEATURES[schema.WEATHER].width
    # Its last row, of zeros, is that of an unknown weekday.
    weekdays = schema.weekday_features(np.array([*range(schema.DAYS_PER_WEEK), -1]))
    zero = np.float32(0.0)

    @compiled
    def fill(
        encoded: np.ndarray,
        observed: np.ndarray,
        weekday: np.ndarray,
        forecast: np.ndarray,
        elapsed: np.ndarray,
        horizon: int,
        out: np.ndarray,
    ) -> None:
        slots = out.shape[0]
        for column in range(row_width):
            feature = feature_of[column]
            for slot in range(slots):
                value = encoded[column, slot]
                out[slot, column] = value if observed[feature, slot] else zero
        for feature in range(features):
            for slot in range(slots):
                out[slot, at_mask + feature] = observed[feature, slot]
        for slot in range(slots):
            out[slot, at_weekday] = weekdays[weekday[slot], 0]
            out[slot, at_weekday + 1] = weekdays[weekday[slot], 1]
            for weather in range(weathers):
                out[slot, at_forecast + weather] = weather == forecast[slot]
            out[slot, at_left] = 1.0 - elapsed[slot] / horizon

    return fill


assemble_loop = _assembler()
