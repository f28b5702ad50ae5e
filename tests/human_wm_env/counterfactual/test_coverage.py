"""True effects by paired simulation, and how estimated ones are compared with them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from human_wm_env.counterfactual.change import parse_changes
from human_wm_env.counterfactual.coverage import (
    JUDGED,
    TrueEffect,
    estimated_effects,
    judge,
    true_effects,
)
from human_wm_env.counterfactual.effects import Effect, summarise
from human_wm_env.people.embedded import EmbeddedPeople
from human_wm_env.people.traits import trait
from human_wm_env.worlds.simulator import SimulatorWorld
from tests.human_wm_env.worlds.dreams import START, dream


def effects(low: float, high: float) -> dict[str, Effect]:
    return dict.fromkeys(JUDGED, summarise(np.linspace(low, high, 201)))


def true(value: float) -> TrueEffect:
    return TrueEffect(dict.fromkeys(JUDGED, value), dict.fromkeys(JUDGED, 0.01))


def test_comparison_by_hand() -> None:
    """Intervals are around 0 and 2; the true effects lie in the middle, and just inside of 90%."""
    found = judge([effects(-1.0, 1.0), effects(1.0, 3.0)], [true(0.0), true(2.85)])["mood"]
    assert found.coverage == {"50%": 0.5, "80%": 0.5, "90%": 1.0}
    assert (found.people, found.mean) == (2, pytest.approx(1.0))
    assert (found.true_mean, found.true_sd) == (pytest.approx(1.425), pytest.approx(1.425))
    assert found.correlation == pytest.approx(1.0)
    assert found.error_to_sd == pytest.approx(0.85 / np.sqrt(2.0) / 1.425)
    assert found.true_error == pytest.approx(0.01)


def test_people_who_do_not_differ_have_no_correlation() -> None:
    found = judge([effects(-1.0, 1.0)], [true(0.5)])["reward"]
    assert (found.correlation, found.error_to_sd) == (None, None)


def test_true_effects_follow_the_trait_that_makes_them(small: EmbeddedPeople) -> None:
    world = SimulatorWorld(small, split="all", horizon=5, adherence=0.0, masking="none")
    running = parse_changes("workout_type=Running")
    found = [
        true_effects(world, dataclasses.replace(START, user=user), [running], futures=60, seed=0)[0]
        for user in range(12)
    ]
    response = trait(small.people.traits, "exercise_heart_rate_bpm")
    rates = [one.mean["heart_rate_avg"] for one in found]
    assert np.corrcoef(rates, response)[0, 1] > 0.5
    assert 0.0 < found[0].error["mood"] < 0.1


def test_changes_are_estimated_as_if_each_were_alone() -> None:
    changes = [parse_changes("sleep_hours+1"), parse_changes("steps*2")]
    world, settings = dream(adherence=0.0), {"draws": 8, "repeats": 2, "seed": 0}
    together = estimated_effects(world, START, changes, **settings)
    alone = [estimated_effects(world, START, [change], **settings)[0] for change in changes]
    assert together == alone
    assert together[0] != together[1]
    low, high = together[0]["heart_rate_avg"].intervals["90%"]
    assert low < high
