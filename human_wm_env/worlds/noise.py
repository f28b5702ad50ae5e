"""How the uniform noise of a day is dealt out; the first columns are the same everywhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from human_wm_env.bulk_noise import generators
from human_wm_env.worlds.world import FOR_NOISE, Stream

FIRST_WEATHER, NEXT_WEATHER, ADHERENCE = range(3)
SHARED_UNIFORMS = 3


def columns(start: int, **widths: int) -> tuple[dict[str, slice], int]:
    """Name consecutive columns.

    Args:
        start: first free column.
        **widths: name and width of each piece.

    Returns:
        The slice of each piece, and the first column after them.
    """
    slices: dict[str, slice] = {}
    for name, width in widths.items():
        slices[name] = slice(start, start + width)
        start += width
    return slices, start


def draw_noise(
    streams: Sequence[Stream], horizon: int, normals: int, uniforms: int
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the noise of whole episodes.

    Args:
        streams: of the slots.
        horizon: days of an episode.
        normals: standard normal numbers of a day.
        uniforms: numbers in [0, 1) of a day.

    Returns:
        float32 (slots, horizon, normals) and (slots, horizon, uniforms).
    """
    slots = len(streams)
    normal = np.empty((slots, horizon, normals), dtype=np.float32)
    uniform = np.empty((slots, horizon, uniforms), dtype=np.float32)
    for slot, rng in enumerate(generators([stream.noise for stream in streams], FOR_NOISE)):
        rng.standard_normal(dtype=np.float32, out=normal[slot])
        rng.random(dtype=np.float32, out=uniform[slot])
    return _days_first(normal), _days_first(uniform)


def _days_first(noise: np.ndarray) -> np.ndarray:
    """Return the same (slots, days, k) with each day's noise in one piece, column by column."""
    return np.ascontiguousarray(noise.transpose(1, 2, 0)).transpose(2, 0, 1)
