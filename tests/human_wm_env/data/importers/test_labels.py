"""Labels of columns of apps."""

from __future__ import annotations

import math

import pytest

from human_wm_env.data.importers.labels import LabelColumn, sport_of
from human_wm_env.person import schema

WORKOUTS = schema.categories(schema.WORKOUT)


@pytest.mark.parametrize(
    ("text", "ours"),
    [
        ("Outdoor Run", "Running"),
        ("Dauerlauf", "Running"),
        ("Radfahren", "Cycling"),
        ("Strength Training", "Gym Workout"),
        ("Krafttraining", "Gym Workout"),
        ("none", "None"),
        ("Yoga", "Yoga"),
    ],
)
def test_sports_in_a_column_of_an_app(text: str, ours: str) -> None:
    assert LabelColumn(schema.WORKOUT, True).read(text) == WORKOUTS.index(ours)


def test_in_a_column_of_our_name_they_are_unknown() -> None:
    column = LabelColumn(schema.WORKOUT)
    assert math.isnan(column.read("Outdoor Run"))
    assert math.isnan(column.read(""))
    assert column.settle(None) == ([], [(0, "Outdoor Run")], "")


def test_other_features_have_no_sports() -> None:
    column = LabelColumn(schema.MOOD, True)
    assert column.read("happy") == schema.categories(schema.MOOD).index("Happy")
    assert math.isnan(column.read("running late"))
    assert sport_of("running late") == "Running" and sport_of("Quidditch") is None
