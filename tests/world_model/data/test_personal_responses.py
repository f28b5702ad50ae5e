"""Responses of people, all at once or only of those who are asked for."""

from __future__ import annotations

import numpy as np
import pytest

from tests.world_model import tiny
from tests.world_model.responding import RESPONSE, SMALL
from world_model.data import personal_responses
from world_model.data.personal_responses import PersonalResponses, kl_of_blocks
from world_model.training.response import train_response


@pytest.fixture(scope="module")
def responses() -> PersonalResponses:
    logs = tiny.logs()
    found = train_response(logs.rows, logs.observed, logs.weekday, RESPONSE, morning_states=False)
    return PersonalResponses(found.parameters, logs, np.arange(2, 12))


def test_of_many_people_only_those_who_are_asked_for_are_worked_out(
    responses: PersonalResponses, monkeypatch: pytest.MonkeyPatch
) -> None:
    who, whole = np.array([7, 0, 7]), responses.whole
    kept = responses.after(who)
    monkeypatch.setattr(personal_responses, "MOST_KEPT", 9)
    fresh = PersonalResponses(responses.parameters, tiny.logs(), np.arange(2, 12))
    alone = fresh.after(who)
    assert "whole" not in vars(fresh)
    for one, two, three in (
        (alone.mean, kept.mean, whole.mean[who]),
        (alone.root, kept.root, whole.root[who]),
        (alone.carried.usual, kept.carried.usual, whole.carried.usual[who]),
    ):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(one, three)


def test_divergence_from_the_prior_by_hand(responses: PersonalResponses) -> None:
    whole, first, cut = responses.whole, 0.0, SMALL.latent_c
    for person in range(10):
        covariance = (whole.root[person] @ whole.root[person].T)[:cut, :cut].astype(float)
        mean = whole.mean[person, :cut]
        first += 0.5 * (
            np.trace(covariance) + mean @ mean - cut - np.log(np.linalg.det(covariance))
        )
    assert kl_of_blocks(whole, SMALL)["kl_c_nats"] == pytest.approx(first / 10, rel=1e-4)
