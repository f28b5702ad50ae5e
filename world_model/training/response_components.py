"""A response as components, and their marginal likelihood with its gradient.

Without a prior of some kind a few hundred people do not determine how coefficients differ between
people: loadings that are free fit 0.5 nats a person that others do not have, and hide the
directions that are real. So a channel is one component: weights over the daily basis, a kernel
over the time constants, a mean and one spread between people, a z of its own. Kernels are positive
and sum to one: an effect builds up and fades, and does not turn round by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from human_wm_env.response.basis import WIDTH
from human_wm_env.response.parameters import CONTEXT_WIDTH, STATES, ResponseParameters
from human_wm_env.response.posterior import LogMoments

#: prior precisions: of channels' weights and means, of loadings, of the kernels' logits. An effect
#: is the product of weights and a mean, so that the first acts as a lasso on it: a slow channel, of
#: which the days of a log tell little, leaves the model unless it is worth it.
WEIGHT_PRECISION, LOADING_PRECISION, KERNEL_PRECISION = 60.0, 2.0, 1.0
#: entries of z by which people differ on weekdays and in weather
CONTEXT_RANK = 2
_LEAST_SHARE = 1e-6
Pair = tuple[np.ndarray, np.ndarray]
Counts = tuple[int, int]  # channels of each state


class _State(NamedTuple):
    """One state's components.

    Attributes:
        weights: float64 (WIDTH, channels).
        logits: float64 (taus, channels), of the kernels.
        mean: float64 (CONTEXT_WIDTH + channels,).
        loadings: float64 (CONTEXT_WIDTH + channels, rank).
    """

    weights: np.ndarray
    logits: np.ndarray
    mean: np.ndarray
    loadings: np.ndarray

    @property
    def kernel(self) -> np.ndarray:
        """Shares of the time constants, float64 (taus, channels)."""
        grown = np.exp(self.logits - self.logits.max(axis=0))
        return np.asarray(grown / grown.sum(axis=0))


def component_rank(channels: Counts, rank: int) -> int:
    """Return how many entries of z components take, of at most `rank`."""
    return min(rank, sum(channels) + CONTEXT_RANK)


def own_loadings(channels: Counts, rank: int, state: int) -> np.ndarray:
    """Return which loadings of a state are learned, bool (CONTEXT_WIDTH + channels, rank).

    Each channel has a z of its own as far as the rank goes, and the context has the last ones;
    its first row are the intercepts, whose z is z_a.
    """
    own, before = channels[state], sum(channels[:state])
    learned = np.zeros((CONTEXT_WIDTH + own, rank), dtype=bool)
    place = np.arange(own)
    learned[CONTEXT_WIDTH + place, (before + place) % rank] = True
    first = min(sum(channels), rank - min(CONTEXT_RANK, rank))
    learned[1:CONTEXT_WIDTH, first : first + CONTEXT_RANK] = True
    return learned


def first_components(
    channels: Counts, rank: int, taus: int, rng: np.random.Generator
) -> tuple[Pair, Pair, Pair]:
    """Return small channels, means and loadings of both states to begin with.

    Returns:
        Channels, means and loadings as in `ResponseParameters`.
    """
    states = []
    for state, own in enumerate(channels):
        learned = own_loadings(channels, rank, state)
        logits = np.zeros((taus, own))
        logits[np.arange(own) % taus, np.arange(own)] = 1.5
        loadings = np.where(learned, 0.05 * rng.standard_normal(learned.shape), 0.0)
        loadings[CONTEXT_WIDTH:][learned[CONTEXT_WIDTH:]] = 0.3
        weights = 0.3 * rng.standard_normal((WIDTH, own))
        states.append(_State(weights, logits, np.zeros(len(learned)), loadings))
    return _arrays(states)


def _arrays(states: list[_State]) -> tuple[Pair, Pair, Pair]:
    channels, means, loadings = [], [], []
    for own in states:
        kernel, cut = own.kernel, CONTEXT_WIDTH
        lagged = kernel[:, :, None] * own.loadings[cut:]
        channels.append(own.weights)
        means.append(np.concatenate([own.mean[:cut], (kernel * own.mean[cut:]).reshape(-1)]))
        loadings.append(np.concatenate([own.loadings[:cut], lagged.reshape(-1, lagged.shape[-1])]))
    return (channels[0], channels[1]), (means[0], means[1]), (loadings[0], loadings[1])


def _counts(parameters: ResponseParameters) -> Counts:
    first, second = parameters.channels
    return first.shape[1], second.shape[1]


def _components(parameters: ResponseParameters, state: int) -> _State:
    """Return the components that come next to a response."""
    weights, taus = parameters.channels[state], len(parameters.tau_days)
    channels, cut = weights.shape[1], CONTEXT_WIDTH
    values = np.concatenate([parameters.mean[state][:, None], parameters.loadings[state]], axis=1)
    lagged = values[cut:].reshape(taus, channels, -1).transpose(1, 0, 2)
    left, _, _ = np.linalg.svd(lagged, full_matrices=False)
    size = np.abs(left[:, :, 0].T) + _LEAST_SHARE
    size[:, ~lagged.any(axis=(1, 2))] = 1.0
    kernel = size / size.sum(axis=0)
    # What each channel adds, by least squares over its kernel.
    added = np.einsum("kj,jkz->jz", kernel / (kernel**2).sum(axis=0), lagged)
    logits = np.log(kernel)
    both = np.concatenate([values[:cut], added])
    learned = own_loadings(_counts(parameters), parameters.rank, state)
    return _State(
        weights, logits - logits.mean(axis=0), both[:, 0], np.where(learned, both[:, 1:], 0.0)
    )


@dataclass(frozen=True)
class _Fit:
    """A basis of one state, and each person's products with it; see `_basis`."""

    values: np.ndarray
    basis: np.ndarray
    loaded: np.ndarray


