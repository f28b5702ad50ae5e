"""Draw categories from log-odds and given uniform noise."""

from __future__ import annotations

import numpy as np


def choose(logits: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Draw one category per row by inverting the cumulative distribution.

    Args:
        logits: float (n, categories), unnormalised log-probabilities.
        uniform: float (n,), noise in [0, 1).

    Returns:
        int (n,), drawn categories.
    """
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    cumulative = np.cumsum(weights, axis=1)
    drawn = (cumulative <= (uniform * cumulative[:, -1])[:, None]).sum(axis=1)
    return np.minimum(drawn, logits.shape[1] - 1)


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Return the logistic function, without overflow."""
    return 0.5 * (1.0 + np.tanh(0.5 * x))
