"""Distributions of the features of a row: log-likelihoods in nats, and point predictions.

Log-likelihoods are worked out in NumPy, with their own derivative: of exp and log, of which
there are many here, MLX takes ten times as long on a CPU.
"""

from __future__ import annotations

import math
from typing import cast

import mlx.core as mx
import numpy as np

from human_wm_env.model.heads import MIN_SCALE, HeadLayout, mixture_columns
from human_wm_env.person import schema

_HALF_LOG_TWO_PI = np.float32(0.5 * math.log(2.0 * math.pi))


def row_log_likelihood(
    layout: HeadLayout, parameters: mx.array, row: mx.array, observed: mx.array
) -> mx.array:
    """Return the log-likelihood of each observed cell; 0 where masked.

    A continuous feature is a mixture of Gaussians on the scaled value, a category a softmax.
    Only the parameters have a derivative.

    Args:
        layout: of the head.
        parameters: (..., layout.width).
        row: (..., layout.encoded_width), encoded features in chain order.
        observed: (..., features), 1 where observed.

    Returns:
        (..., features), nats per cell, categories included.
    """
    truth, seen = _columns(row), _columns(observed)
    # By each parameter, which belongs to one cell alone.
    slopes: list[np.ndarray] = []

    @mx.custom_function
    def cells_of(parameters: mx.array) -> mx.array:
        cells, slope = _cells(layout, _columns(parameters), truth, seen)
        slopes.append(slope)
        return mx.array(np.moveaxis(cells, 0, -1))

    @cells_of.vjp
    def derivative(_parameters: mx.array, cotangent: mx.array, _cells: mx.array) -> mx.array:
        by_cell = _columns(cotangent)
        slope = slopes[-1]
        gradient = np.empty_like(slope)  # a second pull-back needs the slopes as they are
        for place, index in enumerate(layout.order):
            part = layout.parameters[index]
            np.multiply(slope[part], by_cell[place], out=gradient[part])
        return mx.array(np.moveaxis(gradient, 0, -1))

    return cast("mx.array", cells_of(parameters))


def _columns(array: mx.array) -> np.ndarray:
    """Return the values, worked out now, with the last axis first: NumPy is fast along rows."""
    return np.ascontiguousarray(np.moveaxis(np.array(array, copy=False), -1, 0))


def _cells(
    layout: HeadLayout, parameters: np.ndarray, row: np.ndarray, observed: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return each cell's log-likelihood, and its derivative by the cell's own parameters."""
    shape = np.broadcast_shapes(parameters.shape[1:], row.shape[1:])
    cells = np.empty((len(layout.order), *shape), dtype=np.float32)
    slopes = np.empty((layout.width, *shape), dtype=np.float32)
    for place, index in enumerate(layout.order):
        part = layout.parameters[index]
        own, value = parameters[part], row[layout.encoded[index]]
        if isinstance(schema.FEATURES[index], schema.Continuous):
            cells[place], slope = mixture_log_likelihood(own, value[0], layout.components)
        else:
            cells[place], slope = category_log_likelihood(own, value)
        cells[place] *= observed[place]
        np.multiply(slope, observed[place], out=slopes[part])
    return cells, slopes


def mixture_log_likelihood(
    parameters: np.ndarray, value: np.ndarray, components: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return log densities of scaled values under mixtures of Gaussians, and the derivative.

    Args:
        parameters: (3 * components, ...): logits, means, raw scales.
        value: (...), scaled.
        components: number of Gaussians.
    """
    of_logits, of_means, of_raw = mixture_columns(slice(0, 0), components)
    logits, means, raw = parameters[of_logits], parameters[of_means], parameters[of_raw]
    fading = np.exp(-np.abs(raw))
    softplus = np.log1p(fading)
    softplus += np.maximum(raw, 0.0)
    scale = softplus + np.float32(MIN_SCALE)
    distance = (value - means) / scale
    each = np.float32(-0.5) * distance * distance - np.log(scale) - _HALF_LOG_TWO_PI
    slope = np.empty((len(parameters), *each.shape[1:]), dtype=np.float32)
    prior, normaliser = _softmax(logits)
    share, evidence = _softmax(each + logits)
    np.subtract(share, prior, out=slope[of_logits])
    np.multiply(share, distance / scale, out=slope[of_means])
    # d softplus = sigmoid = 1 - exp(-softplus)
    bend = (distance * distance - np.float32(1.0)) / scale * -np.expm1(-softplus)
    np.multiply(share, bend, out=slope[of_raw])
    return evidence - normaliser, slope


def category_log_likelihood(logits: np.ndarray, value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return log probabilities of one-hot (or masked, all zero) values, and the derivative.

    Args:
        logits: (categories, ...).
        value: (categories, ...).
    """
    shares, normaliser = _softmax(logits)
    observed = value.sum(axis=0)
    return (logits * value).sum(axis=0) - normaliser * observed, value - shares * observed


def _softmax(logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return shares over the first axis, and the logarithm of what normalises them."""
    highest = logits.max(axis=0)
    shares = np.exp(logits - highest)
    total = shares.sum(axis=0)
    shares /= total
    return shares, highest + np.log(total)


def point_predictions(layout: HeadLayout, parameters: mx.array) -> mx.array:
    """Return the expected encoded row, (..., layout.encoded_width).

    Args:
        layout: of the head.
        parameters: (..., layout.width).
    """
    parts = []
    for index in layout.order:
        own = parameters[..., layout.parameters[index]]
        if isinstance(schema.FEATURES[index], schema.Continuous):
            logits, means, _ = (
                own[..., part] for part in mixture_columns(slice(0, 0), layout.components)
            )
            weights = mx.softmax(logits, axis=-1)
            parts.append((weights * means).sum(axis=-1, keepdims=True))
        else:
            parts.append(mx.softmax(own, axis=-1))
    return mx.concatenate(parts, axis=-1)


def encoded_mask(layout: HeadLayout, observed: mx.array) -> mx.array:
    """Return the mask of every encoded column, (..., layout.encoded_width).

    Args:
        layout: of the head.
        observed: (..., features), the mask of every feature, in the layout's order.
    """
    widths = [schema.FEATURES[index].width for index in layout.order]
    parts = [mx.repeat(observed[..., i : i + 1], width, axis=-1) for i, width in enumerate(widths)]
    return mx.concatenate(parts, axis=-1)
