"""Masked point distances: selectable losses, and metrics."""

from __future__ import annotations

from collections.abc import Callable

import mlx.core as mx

HUBER_DELTA = 1.0
_MAPE_FLOOR = 0.1  # of a scaled value; keeps a value near 0 from dominating


def _masked_mean(values: mx.array, observed: mx.array) -> mx.array:
    weight = observed.astype(mx.float32)
    return (values * weight).sum() / mx.maximum(weight.sum(), 1.0)


def rmse(prediction: mx.array, target: mx.array, observed: mx.array) -> mx.array:
    """Return the root mean squared error over observed cells, a scalar."""
    return mx.sqrt(_masked_mean((prediction - target) ** 2, observed) + 1e-12)


def mae(prediction: mx.array, target: mx.array, observed: mx.array) -> mx.array:
    """Return the mean absolute error over observed cells, a scalar."""
    return _masked_mean(mx.abs(prediction - target), observed)


def mape(prediction: mx.array, target: mx.array, observed: mx.array) -> mx.array:
    """Return the mean absolute error relative to the target's size (floored), a scalar."""
    relative = mx.abs(prediction - target) / mx.maximum(mx.abs(target), _MAPE_FLOOR)
    return _masked_mean(relative, observed)


def huber(prediction: mx.array, target: mx.array, observed: mx.array) -> mx.array:
    """Return the mean Huber loss over observed cells (Huber 1964), a scalar."""
    distance = mx.abs(prediction - target)
    near = 0.5 * distance * distance
    far = HUBER_DELTA * (distance - 0.5 * HUBER_DELTA)
    return _masked_mean(mx.where(distance <= HUBER_DELTA, near, far), observed)


Distance = Callable[[mx.array, mx.array, mx.array], mx.array]
DISTANCES: dict[str, Distance] = {"rmse": rmse, "mae": mae, "mape": mape, "huber": huber}