class ComponentLikelihood:
    """Minus the log posterior of components, a person, as a function of one vector.

    A person's likelihood integrates over z in closed form, from second moments of the log alone.

    Args:
        parameters: what is not learned here, and where to begin.
        moments: of the people who are learned from.
    """

    def __init__(self, parameters: ResponseParameters, moments: LogMoments) -> None:
        self._parameters = parameters
        self._people, self._width = moments.slopes[0].shape
        self._products = [
            np.ascontiguousarray(each, dtype=np.float32).reshape(-1, self._width)
            for each in moments.products
        ]
        self._slopes = moments.slopes
        self._constant = sum(
            float((squares + variances).sum())
            for squares, variances in zip(moments.squares, moments.log_variances, strict=True)
        )
        channels = _counts(parameters)
        # A mood's own white noise is 1; where the others are larger, so are all its effects.
        self._scale = [max(1.0, noise.total_sd) for noise in parameters.noise]
        self._learned = [
            own_loadings(channels, parameters.rank, state) for state in range(len(STATES))
        ]

    def start(self) -> np.ndarray:
        """Return the vector of the parameters to begin with, float64 (numbers,)."""
        parts = [np.log(np.maximum(self._parameters.intercept_sd, _LEAST_SHARE))]
        for state, learned in enumerate(self._learned):
            own = _components(self._parameters, state)
            parts += [own.weights, own.logits, own.mean, own.loadings[learned]]
        return np.concatenate([part.reshape(-1) for part in parts])

    def parameters(self, vector: np.ndarray) -> ResponseParameters:
        """Return the response that a vector stands for."""
        intercept_sd, states = self._unpacked(vector)
        channels, mean, loadings = _arrays(states)
        return replace(
            self._parameters,
            channels=channels,
            mean=mean,
            loadings=loadings,
            intercept_sd=intercept_sd,
        )

    def _unpacked(self, vector: np.ndarray) -> tuple[np.ndarray, list[_State]]:
        taus, place, states = len(self._parameters.tau_days), len(STATES), []
        for learned in self._learned:
            channels = len(learned) - CONTEXT_WIDTH
            parts = []
            for shape in ((WIDTH, channels), (taus, channels), (len(learned),), (learned.sum(),)):
                size = int(np.prod(shape))
                parts.append(vector[place : place + size].reshape(shape).copy())
                place += size
            loadings = np.zeros(learned.shape)
            loadings[learned] = parts[3]
            states.append(_State(parts[0], parts[1], parts[2], loadings))
        return np.exp(vector[: len(STATES)]), states

    def __call__(self, vector: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the value, and its gradient, float64 (numbers,)."""
        intercept_sd, states = self._unpacked(vector)
        fits = [self._fit(state, own, intercept_sd) for state, own in enumerate(states)]
        size = fits[0].basis.shape[1]
        inner, pull = np.zeros((self._people, size, size)), np.zeros((self._people, size))
        for fit, slopes in zip(fits, self._slopes, strict=True):
            inner += fit.basis.T.astype(np.float32) @ fit.loaded
            pull += slopes @ fit.basis
        precision = np.eye(size - 1) + inner[:, 1:, 1:]
        covariance = np.linalg.inv(precision)
        residual = pull[:, 1:] - inner[:, 0, 1:]
        mean = np.einsum("pij,pj->pi", covariance, residual)
        explained = 2.0 * pull[:, 0] - inner[:, 0, 0] + (mean * residual).sum(axis=1)
        explained -= np.linalg.slogdet(precision)[1]
        value = 0.5 * (self._constant - explained.sum())
        first = np.concatenate([np.ones((self._people, 1)), mean], axis=1)
        second = first[:, :, None] * first[:, None, :]
        second[:, 1:, 1:] += covariance
        parts = [np.zeros(len(STATES))]
        for state, (own, fit) in enumerate(zip(states, fits, strict=True)):
            slope = np.tensordot(fit.loaded, second.astype(np.float32), axes=([0, 2], [0, 1]))
            slope = slope - self._slopes[state].T @ first
            prior, gradients = self._by_components(state, own, fit, slope)
            value += prior
            parts += gradients[1:]
            parts[0][state] = gradients[0] * intercept_sd[state]
        gradient = np.concatenate([part.reshape(-1) for part in parts])
        return value / self._people, gradient / self._people

    def _fit(self, state: int, own: _State, intercept_sd: np.ndarray) -> _Fit:
        """Return coefficients of all columns, (width, 1 + rank + 2): the mean, then by z."""
        intercepts = np.zeros((len(own.mean), len(STATES)))
        intercepts[0, state] = intercept_sd[state]
        values = np.concatenate([own.mean[:, None], own.loadings, intercepts], axis=1)
        weighted = own.weights[:, :, None] * values[CONTEXT_WIDTH:]
        lagged = np.einsum("kj,wjz->kwz", own.kernel, weighted)
        basis = np.concatenate([values[:CONTEXT_WIDTH], lagged.reshape(-1, values.shape[1])])
        loaded = self._products[state] @ basis.astype(np.float32)
        return _Fit(values, basis, loaded.reshape(self._people, self._width, -1))

    def _by_components(
        self, state: int, own: _State, fit: _Fit, slope: np.ndarray
    ) -> tuple[float, list[np.ndarray]]:
        """Return minus the log prior, and gradients: intercept, then as in `start`."""
        cut, kernel, learned = CONTEXT_WIDTH, own.kernel, self._learned[state]
        taus = len(kernel)
        lagged = slope[cut:].reshape(taus, WIDTH, -1)
        of_channels = np.einsum("kj,kwz->jwz", kernel, lagged, optimize=True)
        added = np.einsum("wj,jwz->jz", own.weights, of_channels)
        values = np.concatenate([slope[:cut], added])
        weights = np.einsum("jwz,jz->wj", of_channels, fit.values[cut:])
        by_kernel = np.einsum("kwz,wj,jz->kj", lagged, own.weights, fit.values[cut:], optimize=True)
        logits = kernel * (by_kernel - (kernel * by_kernel).sum(axis=0))
        rank = learned.shape[1]
        loadings = own.loadings[learned]
        scale = self._scale[state]
        of_weights, of_loadings = WEIGHT_PRECISION / scale, LOADING_PRECISION / scale
        prior = of_weights * ((own.weights**2).sum() + (own.mean**2).sum())
        prior += of_loadings * (loadings**2).sum() + KERNEL_PRECISION * (own.logits**2).sum()
        return 0.5 * float(prior), [
            values[0, 1 + rank + state],
            weights + of_weights * own.weights,
            logits + KERNEL_PRECISION * own.logits,
            values[:, 0] + of_weights * own.mean,
            values[:, 1 : 1 + rank][learned] + of_loadings * loadings,
        ]
