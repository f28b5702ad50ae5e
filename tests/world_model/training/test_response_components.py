"""Components of a response: their likelihood and its gradient, and the way back to them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from human_wm_env.response.parameters import CONTEXT_WIDTH, ResponseParameters, response_logs
from human_wm_env.response.posterior import collect, first_working_point
from tests.human_wm_env.response import responses
from world_model.training import response_components
from world_model.training.response_components import (
    ComponentLikelihood,
    first_components,
    own_loadings,
)
from world_model.training.response_validation import log_likelihood

ROWS, OBSERVED, WEEKDAY = responses.logs(12, 90)
CHANNELS, RANK = (2, 3), 7


def parameters() -> ResponseParameters:
    rng = np.random.default_rng(4)
    channels, mean, loadings = first_components(CHANNELS, RANK, len(responses.TAU_DAYS), rng)
    made_up = responses.parameters(ROWS, OBSERVED)
    return replace(made_up, channels=channels, mean=mean, loadings=loadings)


PARAMETERS = parameters()
LOGS = response_logs(PARAMETERS, ROWS, OBSERVED, WEEKDAY)
MOMENTS = collect(PARAMETERS, LOGS, first_working_point(LOGS))


def test_every_channel_has_its_own_z_as_far_as_the_rank_goes() -> None:
    rate, mood = (own_loadings(CHANNELS, RANK, state) for state in (0, 1))
    assert rate[CONTEXT_WIDTH:].nonzero()[1].tolist() == [0, 1]
    assert mood[CONTEXT_WIDTH:].nonzero()[1].tolist() == [2, 3, 4]
    for own in (rate, mood):
        assert not own[0].any()  # the intercepts are z_a
        assert own[1].nonzero()[0].tolist() == [5, 6]
    few = own_loadings(CHANNELS, 1, 1)
    assert few.any(axis=1).tolist() == [False, *[True] * (len(few) - 1)]


def test_the_way_to_components_and_back_changes_nothing() -> None:
    moved = np.random.default_rng(1).standard_normal
    one = ComponentLikelihood(PARAMETERS, MOMENTS)
    vector = one.start() + 0.2 * moved(len(one.start()))
    found = one.parameters(vector)
    again = ComponentLikelihood(found, MOMENTS)
    back = again.parameters(again.start())
    for name in ("channels", "mean", "loadings"):
        for own, other in zip(getattr(found, name), getattr(back, name), strict=True):
            np.testing.assert_allclose(other, own, atol=1e-4, err_msg=name)
    np.testing.assert_allclose(back.intercept_sd, found.intercept_sd)


def test_value_and_gradient_are_those_of_the_marginal_likelihood(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(response_components, "WEIGHT_PRECISION", 0.0)
    monkeypatch.setattr(response_components, "LOADING_PRECISION", 0.0)
    monkeypatch.setattr(response_components, "KERNEL_PRECISION", 0.0)
    objective = ComponentLikelihood(PARAMETERS, MOMENTS)
    vector = objective.start() + 0.1 * np.random.default_rng(2).standard_normal(
        len(objective.start())
    )
    value, gradient = objective(vector)
    assert -value == pytest.approx(log_likelihood(objective.parameters(vector), MOMENTS), rel=1e-4)
    for place in np.random.default_rng(3).choice(len(vector), 12, replace=False).tolist():
        values = []
        for step in (0.02, -0.02):
            moved = vector.copy()
            moved[place] += step
            values.append(-log_likelihood(objective.parameters(moved), MOMENTS))
        slope = (values[0] - values[1]) / 0.04
        assert gradient[place] == pytest.approx(slope, rel=0.05, abs=0.02), place


@pytest.mark.parametrize("white_variance", [1.0, 25.0])
def test_the_prior_pulls_towards_nothing(white_variance: float) -> None:
    rate, mood = PARAMETERS.noise
    noise = (rate, replace(mood, white_variance=white_variance))
    objective = ComponentLikelihood(replace(PARAMETERS, noise=noise), MOMENTS)
    vector = objective.start()
    step = 1e-4
    for place in (2, len(vector) - 1):  # a weight, a loading
        values = []
        for sign in (1.0, -1.0):
            moved = vector.copy()
            moved[place] += sign * step
            values.append(objective(moved)[0])
        slope = (values[0] - values[1]) / (2.0 * step)
        assert objective(vector)[1][place] == pytest.approx(slope, rel=0.1, abs=0.02)


def test_a_louder_mood_may_have_larger_effects_at_the_same_cost() -> None:
    """Weights and loadings that are 2 times as large explain noise that is 4 times as large."""
    rate, mood = PARAMETERS.noise
    nothing = replace(
        MOMENTS,
        products=tuple(0.0 * each for each in MOMENTS.products),
        slopes=tuple(0.0 * each for each in MOMENTS.slopes),
    )

    def cost(size: float, loudness: float) -> float:
        louder = replace(mood, white_variance=loudness**2, sd=np.zeros(2))
        own = replace(
            PARAMETERS,
            noise=(rate, louder),
            channels=(PARAMETERS.channels[0], size * PARAMETERS.channels[1]),
            loadings=(PARAMETERS.loadings[0], size * PARAMETERS.loadings[1]),
        )
        objective = ComponentLikelihood(own, nothing)
        return objective(objective.start())[0]

    assert cost(2.0, 4.0) == pytest.approx(cost(1.0, 1.0), rel=1e-6)
    assert cost(2.0, 1.0) > cost(1.0, 1.0) + 1.0
