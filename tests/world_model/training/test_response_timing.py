"""The time at which states are measured is found on logs of either kind."""

from __future__ import annotations

from dataclasses import replace

import pytest

from human_wm_env.second_family.structure import MEMBERS, draw_structure
from tests.human_wm_env.response import responses
from world_model.training.response import ResponseConfig
from world_model.training.response_timing import LEAST_NATS, find_timing

CONFIG = ResponseConfig(rate_channels=3, mood_channels=3, rank=8, tau_days=(2.0, 10.0), steps=30)


@pytest.mark.parametrize("morning", [False, True])
def test_either_time_is_found(morning: bool) -> None:
    member = next(m for m in range(MEMBERS) if draw_structure(m).morning_states == morning)
    found = find_timing(*responses.logs(120, 200, member), CONFIG)
    assert found.morning_states == morning
    assert abs(found.nats) > 3.0


def test_the_day_apart_is_left_out_of_the_question() -> None:
    logs = responses.logs(20, 60)
    apart = replace(CONFIG, tau_days=(0.0, 2.0, 10.0))
    assert find_timing(*logs, apart) == find_timing(*logs, CONFIG)


def test_one_person_is_enough_to_ask() -> None:
    found = find_timing(*responses.logs(1, 60), CONFIG)
    assert found.morning_states == (found.nats > LEAST_NATS)
