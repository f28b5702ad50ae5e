"""How coefficients differ between people, learned to the end: expectation and maximisation.

Components say which coefficients move together, one z for each channel. Given the channels, the
covariance of all coefficients has a closed-form update, which finds what components cannot say:
that people whose heart rate answers to one channel answer to another. Few people leave the
components as they are, by a prior worth `PRIOR_PEOPLE` of them.

Source: Laird & Ware 1982, "Random-effects models for longitudinal data".
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from human_wm_env.response.parameters import STATES, ResponseParameters
from human_wm_env.response.posterior import LogMoments

STEPS = 20
PRIOR_PEOPLE = 10.0
#: least standard deviation between people of a coefficient in the prior
LEAST_SD = 0.02
#: what an average log tells of a coefficient at least, for its weight among the others
LEAST_INFORMATION = 0.02
#: how far means may lie from those of the components
MEAN_SD = 0.1


def learn_covariance(
    parameters: ResponseParameters, moments: LogMoments, rank: int
) -> ResponseParameters:
    """Return a response whose means and loadings are learned given its channels.

    z_a stays each state's intercept, independent of z_c. What the people leave unknown of the
    means is added to the differences between people: for a new person both are the same.

    Args:
        parameters: of a response.
        moments: of the people who are learned from.
        rank: dimensions of z_c.
    """
    spreads = [parameters.spread(state) for state in range(len(STATES))]
    edges = np.cumsum([0, *(spread.shape[1] for spread in spreads)])
    width, people = int(edges[-1]), len(moments.slopes[0])
    information = np.zeros((people, width, width))
    pull = np.zeros((people, width))
    for state, spread in enumerate(spreads):
        part = slice(edges[state], edges[state + 1])
        products = moments.products[state] @ spread
        information[:, part, part] = spread.T @ products
        pull[:, part] = moments.slopes[state] @ spread
    scale = np.concatenate(
        [
            np.full(len(own), max(1.0, noise.total_sd))
            for own, noise in zip(parameters.mean, parameters.noise, strict=True)
        ]
    )
    mean = np.concatenate(parameters.mean)
    personal = np.concatenate([parameters.personal(state) for state in range(len(STATES))])
    covariance = personal @ personal.T + np.diag((LEAST_SD * scale) ** 2)
    intercepts = edges[:-1].tolist()
    prior, start = covariance, mean
    for _ in range(STEPS):
        precision = np.linalg.inv(covariance)
        own = np.linalg.inv(precision + information)
        mean = _generalised_least_squares(information, pull, own, start, MEAN_SD * scale)
        means = np.einsum("pij,pj->pi", own, precision @ mean + pull)
        apart = means - mean
        total = apart.T @ apart + own.sum(axis=0) + PRIOR_PEOPLE * prior
        covariance = _apart(total / (people + PRIOR_PEOPLE), intercepts)
    # What a person adds to what is known of the means: their log, less what is their own.
    own = np.linalg.inv(np.linalg.inv(covariance) + information)
    known = information - information @ own @ information
    unknown = np.linalg.inv(known.sum(axis=0) + np.diag((MEAN_SD * scale) ** -2))
    covariance = _apart(covariance + unknown, intercepts)
    return _with_covariance(
        parameters, mean, covariance, intercepts, information.mean(axis=0), rank
    )


def _generalised_least_squares(
    information: np.ndarray, pull: np.ndarray, own: np.ndarray, start: np.ndarray, sd: np.ndarray
) -> np.ndarray:
    """Return the means given how people differ, drawn towards those of the components."""
    explained = information @ own
    known = (information - explained @ information).sum(axis=0)
    found = (pull - np.einsum("pij,pj->pi", explained, pull)).sum(axis=0)
    towards = np.diag(sd**-2)
    return np.asarray(np.linalg.solve(known + towards, found + towards @ start))


def _apart(covariance: np.ndarray, intercepts: list[int]) -> np.ndarray:
    """Return a covariance whose intercepts are independent of all else."""
    found = covariance.copy()
    for place in intercepts:
        variance = found[place, place]
        found[place], found[:, place] = 0.0, 0.0
        found[place, place] = variance
    return found


def _with_covariance(
    parameters: ResponseParameters,
    mean: np.ndarray,
    covariance: np.ndarray,
    intercepts: list[int],
    information: np.ndarray,
    rank: int,
) -> ResponseParameters:
    """Return loadings of the rank that explain most of what logs can show, and the intercepts."""
    intercept_sd = np.sqrt(np.diag(covariance)[intercepts])
    others = covariance.copy()
    others[intercepts, intercepts] = 0.0
    # In units of what an average log tells of each coefficient.
    values, vectors = np.linalg.eigh(information + LEAST_INFORMATION * np.eye(len(mean)))
    seen = vectors * np.sqrt(values) @ vectors.T
    unseen = vectors / np.sqrt(values) @ vectors.T
    variances, directions = np.linalg.eigh(seen @ others @ seen)
    largest = np.argsort(variances)[::-1][:rank]
    scale = np.sqrt(np.maximum(variances[largest], 0.0))
    loadings = np.zeros((len(mean), rank))
    loadings[:, : len(largest)] = unseen @ directions[:, largest] * scale
    loadings[intercepts] = 0.0
    cut = intercepts[1]  # where the mood's columns begin
    return replace(
        parameters,
        mean=(mean[:cut], mean[cut:]),
        loadings=(loadings[:cut], loadings[cut:]),
        intercept_sd=intercept_sd,
    )
