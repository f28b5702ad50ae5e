"""Days in raw units, there and back."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp
from hypothesis.strategies import floats

import human_wm_env
from human_wm_env import InvalidActionError, decode_day, decode_observation, encode_day
from human_wm_env.errors import ConfigError, DataError
from human_wm_env.people.embedded import EmbeddedPeople
from human_wm_env.person import schema

RUN: dict[str, Any] = {
    "sleep_hours": 8.0,
    "workout_type": "Running",
    "location": "Park",
    "steps": 12000.0,
    "active_minutes": 300.0,
}


def test_a_day_in_raw_units_is_the_day_that_is_asked_for() -> None:
    day = decode_day(encode_day(RUN))
    assert {name: day[name] for name in RUN} == pytest.approx(RUN)
    assert day["distance_km"] == pytest.approx(12000 * 0.0007 * 1.15, rel=1e-5)
    assert decode_day(encode_day({})) == decode_day(np.zeros(7))


@given(hnp.arrays(np.float32, (7,), elements=floats(-1, 1, width=32)))
def test_every_feasible_day_comes_back(action: np.ndarray) -> None:
    day = decode_day(action)
    again = decode_day(encode_day(day))
    for name, value in day.items():
        wanted = value if isinstance(value, str) else pytest.approx(value, rel=1e-3, abs=1e-2)
        assert again[name] == wanted


def test_what_cannot_be_is_refused_and_what_can_is_said() -> None:
    with pytest.raises(InvalidActionError, match=r"distance_km from 6\.3 to 10\.5 km, given"):
        encode_day({"steps": 12000, "active_minutes": 300, "distance_km": 25})
    with pytest.raises(InvalidActionError, match="sleep_hours from 2 to 14 h"):
        encode_day({"sleep_hours": 480})
    with pytest.raises(InvalidActionError, match="Did you mean 'sleep_hours'"):
        encode_day({"sleep": 8})
    with pytest.raises(ConfigError, match="Did you mean 'Running'"):
        encode_day({"workout_type": "Runing"})
    with pytest.raises(ConfigError, match="steps as a finite number"):
        encode_day({"steps": float("nan")})


@pytest.mark.parametrize("kind", ["flat", "dict"])
def test_an_observation_is_the_last_day_of_the_log(small: EmbeddedPeople, kind: str) -> None:
    env = gym.make("HumanWM-v0", dataset=small, observation=kind, split="all")
    observation, _ = env.reset(seed=0, options={"user": "p003", "day": 50})
    seen = decode_observation(observation)
    logs, user = small.dataset, small.dataset.index_of("p003")
    for index, feature in enumerate(schema.FEATURES):
        value = logs.rows[user, 49, index]
        if not logs.observed[user, 49, index]:
            assert seen[feature.name] is None
        elif isinstance(feature, schema.Continuous):
            assert seen[feature.name] == pytest.approx(value, rel=1e-5)
        else:
            assert seen[feature.name] == feature.categories[int(value)]
    assert seen["weekday"] == logs.weekday[user, 50] and seen["horizon_left"] == 1.0
    assert seen["weather_forecast"] in schema.categories(schema.WEATHER)
    executed = env.step(encode_day(RUN))[4]["action"]
    assert executed[0] == pytest.approx(8.0) and executed[3] == pytest.approx(12000.0)
    with pytest.raises(DataError, match="43 numbers"):
        decode_observation(np.zeros((2, 43)))
    assert human_wm_env.encode_day is encode_day
