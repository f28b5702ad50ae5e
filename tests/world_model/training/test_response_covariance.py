"""Means and covariance of coefficients, given the channels: closed-form steps find both."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from human_wm_env.response.parameters import ResponseParameters
from human_wm_env.response.posterior import LogMoments
from tests.human_wm_env.response import responses
from world_model.training.response_covariance import LEAST_SD, MEAN_SD, learn_covariance
from world_model.training.response_validation import log_likelihood

PEOPLE, RANK = 400, 5


def made_up() -> ResponseParameters:
    parameters = responses.parameters(*responses.logs(6, 60)[:2])
    first, second = parameters.loadings
    first[0] = second[0] = 0.0  # z_a has the intercepts
    return parameters


def moments_of(parameters: ResponseParameters, people: int, days: int, seed: int) -> LogMoments:
    """Logs of white noise as columns: every coefficient can be seen."""
    rng = np.random.default_rng(seed)
    latents = rng.standard_normal((people, parameters.rank + 2))
    parts = []
    for state in (0, 1):
        columns = rng.standard_normal((people, days, parameters.width))
        own = parameters.coefficients(state, latents)
        y = np.einsum("pdw,pw->pd", columns, own) + rng.standard_normal((people, days))
        parts.append(
            (
                columns.transpose(0, 2, 1) @ columns,
                np.einsum("pdw,pd->pw", columns, y),
                (y**2).sum(axis=1),
                np.zeros(people),
            )
        )
    products, slopes, squares, variances = zip(*parts, strict=True)
    return LogMoments(products, slopes, squares, variances)


@pytest.fixture(scope="module")
def truth() -> ResponseParameters:
    return made_up()


def covariance(parameters: ResponseParameters) -> np.ndarray:
    personal = np.concatenate([parameters.personal(state) for state in (0, 1)])
    return np.asarray(personal @ personal.T)


def test_what_goes_together_is_found_from_components_apart(truth: ResponseParameters) -> None:
    apart = tuple(
        0.5 * np.eye(*own.shape) * (np.arange(len(own)) > 0)[:, None] for own in truth.loadings
    )
    wrong = replace(
        truth,
        loadings=(apart[0], apart[1]),
        mean=(truth.mean[0] + 0.1, truth.mean[1] - 0.1),
        intercept_sd=1.2 * truth.intercept_sd,
    )
    found = learn_covariance(wrong, moments_of(truth, PEOPLE, 150, 1), RANK)
    assert found.rank == RANK
    for state in (0, 1):
        np.testing.assert_allclose(found.mean[state], truth.mean[state], atol=0.06)
        np.testing.assert_array_equal(found.loadings[state][0], 0.0)
    np.testing.assert_allclose(found.intercept_sd, truth.intercept_sd, rtol=0.12)
    wanted = covariance(truth)
    error = np.abs(covariance(found) - wanted).max() / np.diag(wanted).max()
    assert error < 0.2
    others = moments_of(truth, 100, 150, 2)
    assert log_likelihood(found, others) > log_likelihood(wrong, others) + 1.0


def test_few_people_change_components_less_and_widen_what_is_unknown(
    truth: ResponseParameters,
) -> None:
    whole = moments_of(truth, PEOPLE, 150, 3)
    few = LogMoments(
        *(tuple(part[:4] for part in parts) for parts in (whole.products, whole.slopes)),
        *(tuple(part[:4] for part in parts) for parts in (whole.squares, whole.log_variances)),
    )
    many, little = (learn_covariance(truth, moments, 20) for moments in (whole, few))
    assert np.trace(covariance(little)) > np.trace(covariance(many))


def test_what_nobody_shows_of_the_means_is_as_unknown_as_their_prior(
    truth: ResponseParameters,
) -> None:
    """Nothing was logged: people differ as components say, and means lie where they may lie."""
    nothing = moments_of(truth, 3, 0, 3)
    found = learn_covariance(truth, nothing, 2 * len(truth.mean[0]) + 10)
    added = covariance(found) - covariance(truth)
    variances = np.diag(added) - LEAST_SD**2
    np.testing.assert_allclose(variances, MEAN_SD**2, rtol=1e-6)


def test_what_is_known_of_means_is_in_units_of_a_noise_that_is_larger_than_one(
    truth: ResponseParameters,
) -> None:
    rate, mood = truth.noise
    loud = replace(truth, noise=(rate, replace(mood, sd=np.array([4.0, 0.0]), white_variance=9.0)))
    found = learn_covariance(loud, moments_of(truth, 3, 0, 3), 2 * len(truth.mean[0]) + 10)
    variances = np.diag(covariance(found) - covariance(truth))
    cut = len(truth.mean[0])
    np.testing.assert_allclose(variances[:cut], MEAN_SD**2 + LEAST_SD**2, rtol=1e-6)
    np.testing.assert_allclose(variances[cut:], 25.0 * (MEAN_SD**2 + LEAST_SD**2), rtol=1e-6)


def test_a_larger_rank_loses_less(truth: ResponseParameters) -> None:
    learned, others = moments_of(truth, PEOPLE, 150, 4), moments_of(truth, 100, 150, 5)
    small, large = (
        log_likelihood(learn_covariance(truth, learned, rank), others) for rank in (1, 5)
    )
    assert large > small
