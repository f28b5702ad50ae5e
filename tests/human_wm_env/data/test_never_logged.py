from __future__ import annotations

import warnings

import gymnasium as gym
import numpy as np
import pytest

from human_wm_env import NeverLoggedWarning, never_logged
from human_wm_env.data.dataset import LogDataset
from human_wm_env.person import schema

WEATHER, MOOD, WORKOUT = "weather_conditions", "mood", "workout_type"


def logs(people: int = 3, *, lacking: dict[str, list[int]]) -> LogDataset:
    """Days of typical people who lack some features: those of the given positions."""
    rows = np.zeros((people, 30, schema.FEATURE_COUNT))
    for index in schema.CONTINUOUS_FEATURES:
        rows[..., index] = schema.continuous(index).centre
    observed = np.ones(rows.shape, dtype=bool)
    for name, who in lacking.items():
        observed[who, :, schema.INDEX[name]] = False
    return LogDataset.from_arrays(rows, observed, name="mine")


def test_everybody_logged_everything() -> None:
    found = never_logged(logs(lacking={}))
    assert (found.by_none, found.by_some, str(found)) == ((), {}, "")


def test_nobody_and_some() -> None:
    lacking = {WEATHER: [0, 1, 2], MOOD: [0, 1, 2], WORKOUT: [1]}
    found = never_logged(logs(lacking=lacking))
    assert found.by_none == (WEATHER, MOOD)
    assert found.by_some == {WORKOUT: ("1",)}
    assert str(found) == (
        "nobody ever logged weather_conditions and mood; "
        "1 of 3 people (1) never logged workout_type"
    )


def test_of_some_people_alone() -> None:
    found = never_logged(logs(lacking={MOOD: [2]}), np.array([2]))
    assert found.by_none == (MOOD,) and found.people == 1


def test_many_people_are_counted_only() -> None:
    found = never_logged(logs(9, lacking={MOOD: list(range(7))}))
    assert str(found) == "7 of 9 people never logged mood"


def test_making_a_dream_names_them_once() -> None:
    some = logs(lacking={WEATHER: [0, 1, 2], MOOD: [1]})
    with pytest.warns(NeverLoggedWarning) as said:
        gym.make("human_wm_env:HumanWM-v0", dataset=some, split="all", horizon=2)
    (one,) = said
    assert str(one.message).startswith("mine: nobody ever logged weather_conditions; 1 of 3 people")
    assert "not about the person" in str(one.message)


@pytest.mark.parametrize("name", ["HumanWM-v0", "HumanWMReplay-v0"])
def test_no_warning_without_need(name: str) -> None:
    lacking = {MOOD: [0]} if "Replay" in name else {}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gym.make(f"human_wm_env:{name}", dataset=logs(lacking=lacking), split="all", horizon=2)
