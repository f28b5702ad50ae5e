"""Labels of columns of apps."""

from __future__ import annotations

import math

import numpy as np
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
        ("Crunches", "Gym Workout"),
        ("Skilanglauf", "Gym Workout"),
        ("none", "None"),
        ("gym_workout", "Gym Workout"),
        ("Yoga", "Yoga"),
    ],
)
def test_sports(text: str, ours: str) -> None:
    assert LabelColumn(schema.WORKOUT).read(text) == WORKOUTS.index(ours)


@pytest.mark.parametrize("text", ["No run today", "kein Lauf", "Quidditch", "yes"])
def test_what_is_no_sport_is_unknown(text: str) -> None:
    column = LabelColumn(schema.WORKOUT)
    assert math.isnan(column.read(text))
    assert column.settle(None).wrong == [(0, text)]


def test_sports_are_told() -> None:
    column = LabelColumn(schema.WORKOUT)
    column.read("Running"), column.read("Outdoor Run")
    assert column.settle(None).told == "names of sports are read as workouts (Outdoor Run: Running)"


def test_other_features_have_no_sports() -> None:
    column = LabelColumn(schema.MOOD)
    assert column.read("happy") == schema.categories(schema.MOOD).index("Happy")
    assert math.isnan(column.read("running late"))
    assert sport_of("running late") == "Running" and sport_of("Quidditch") is None


def test_further_words_and_empty_cells() -> None:
    column = LabelColumn(schema.MOOD, {"gut": "Happy"}, none_is_empty=True)
    cells = ["Gut", "-", "None", "", "mies", "gut"]
    happy = schema.categories(schema.MOOD).index("Happy")
    np.testing.assert_array_equal(
        column.read_all(cells), [happy, np.nan, np.nan, np.nan, np.nan, happy]
    )
    column.read_all(["mies"])
    assert column.settle(None).wrong == [(4, "mies"), (6, "mies")]
