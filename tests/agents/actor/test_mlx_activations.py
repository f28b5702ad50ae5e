"""Activations in MLX are those that agents act by, and have their gradients."""

from __future__ import annotations

import mlx.core as mx
import numpy as np
import pytest

from agents.actor import net
from agents.actor.mlx_activations import ACTIVATIONS

X = np.linspace(-5.0, 5.0, 41, dtype=np.float32)


def test_they_have_the_same_names() -> None:
    assert set(ACTIVATIONS) == set(net.ACTIVATIONS)


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_values_are_those_of_numpy(name: str) -> None:
    found = np.array(ACTIVATIONS[name](mx.array(X)))
    np.testing.assert_allclose(found, net.ACTIVATIONS[name](X), atol=1e-6)


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_gradients_are_finite_differences(name: str) -> None:
    step = 1e-6
    x = X.astype(np.float64)
    wanted = net.ACTIVATIONS[name](x + step) - net.ACTIVATIONS[name](x - step)
    found = mx.grad(lambda some: (3.0 * ACTIVATIONS[name](some)).sum())(mx.array(X))
    np.testing.assert_allclose(np.array(found), 3.0 * wanted / (2.0 * step), atol=1e-4)


def test_softsign_by_hand() -> None:
    np.testing.assert_allclose(net.softsign(np.array([-3.0, 0.0, 1.0])), [-0.75, 0.0, 0.5])
