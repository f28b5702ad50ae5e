from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from human_wm_env.errors import ConfigError
from human_wm_env.nudge.nudges import DEFAULT, Nudge, Nudges, read_nudges
from human_wm_env.person import schema
from human_wm_env.person.feasible import implied_calories_kcal, implied_distance_km, project
from tests.human_wm_env.conftest import typical_rows

ROOT = Path(__file__).resolve().parents[3]
RUNNING = schema.categories(schema.WORKOUT).index("Running")


def test_the_file_in_configs_holds_the_built_in_nudges() -> None:
    assert list(read_nudges(ROOT / "configs/nudges/default.yaml")) == list(read_nudges())
    assert read_nudges().names == ("nothing", *DEFAULT)


def test_each_changes_the_day_by_its_amounts() -> None:
    nudges, days = read_nudges(), typical_rows(6)
    after = nudges.follow(days, np.arange(6))
    assert np.array_equal(after[0], days[0])
    walk, workout, bed, rest, park = (after[nudges.action_of(name)] for name in DEFAULT)
    assert (walk[schema.MINUTES], walk[schema.STEPS]) == (270.0, 11_000.0)
    assert schema.categories(schema.WORKOUT)[int(walk[schema.WORKOUT])] == "Walking"
    assert workout[schema.MINUTES] == 285.0 and workout[schema.STEPS] == 8000.0
    assert bed[schema.SLEEP] == 8.0 and np.array_equal(np.delete(bed, 4), np.delete(days[0], 4))
    assert (rest[schema.MINUTES], rest[schema.STEPS]) == pytest.approx((168.0, 5600.0))
    assert schema.categories(schema.LOCATION)[int(park[schema.LOCATION])] == "Park"


def test_distance_and_energy_follow_and_keep_what_is_the_persons_own() -> None:
    days = typical_rows(1)
    walk = read_nudges()[0].change(days)[0]
    code = int(walk[schema.WORKOUT])
    further = implied_distance_km(11_000.0, code) - implied_distance_km(8000.0, 0)
    assert walk[schema.DISTANCE] - 6.0 == pytest.approx(further, rel=1e-5)
    more = implied_calories_kcal(11_000.0, 270.0, code) - implied_calories_kcal(8000.0, 240.0, 0)
    assert walk[schema.CALORIES] - 2400.0 == pytest.approx(more, rel=1e-4)
    assert project(walk[None])[0] == pytest.approx(walk, rel=1e-6)


def test_a_planned_workout_stays_unless_the_nudge_is_against_it() -> None:
    nudges, days = read_nudges(), typical_rows(3)
    days[:, schema.WORKOUT] = RUNNING
    after = nudges.follow(days, np.array([nudges.action_of(n) for n in ("walk", "rest", "park")]))
    assert after[:, schema.WORKOUT].tolist() == [RUNNING, 0, RUNNING]


def test_who_complied_is_seen_where_all_that_changes_was_logged() -> None:
    nudges, observed = read_nudges(), np.ones((4, schema.FEATURE_COUNT), dtype=bool)
    bed, walk = nudges.action_of("earlier_bed"), nudges.action_of("walk")
    observed[1:, schema.STEPS] = False
    shown = nudges.shown(np.array([walk, walk, bed, 0]), observed)
    assert shown.tolist() == [True, False, True, False]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"nap": {"ad": {"sleep_hours": 1}}}, "Did you mean 'add'"),
        ({"nap": {"add": {"sleep_hour": 1}}}, "Did you mean 'sleep_hours'"),
        ({"nap": {"add": {"mood": 1}}}, "an amount of the nudge nap"),
        ({"nap": {"add": {"sleep_hours": "much"}}}, "sleep_hours of the nudge nap"),
        ({"nap": {"set": {"location": "Parc"}}}, "Did you mean 'Park'"),
        ({"nap": {"set": {"mood": "Happy"}}}, "a label of the nudge nap"),
        ({"nap": {"add": {"sleep_hours": 1}, "outdoors": "no"}}, "outdoors of the nudge nap"),
        ({"nap": {"add": [1]}}, "add of the nudge nap as a mapping"),
        ({"nap": {"outdoors": True}}, "a change of the day by the nudge nap"),
        ({"nothing": {"add": {"sleep_hours": 1}}}, "a name other than 'nothing'"),
        ({"nap": None}, "a name other than"),
        ({}, "1 to 32 nudges"),
        ([1], "a mapping of names to nudges"),
    ],
)
def test_wrong_nudges_are_refused(given: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_nudges(given)


def test_wrong_files_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "nudges.yaml"
    for text, message in (("a: [", "a YAML file of nudges"), ("- 1", "a mapping of names")):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigError, match=message):
            read_nudges(file)
    file.write_text("a: !!python/object/apply:os.getcwd []", encoding="utf-8")
    with pytest.raises(ConfigError, match="a YAML file of nudges"):
        read_nudges(str(file))
    with pytest.raises(ConfigError, match="a file that can be read"):
        read_nudges(tmp_path / "none.yaml")


def test_an_action_is_asked_for_by_name() -> None:
    nudges = Nudges([Nudge("nap", add={"sleep_hours": 0.5})])
    assert (nudges.action_of("nothing"), nudges.action_of("nap"), len(nudges)) == (0, 1, 1)
    with pytest.raises(ConfigError, match="Did you mean 'nap'"):
        nudges.action_of("nab")
