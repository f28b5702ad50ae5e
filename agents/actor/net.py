"""A net of a few equal layers, the same in NumPy and in MLX."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np

from human_wm_env.errors import ConfigError

ArrayT = TypeVar("ArrayT")  # of NumPy or MLX


@dataclass(frozen=True)
class NetShape:
    """The sizes of a net.

    Attributes:
        inputs: entries of an observation.
        width: of each hidden layer.
        layers: number of hidden layers.
        outputs: of the last, linear layer.
    """

    inputs: int
    width: int
    layers: int
    outputs: int

    @property
    def sizes(self) -> list[int]:
        """Of the inputs, of each hidden layer, and of the outputs."""
        return [self.inputs, *[self.width] * self.layers, self.outputs]

    def first_weights(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Draw weights; the last layer's are small: an untrained net gives nearly 0."""
        weights = {}
        for layer, (before, after) in enumerate(pairwise(self.sizes)):
            scale = (0.01 if layer == self.layers else 1.0) / np.sqrt(before)
            drawn = scale * rng.standard_normal((before, after))
            weights[f"{layer}.weight"] = drawn.astype(np.float32)
            weights[f"{layer}.bias"] = np.zeros(after, dtype=np.float32)
        return weights

    def check(self, weights: Mapping[str, np.ndarray]) -> None:
        """Raise ConfigError where weights are not those of such a net."""
        wanted = {name: array.shape for name, array in self._blank().items()}
        found = {name: array.shape for name, array in weights.items()}
        if wanted != found:
            raise ConfigError(f"the weights of {self}", f"{found}", "Train it again.")

    def _blank(self) -> dict[str, np.ndarray]:
        return self.first_weights(np.random.default_rng(0))


def outputs_of(
    weights: Mapping[str, ArrayT], x: ArrayT, tanh: Callable[[ArrayT], ArrayT]
) -> ArrayT:
    """Return what a net makes of observations, (n, outputs).

    Args:
        weights: by name, as of `NetShape.first_weights`.
        x: (n, inputs).
        tanh: of the library that the arrays are of.
    """
    layers = len(weights) // 2
    for layer in range(layers):
        x = x @ weights[f"{layer}.weight"] + weights[f"{layer}.bias"]  # type: ignore[operator]
        if layer < layers - 1:
            x = tanh(x)
    return x
