"""How far changed days leave logs, worked out by hand."""

from __future__ import annotations

import numpy as np

from human_wm_env.counterfactual.change import parse_changes
from human_wm_env.counterfactual.pairs import Days, Pairs
from human_wm_env.counterfactual.reach import Logged, reaches
from human_wm_env.person import schema
from tests.human_wm_env.conftest import typical_rows


def pairs(text: str, sleep: list[float]) -> Pairs:
    """One future whose nights have given hours, on Monday, Tuesday, ..."""
    habit = typical_rows(1, len(sleep))
    habit[0, :, schema.SLEEP] = sleep
    weekday = np.arange(len(sleep))
    changed = parse_changes(text)(habit[0], weekday)[None]
    nothing = np.zeros((1, len(sleep)), dtype=np.float32)
    return Pairs(Days(habit, nothing, nothing), Days(changed, nothing, nothing), weekday, 1)


def compared(text: str, sleep: list[float], logged: np.ndarray) -> list[Logged]:
    observed = np.ones(logged.shape, dtype=bool)
    none = np.zeros((0, schema.FEATURE_COUNT)), np.zeros((0, schema.FEATURE_COUNT), dtype=bool)
    found = reaches(parse_changes(text), pairs(text, sleep), (logged, observed), none)
    assert all(one.others == Logged(0, None, None) for one in found)
    return [one.person for one in found]


def logged_nights(*hours: float) -> np.ndarray:
    rows = typical_rows(len(hours))
    rows[:, schema.SLEEP] = hours
    return rows


def test_numbers_are_compared_in_the_direction_of_the_change() -> None:
    log = logged_nights(5.0, 6.0, 7.0, 8.0)
    # 8 h is reached by one of four nights, 9 h by none; then 6 h by two, 4 h by none.
    assert compared("sleep_hours+1", [7.0, 8.0], log) == [Logged(4, 0.125, 0.5)]
    assert compared("sleep_hours-1", [7.0, 5.0], log) == [Logged(4, 0.25, 0.5)]


def test_only_changed_days_count() -> None:
    log = logged_nights(5.0, 6.0, 7.0, 8.0)
    assert compared("sleep_hours+1 on Tue", [13.0, 6.0, 13.0], log) == [Logged(4, 0.5, 0.0)]
    assert compared("sleep_hours+1 on Sun", [7.0], log) == [Logged(4, None, None)]


def test_categories_are_counted() -> None:
    log = logged_nights(7.0, 7.0, 7.0, 7.0)
    log[0, schema.WORKOUT] = schema.categories(schema.WORKOUT).index("Running")
    assert compared("workout_type=Running", [7.0], log) == [Logged(4, 0.25, 0.0)]
    assert compared("workout_type=Yoga", [7.0], log) == [Logged(4, 0.0, 1.0)]
