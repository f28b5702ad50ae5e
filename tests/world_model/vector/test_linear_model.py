from __future__ import annotations

import math

import numpy as np
import pytest

from world_model.vector.linear_model import LinearModel, NoChange

COVARIANCE = np.array([[0.04, 0.01], [0.01, 0.09]])


def paths_of(slope: np.ndarray, count: int, steps: int) -> tuple[list, list]:
    """Paths of z' = slope (z, action, 1) with noise of COVARIANCE."""
    rng, root = np.random.default_rng(1), np.linalg.cholesky(COVARIANCE)
    paths, actions = [], []
    for _ in range(count):
        own, z = rng.normal(size=(steps, 1)), [rng.normal(size=2)]
        for action in own:
            z.append(np.array([*z[-1], *action, 1.0]) @ slope + root @ rng.normal(size=2))
        paths.append(np.array(z))
        actions.append(own)
    return paths, actions


SLOPE = np.array([[0.5, 0.0], [0.2, -0.3], [1.0, 0.5], [0.1, 2.0]])


def test_weights_and_noise_are_found_again() -> None:
    model = LinearModel.fit(*paths_of(SLOPE, 40, 100))
    np.testing.assert_allclose(model.weights, SLOPE, atol=0.03)
    np.testing.assert_allclose(model.covariance, COVARIANCE, atol=0.01)


def test_a_hardly_determined_slope_is_shrunk_a_little() -> None:
    """Ridge of 1e-4 of the mean square, over the root of the steps."""
    z, action = np.array([[0.0], [2.0], [4.0]]), np.zeros((2, 1))
    found = LinearModel.fit([z], [action])
    x = np.array([[0.0, 0.0, 1.0], [2.0, 0.0, 1.0]])
    gram = x.T @ x + 1e-4 * (6.0 / 3.0) / math.sqrt(2.0) * np.eye(3)
    np.testing.assert_allclose(found.weights, np.linalg.solve(gram, x.T @ z[1:]), rtol=1e-9)
    residual = z[1:] - x @ found.weights
    assert found.covariance[0, 0] == pytest.approx(float((residual**2).mean()) + 1e-8, rel=1e-6)


def test_the_log_density_of_a_step_by_hand() -> None:
    model = LinearModel(SLOPE, np.diag([4.0, 0.25]))
    z = np.array([[1.0, 2.0], [3.0, 1.0]])
    apart = z[1] - np.array([1.0, 2.0, 0.5, 1.0]) @ SLOPE
    expected = -0.5 * (apart[0] ** 2 / 4.0 + apart[1] ** 2 / 0.25) - math.log(2.0 * math.pi)
    found = model.log_density(z, np.array([[0.5]]))
    np.testing.assert_allclose(found, [expected - math.log(2.0 * 0.5)])


def test_futures_of_the_linear_model() -> None:
    model = LinearModel(SLOPE, COVARIANCE)
    first, actions = np.array([[1.0, 2.0], [0.0, 0.0]]), np.array([[[1.0], [-1.0]], [[0.0], [2.0]]])
    drawn = model.futures(first, actions, 20_000, np.random.default_rng(0))
    assert drawn.shape == (2, 20_000, 2)
    for start in range(2):
        once = np.array([*first[start], *actions[start, 0], 1.0]) @ SLOPE
        twice = np.array([*once, *actions[start, 1], 1.0]) @ SLOPE
        np.testing.assert_allclose(drawn[start].mean(axis=0), twice, atol=0.02)
        spread = SLOPE[:2].T @ COVARIANCE @ SLOPE[:2] + COVARIANCE
        np.testing.assert_allclose(np.cov(drawn[start].T), spread, atol=0.005)


def test_no_change_by_hand() -> None:
    paths = [np.array([[0.0], [1.0], [3.0], [3.0]]), np.array([[5.0], [4.0]])]
    found = NoChange.fit(paths, 2)
    assert found.one[0, 0] == pytest.approx((1.0 + 4.0 + 0.0 + 1.0) / 4.0)
    assert found.later[0, 0] == pytest.approx((9.0 + 4.0) / 2.0)
    np.testing.assert_array_equal(NoChange.fit(paths, 4).later, found.one)  # none is as long
    z = np.array([[1.0], [2.0], [2.0]])
    constant = -0.5 * math.log(2.0 * math.pi * found.one[0, 0])
    expected = [constant - 0.5 / found.one[0, 0], constant]
    np.testing.assert_allclose(found.log_density(z, np.zeros((2, 1))), expected)
    first, two = np.array([[7.0], [-7.0]]), np.zeros((2, 2, 1))
    drawn = found.futures(first, two, 20_000, np.random.default_rng(0))
    assert drawn.shape == (2, 20_000, 1)
    np.testing.assert_allclose(drawn.mean(axis=1), first, atol=0.05)
    np.testing.assert_allclose(drawn.var(axis=1), [[6.5], [6.5]], rtol=0.05)
