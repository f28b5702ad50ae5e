"""A net of a few equal layers, the same in NumPy and in MLX."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np

from human_wm_env.errors import ConfigError
from human_wm_env.settings import one_of

ArrayT = TypeVar("ArrayT")  # of NumPy or MLX


def softsign(x: np.ndarray) -> np.ndarray:
    """Return x / (1 + |x|): bends as tanh does, at the cost of a division."""
    return np.asarray(x / (1.0 + np.abs(x)))


#: of hidden layers, by name
ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {"tanh": np.tanh, "softsign": softsign}


@dataclass(frozen=True)
class NetShape:
    """The sizes of a net.

    Attributes:
        inputs: entries of an observation.
        width: of each hidden layer.
        layers: number of hidden layers.
        outputs: of the last, linear layer.
        activation: of the hidden layers, one of ACTIVATIONS.

    Raises:
        ConfigError: there is no such activation.
    """

    inputs: int
    width: int
    layers: int
    outputs: int
    activation: str = "tanh"

    def __post_init__(self) -> None:
        one_of(self.activation, tuple(ACTIVATIONS), "activation")

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
    weights: Mapping[str, ArrayT], x: ArrayT, activation: Callable[[ArrayT], ArrayT]
) -> ArrayT:
    """Return what a net makes of observations, (n, outputs).

    Args:
        weights: by name, as of `NetShape.first_weights`.
        x: (n, inputs).
        activation: of the hidden layers, of the library that the arrays are of.
    """
    layers = len(weights) // 2
    for layer in range(layers):
        x = x @ weights[f"{layer}.weight"] + weights[f"{layer}.bias"]  # type: ignore[operator]
        if layer < layers - 1:
            x = activation(x)
    return x
