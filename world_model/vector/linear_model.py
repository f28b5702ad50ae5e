"""What M has to beat: a linear model with Gaussian noise, and "no change"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

_RIDGE = 1e-4  # of a step's mean square
_JITTER = 1e-8


@dataclass(frozen=True)
class LinearModel:
    """The next z is linear in z and action, with noise of full covariance.

    Attributes:
        weights: float64 (latent + action + 1, latent), on (z, action, 1).
        covariance: float64 (latent, latent).
    """

    weights: np.ndarray
    covariance: np.ndarray

    @classmethod
    def fit(cls, paths: list[np.ndarray], actions: list[np.ndarray]) -> Self:
        """Fit by ridge regression.

        Args:
            paths: (steps + 1, latent) of each episode.
            actions: (steps, width) of each.
        """
        x = np.concatenate(
            [_inputs(z[:-1], own) for z, own in zip(paths, actions, strict=True)]
        ).astype(np.float64)
        y = np.concatenate([z[1:] for z in paths]).astype(np.float64)
        gram = x.T @ x
        gram += _RIDGE * np.trace(gram) / len(gram) * np.eye(len(gram)) / len(x) ** 0.5
        weights = np.linalg.solve(gram, x.T @ y)
        return cls(weights, _covariance(y - x @ weights))

    def log_density(self, z: np.ndarray, actions: np.ndarray) -> np.ndarray:
        """Return the log density of each step of a path (steps + 1, latent), (steps,)."""
        return _log_normal(z[1:] - _inputs(z[:-1], actions) @ self.weights, self.covariance)

    def futures(
        self, first: np.ndarray, actions: np.ndarray, draws: int, rng: np.random.Generator
    ) -> np.ndarray:
        """Draw z after all actions (starts, steps, width): (starts, draws, latent)."""
        z = np.repeat(first.astype(np.float64), draws, axis=0)
        root = np.linalg.cholesky(self.covariance)
        for step in range(actions.shape[1]):
            own = np.repeat(actions[:, step], draws, axis=0)
            z = _inputs(z, own) @ self.weights + rng.standard_normal(z.shape) @ root.T
        return z.reshape(len(first), draws, -1)


@dataclass(frozen=True)
class NoChange:
    """The next z is this one, with the covariance that changes had.

    Attributes:
        one: float64 (latent, latent), covariance of changes in one step.
        later: likewise, in as many steps as rollouts have.
    """

    one: np.ndarray
    later: np.ndarray

    @classmethod
    def fit(cls, paths: list[np.ndarray], steps: int) -> Self:
        """Fit covariances of changes in one step and in `steps`."""
        later = [z[steps:] - z[:-steps] for z in paths if len(z) > steps]
        one = np.concatenate([np.diff(z, axis=0) for z in paths])
        return cls(_covariance(one), _covariance(np.concatenate(later) if later else one))

    def log_density(self, z: np.ndarray, actions: np.ndarray) -> np.ndarray:
        """Return the log density of each step of a path (steps + 1, latent), (steps,)."""
        return _log_normal(np.diff(z, axis=0), self.one)

    def futures(
        self, first: np.ndarray, actions: np.ndarray, draws: int, rng: np.random.Generator
    ) -> np.ndarray:
        """Draw z after the steps that `later` was fitted to: (starts, draws, latent)."""
        root = np.linalg.cholesky(self.later)
        noise = rng.standard_normal((len(first), draws, first.shape[1])) @ root.T
        return np.asarray(first[:, None] + noise)


def _inputs(z: np.ndarray, actions: np.ndarray) -> np.ndarray:
    return np.concatenate([z, actions, np.ones((len(z), 1))], axis=1)


def _covariance(residuals: np.ndarray) -> np.ndarray:
    """Return the mean of outer products, made safely positive."""
    wide = residuals.astype(np.float64)
    return np.asarray(wide.T @ wide / len(wide) + _JITTER * np.eye(wide.shape[1]))


def _log_normal(apart: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    root = np.linalg.cholesky(covariance)
    scaled = np.linalg.solve(root, apart.T.astype(np.float64))
    half_determinant = np.log(np.diag(root)).sum()
    constant = half_determinant + 0.5 * len(root) * np.log(2.0 * np.pi)
    return np.asarray(-0.5 * (scaled**2).sum(axis=0) - constant)
