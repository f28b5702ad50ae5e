"""Fitbit's exercises: which days are rest days."""

from __future__ import annotations

from pathlib import Path

import pytest

from human_wm_env import import_logs
from tests.human_wm_env.exports.formats.test_fitbit import (
    WEEK,
    exercise,
    minutes,
    write_json,
)
from tests.human_wm_env.exports.grids import check_balance, grid, grids

EXERCISES = [
    exercise(1, f"{WEEK[0]} 00:30", "Run", 30),  # the day before in UTC
    {**exercise(2, f"{WEEK[1]} 00:30", "Run", 30), "activityName": None},
    {**exercise(3, f"{WEEK[2]} 10:00", "Run", 30), "activeDuration": "long"},
    {**exercise(4, f"{WEEK[3]} 10:00", "Run", 30), "startTime": "noon"},
]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, ["Running", "bad", "bad", "None", "None"]),
        ({"exercise-100.json": '[{"logId": 5, "act'}, ["Running", "bad", "bad", "bad", "bad"]),
        (
            {"Health Fitness Data_GoogleData/UserExercises_2020-05-04.csv": "exercise_id\n1\n"},
            ["Running", "bad", "bad", "bad", "bad"],
        ),
        (
            {"Health Fitness Data_GoogleData/UserExercises_2020-05-04.csv": "no data"},
            ["Running", "bad", "bad", "None", "None"],
        ),
    ],
)
def test_a_day_whose_exercise_is_rejected_is_no_rest_day(
    tmp_path: Path, more: dict[str, object], expected: list[str]
) -> None:
    walk = minutes(f"{WEEK[0]} 00:00", 5 * 1440, "10")
    files = {"steps-2020-05-04.json": walk, "exercise-0.json": EXERCISES, **more}
    rows = grid(write_json(tmp_path, files), WEEK[0], timezone="Europe/Oslo")
    assert [row.split()[7] for row in rows] == expected


def test_what_is_no_sport_is_no_workout_and_others_are_named(tmp_path: Path) -> None:
    exercises = [
        exercise(1, f"{WEEK[1]} 10:00", "Meditating", 30),
        exercise(2, f"{WEEK[2]} 10:00", "Quidditch", 30),
    ]
    walk = minutes(f"{WEEK[0]} 00:00", 4 * 1440, "10")
    files = {"steps-2020-05-04.json": walk, "exercise-0.json": exercises}
    logs = import_logs(write_json(tmp_path, files), timezone="Europe/Oslo")
    check_balance(logs)
    rows = grids(logs, {"me": WEEK[0]})["me"]
    assert [row.split()[7] for row in rows[1:3]] == ["None", "Gym_Workout"]
    assert "fitbit: 'Quidditch' counts as Gym Workout" in logs.manifest["notes"]
    assert logs.manifest["unused"]["activities that are no workouts"] == 1
