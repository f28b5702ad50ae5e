"""How far two colours are apart for readers who see no difference between red and green."""

from __future__ import annotations

import numpy as np

# Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB.
DEUTERANOPIA = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]
)
PROTANOPIA = np.array(
    [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ]
)
_XYZ_OF_RGB = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.072175],
        [0.0193339, 0.119192, 0.9503041],
    ]
)


def cielab(colour: str, seen_as: np.ndarray) -> np.ndarray:
    """Return L*, a* and b* of "#rrggbb" under a simulated deficiency (D65)."""
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    xyz = _XYZ_OF_RGB @ np.clip(seen_as @ linear, 0.0, 1.0)
    x, y, z = np.cbrt(np.maximum(xyz / _XYZ_OF_RGB.sum(axis=1), 0.0))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def distance(one: str, other: str, seen_as: np.ndarray) -> float:
    """Return the CIELAB distance (1976) of two colours under a simulated deficiency."""
    return float(np.linalg.norm(cielab(one, seen_as) - cielab(other, seen_as)))
