"""Names of columns as apps write them."""

from __future__ import annotations

import pytest

from human_wm_env.data.importers.columns import recognise


def read_as(*header: str) -> dict[str, tuple[str, float]]:
    return {column.header: (column.name, column.factor) for column in recognise(header)[0]}


@pytest.mark.parametrize(
    ("header", "name", "factor"),
    [
        ("Date", "date", 1.0),
        ("Datum", "date", 1.0),
        ("Total Steps", "steps", 1.0),
        ("step_count", "steps", 1.0),
        ("Sleep (min)", "sleep_hours", 1 / 60),
        ("sleep_minutes", "sleep_hours", 1 / 60),
        ("Minutes Asleep", "sleep_hours", 1 / 60),
        ("Sleep [h]", "sleep_hours", 1.0),
        ("Hours slept", "sleep_hours", 1.0),
        ("Schlafdauer", "sleep_hours", 1.0),
        ("Distance (m)", "distance_km", 1e-3),
        ("Distance (mi)", "distance_km", 1.609344),
        ("distance km", "distance_km", 1.0),
        ("Calories (kJ)", "calories_burned", 1 / 4.184),
        ("Avg Heart Rate (bpm)", "heart_rate_avg", 1.0),
        ("Active Minutes", "active_minutes", 1.0),
        ("Active time (h)", "active_minutes", 60.0),
        ("Sleep (hh:mm)", "sleep_hours", 1.0),
        ("Date (UTC)", "date", 1.0),
        ("Workout", "workout_type", 1.0),
        ("participant_id", "user_id", 1.0),
    ],
)
def test_what_apps_call_our_columns(header: str, name: str, factor: float) -> None:
    found, unit = read_as(header)[header]
    assert found == name and unit == pytest.approx(factor)


@pytest.mark.parametrize(
    "header",
    [
        *("Active Calories", "Calories eaten", "Resting Heart Rate", "Heart Rate Variability"),
        *("Exercise Minutes", "Time in Bed", "Sleep Score", "Sleep (%)", "Mood (1-5)", "id"),
        *("Sleep time", "Active", "Active time", "Asleep", "Mood (1-5)"),
        *("Steps goal", "Steps (%)", "Max Heart Rate", "Distance (floors)", "Sleep efficiency"),
    ],
)
def test_what_is_nearly_the_same_is_another_thing(header: str) -> None:
    assert read_as(header) == {}


def test_our_own_names_come_first() -> None:
    assert read_as("Steps", "Step count") == {"Steps": ("steps", 1.0)}


def test_of_two_that_may_be_meant_none_is_taken() -> None:
    found, doubts = recognise(["date", "Sleep (min)", "Sleep duration (h)"])
    assert [column.name for column in found] == ["date"]
    assert "sleep_hours may be 'Sleep (min)' or 'Sleep duration (h)'" in doubts[0]


def test_what_was_understood_is_told() -> None:
    told = [column.told for column in recognise(["Sleep (min)", "Distance (mi)", "Puls"])[0]]
    assert told == [
        "'Sleep (min)' is read as sleep_hours, divided by 60",
        "'Distance (mi)' is read as distance_km, times 1.609344",
        "'Puls' is read as heart_rate_avg",
    ]


def test_of_two_dates_the_one_that_says_so() -> None:
    assert read_as("Datum", "Tag", "Schritte")["Datum"] == ("date", 1.0)
    assert "Tag" not in read_as("Datum", "Tag", "Schritte")
    assert read_as("Tag", "Schritte")["Tag"] == ("date", 1.0)


@pytest.mark.parametrize(
    "header",
    [
        ("Activity Type", "Date", "Distance", "Calories", "Avg HR", "Max HR"),
        ("Date", "Start time", "Distance (km)", "Duration", "Average Heart Rate (bpm)"),
        ("Date", "Meal", "Calories", "Fat (g)", "Protein (g)"),
    ],
)
def test_tables_of_workouts_and_of_meals_are_none_of_days(header: tuple[str, ...]) -> None:
    found, doubts = recognise(header)
    assert [column.name for column in found] == ["date"]
    assert "of workouts or meals" in doubts[0]


def test_a_diary_of_days_may_have_a_workout_with_its_duration() -> None:
    assert set(read_as("Date", "Steps", "Workout", "Duration")) == {"Date", "Steps", "Workout"}
    assert "Avg HR" in read_as("Date", "Start time", "Duration", "Sleep (h)", "Avg HR")
