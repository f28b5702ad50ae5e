"""Unusual days of people: effects that are there are found, others are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from human_wm_env.data.dataset import LogDataset
from human_wm_env.person import schema
from human_wm_env.response.parameters import CONTEXT_WIDTH, ResponseParameters
from human_wm_env.second_family.structure import draw_structure
from tests.human_wm_env.response import responses
from world_model.card import natural_experiments as module
from world_model.card.natural_experiments import (
    NaturalExperiment,
    NotTested,
    _shifted,
    natural_experiments,
)
from world_model.training.response import ResponseConfig, train_response

DAYS, HELD_OUT = 240, 80


@pytest.fixture(scope="module")
def trained() -> ResponseParameters:
    rows, observed, weekday = responses.logs(60, DAYS)
    config = ResponseConfig(steps=40, rounds=1, rate_channels=2, mood_channels=2, rank=4)
    morning = draw_structure(0).morning_states
    return train_response(rows, observed, weekday, config, morning_states=morning).parameters


@pytest.fixture(scope="module")
def people() -> LogDataset:
    rows, observed, weekday = responses.logs(60, DAYS)
    return LogDataset.from_arrays(rows, observed, start_weekday=weekday[:, 0])


def found(
    parameters: ResponseParameters, dataset: LogDataset
) -> list[NaturalExperiment | NotTested]:
    return natural_experiments(parameters, dataset, np.arange(dataset.users), HELD_OUT)


def test_effects_that_are_there_are_found(trained: ResponseParameters, people: LogDataset) -> None:
    rate = found(trained, people)[0]
    assert isinstance(rate, NaturalExperiment)
    assert rate.state == "heart_rate_avg"
    assert rate.slope.mean > rate.null[1]
    assert rate.slope.low > 0.0


def test_states_of_somebody_else_show_no_effect(
    trained: ResponseParameters, people: LogDataset
) -> None:
    rows, observed = people.rows.copy(), people.observed.copy()
    for feature in (schema.HEART_RATE, schema.MOOD):
        rows[..., feature] = np.roll(rows[..., feature], 1, axis=0)
        observed[..., feature] = np.roll(observed[..., feature], 1, axis=0)
    other = LogDataset.from_arrays(rows, observed, start_weekday=people.start_weekday)
    rate = found(trained, other)[0]
    assert isinstance(rate, NaturalExperiment)
    assert rate.slope.mean <= rate.null[1]


def test_effects_of_the_other_sign_are_refuted(
    trained: ResponseParameters, people: LogDataset
) -> None:
    turned = [
        mean * np.where(np.arange(len(mean)) < CONTEXT_WIDTH, 1.0, -1.0) for mean in trained.mean
    ]
    none = np.zeros_like(trained.loadings[0])
    wrong = replace(trained, mean=(turned[0], turned[1]), loadings=(none, none))
    rate = found(wrong, people)[0]
    assert isinstance(rate, NaturalExperiment)
    assert rate.slope.mean < 0.0
    assert rate.slope.mean < rate.null[1]


def test_shifted_weeks_are_whole() -> None:
    days = np.zeros((1, 40), dtype=bool)
    days[0, 8:39] = True  # 4 weeks and 3 days
    predicted = np.arange(40.0)[None]
    moved = _shifted(predicted, days, np.random.default_rng(1))
    np.testing.assert_array_equal(moved[0, :8], predicted[0, :8])
    np.testing.assert_array_equal(moved[0, 36:39], 0.0)
    whole = moved[0, 8:36]
    assert sorted(whole) == list(range(8, 36))
    assert (whole != np.arange(8, 36)).all() and (whole % 7 == np.arange(8, 36) % 7).all()


def test_a_state_that_is_hardly_logged_is_said_to_be_untested(
    trained: ResponseParameters, people: LogDataset
) -> None:
    observed = people.observed.copy()
    observed[:, 20:, schema.MOOD] = False
    few = LogDataset.from_arrays(people.rows, observed, start_weekday=people.start_weekday)
    rate, mood = found(trained, few)
    assert isinstance(rate, NaturalExperiment)
    assert mood == NotTested("mood", 0)


def test_held_out_days_do_not_move_the_prediction(
    trained: ResponseParameters, people: LogDataset
) -> None:
    rows = people.rows.copy()
    rows[:, -HELD_OUT:, schema.HEART_RATE] += 5.0
    moved = LogDataset.from_arrays(rows, people.observed, start_weekday=people.start_weekday)
    before, after = (found(trained, each)[0] for each in (people, moved))
    assert isinstance(before, NaturalExperiment)
    assert isinstance(after, NaturalExperiment)
    assert after.predicted_sd == pytest.approx(before.predicted_sd, rel=1e-6)
    assert after.slope != before.slope


def test_few_weeks_give_no_chance_to_compare_with(
    trained: ResponseParameters, people: LogDataset
) -> None:
    short = natural_experiments(trained, people, np.arange(people.users), 20)
    assert all(isinstance(each, NotTested) for each in short)
    assert short[0].days > 0


def test_days_of_one_person_alone_test_nothing(
    trained: ResponseParameters, people: LogDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many they are: an interval over people needs two."""
    monkeypatch.setattr(module, "FEWEST_DAYS", 1)
    alone = natural_experiments(trained, people, np.arange(1), HELD_OUT)
    assert all(isinstance(each, NotTested) for each in alone)
    two = natural_experiments(trained, people, np.arange(8), HELD_OUT)
    assert any(isinstance(each, NaturalExperiment) for each in two)
    monkeypatch.setattr(module, "FEWEST_DAYS", 10_000)
    assert all(isinstance(each, NotTested) for each in found(trained, people))
