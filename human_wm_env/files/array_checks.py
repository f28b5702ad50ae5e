"""Named arrays against what is expected of them: compiled loops check nothing themselves."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from human_wm_env.errors import CheckpointError

Shapes = Mapping[str, tuple[int, ...]]
Ranges = Mapping[str, tuple[float, float]]
# Trained weights stay below 10; products of larger ones leave float32.
LARGEST_WEIGHT = 1e4
_FLOAT32 = np.dtype(np.float32)


def check_arrays(arrays: Mapping[str, np.ndarray], shapes: Shapes, ranges: Ranges) -> None:
    """Check that arrays have the names and shapes, are float32, and that no number is impossible.

    Args:
        arrays: by name.
        shapes: expected ones.
        ranges: least and largest number, where not -LARGEST_WEIGHT and LARGEST_WEIGHT.

    Raises:
        CheckpointError: an array is missing, added, of another shape or dtype; or a number is
            NaN, infinite or out of its range.
    """
    received = {name: tuple(value.shape) for name, value in arrays.items()}
    for name in sorted(shapes.keys() | received.keys()):
        if shapes.get(name) != received.get(name):
            raise CheckpointError(
                f"weights of the architecture in the manifest, {_told(name, shapes)}",
                _told(name, received),
                "The checkpoint is of another version: train the model again with this one.",
            )
    for name, array in arrays.items():
        low, high = ranges.get(name, (-LARGEST_WEIGHT, LARGEST_WEIGHT))
        if array.dtype != _FLOAT32:
            raise wrong_numbers(f"{name} of dtype float32", f"{array.dtype}")
        least, most = float(array.min()), float(array.max())
        if not (low <= least and most <= high):  # False for NaN
            raise wrong_numbers(f"{name} from {low:g} to {high:g}", f"{least:g} to {most:g}")


def wrong_numbers(expected: str, received: str) -> CheckpointError:
    """Return the error for arrays that hold what no training leaves."""
    remedy = "The file is damaged: copy it again, or train anew."
    return CheckpointError(expected, received, remedy)


def _told(name: str, shapes: Shapes) -> str:
    return f"{name} of shape {shapes[name]}" if name in shapes else f"no {name}"
