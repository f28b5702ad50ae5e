from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from human_wm_env.errors import ConfigError
from human_wm_env.nudge.compliance import (
    SETTINGS,
    Compliance,
    ComplianceTraits,
    Receptivity,
    compliance_of,
    receptivity,
)
from human_wm_env.nudge.nudges import read_nudges
from human_wm_env.person import schema

NUDGES = read_nudges()
WALK, BED = NUDGES.action_of("walk"), NUDGES.action_of("earlier_bed")
PEOPLE = [f"p{number:03d}" for number in range(1000)]


def person(disposition: float = 0.0, liking: float = 0.0) -> ComplianceTraits:
    likes = np.full((1, len(NUDGES)), liking, dtype=np.float32)
    return ComplianceTraits(np.full(1, disposition), np.ones(1), likes)


def state(
    burden: float = 0.0, habituation: float = 0.0, tired: bool = False, wet: bool = False
) -> Receptivity:
    return Receptivity(*(np.array([value]) for value in (burden, habituation, tired, wet)))


@pytest.mark.parametrize(
    ("own", "now", "sent", "log_odds"),
    [
        (person(), state(), WALK, 0.0),
        (person(0.3, 0.2), state(), WALK, 0.5),
        (person(), state(burden=0.5, habituation=0.2), WALK, -0.5 - 0.3),
        (person(), state(tired=True, wet=True), WALK, -0.6 - 0.8),
        (person(), state(tired=True, wet=True), BED, 0.0),
    ],
)
def test_the_parts_add_up(
    own: ComplianceTraits, now: Receptivity, sent: int, log_odds: float
) -> None:
    model = Compliance()
    found = model.probability(own, now, NUDGES, np.array([sent]))
    assert found[0] == pytest.approx(1.0 / (1.0 + math.exp(-log_odds)), abs=1e-6)
    assert model.probability(own, now, NUDGES, np.array([0]))[0] == 0.0


def test_burden_and_habituation_are_means_over_days_and_weeks() -> None:
    model, burden, used = Compliance(), np.zeros(1, np.float32), np.zeros(1, np.float32)
    for day in range(1, 41):
        burden, used = model.after(burden, used, np.array([WALK]))
        assert burden[0] == pytest.approx(1.0 - math.exp(-day / 3.0), abs=1e-5)
        assert used[0] == pytest.approx(1.0 - math.exp(-day / 14.0), abs=1e-5)
    rested, _ = model.after(burden, used, np.array([0]))
    assert rested[0] == pytest.approx(burden[0] * math.exp(-1.0 / 3.0), abs=1e-6)


def test_daily_nudges_double_the_hazard_of_quitting() -> None:
    hazard = Compliance().hazard(person(), np.array([0.0, 1.0]))
    assert hazard == pytest.approx([-math.expm1(-0.0025), -math.expm1(-0.0025 * math.exp(0.7))])


def test_people_are_the_same_wherever_they_are_met() -> None:
    model = Compliance()
    all_of_them = model.people(PEOPLE, NUDGES)
    few = model.people([PEOPLE[7], PEOPLE[3], PEOPLE[7]], NUDGES)
    assert np.array_equal(few.disposition, all_of_them.disposition[[7, 3, 7]])
    assert np.array_equal(few.liking, all_of_them.liking[[7, 3, 7]])
    alone = read_nudges({"rest": {"scale": {"steps": 0.5}}})
    rest = NUDGES.action_of("rest") - 1
    assert np.array_equal(
        model.people(PEOPLE[:9], alone).liking[:, 0], all_of_them.liking[:9, rest]
    )
    other = compliance_of({"seed": 1}).people(PEOPLE[:9], NUDGES)
    assert not np.isin(other.disposition, all_of_them.disposition).any()


def test_people_differ_as_the_parameters_say() -> None:
    own = Compliance().people(PEOPLE, NUDGES)
    assert own.disposition.mean() == pytest.approx(0.0, abs=0.1)
    assert own.disposition.std() == pytest.approx(1.0, abs=0.07)
    assert own.liking.std() == pytest.approx(0.5, abs=0.03)
    assert np.log(own.quit_factor).std() == pytest.approx(0.5, abs=0.04)
    assert abs(np.corrcoef(own.disposition, own.liking[:, 0])[0, 1]) < 0.1


def test_full_compliance_costs_nothing() -> None:
    model = SETTINGS["full"]
    own = model.people(PEOPLE, NUDGES)
    sent, zeros = np.full(1000, WALK), np.zeros(1000, dtype=np.float32)
    now = Receptivity(zeros + 1, zeros + 1, zeros == 0, zeros == 0)
    assert (model.probability(own, now, NUDGES, sent) > 1.0 - 1e-12).all()
    assert not model.after(zeros, zeros, sent)[0].any() and not model.hazard(own, zeros + 1).any()


def test_tiredness_and_weather_are_read_off_what_is_known() -> None:
    moods, skies = schema.categories(schema.MOOD), schema.categories(schema.WEATHER)
    mood = np.array([moods.index("Stressed"), moods.index("Neutral"), -1])
    sky = np.array([skies.index("Fog"), skies.index("Snow"), -1])
    found = receptivity(mood, sky, np.zeros(3), np.zeros(3))
    assert found.tired.tolist() == [True, False, False]
    assert found.bad_weather.tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("hash", "Did you mean 'harsh'"),
        ({"burdn": 1.0}, "Did you mean 'burden'"),
        ({"burden_days": 0.0}, "burden_days > 0"),
        ({"quit_rate": -1.0}, "quit_rate >= 0"),
        ({"burden_of_nudge": 2.0}, "burden_of_nudge in"),
        ({"weather": float("nan")}, "compliance.weather as a finite number"),
        ({"seed": 0.5}, "seed as a whole number"),
    ],
)
def test_wrong_compliance_is_refused(source: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        compliance_of(source)
