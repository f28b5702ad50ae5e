"""Names of sports: those of no exertion, and those that are none of ours."""

from __future__ import annotations

import io

import pytest

from human_wm_env.exports.categories import WORKOUTS
from human_wm_env.exports.ledger import Ledger
from human_wm_env.exports.sports import is_sport, workout_of


@pytest.mark.parametrize(
    "name", ["Meditating", "Sauna", "Driving", "breathwork", "Mindfulness", "ice_bath"]
)
def test_what_is_no_sport(name: str) -> None:
    assert not is_sport(name)


@pytest.mark.parametrize(
    ("name", "ours", "said"),
    [
        ("Trail Run", "Running", False),
        ("strength_training", "Gym Workout", False),
        ("Quidditch", "Gym Workout", True),
        ("MindAndBody", "Gym Workout", True),
    ],
)
def test_a_sport_that_is_none_of_ours_is_named(name: str, ours: str, said: bool) -> None:
    ledger = Ledger(io.StringIO())
    assert is_sport(name)
    assert WORKOUTS[int(workout_of(name, ledger))] == ours
    assert list(ledger.notes) == ([f"?: {name!r} counts as Gym Workout"] if said else [])
