"""Changes as text, and what they make of days."""

from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.counterfactual.change import parse_changes
from human_wm_env.errors import ConfigError
from human_wm_env.person import schema
from human_wm_env.person.feasible import implied_calories_kcal, implied_distance_km, project
from tests.human_wm_env.conftest import typical_rows

RUNNING = float(schema.categories(schema.WORKOUT).index("Running"))
WEEK = np.arange(7)


@pytest.mark.parametrize(
    ("text", "feature", "before", "after"),
    [
        ("sleep_hours+1", schema.SLEEP, 7.0, 8.0),
        ("sleep_hours - 0.5", schema.SLEEP, 7.0, 6.5),
        ("sleep_hours=8", schema.SLEEP, 7.0, 8.0),
        ("steps*1.3", schema.STEPS, 8000.0, 10400.0),
        ("active_minutes/2", schema.MINUTES, 240.0, 120.0),
        ("workout_type=running", schema.WORKOUT, 0.0, RUNNING),
        ("calories_burned+200", schema.CALORIES, 2400.0, 2600.0),
    ],
)
def test_one_feature_is_changed(text: str, feature: int, before: float, after: float) -> None:
    days = typical_rows(7)
    assert days[0, feature] == before
    changed = parse_changes(text)(days, WEEK)
    np.testing.assert_allclose(changed[:, feature], after, rtol=1e-6)
    assert (days[:, feature] == before).all()  # given days are not written to
    following = {feature, schema.DISTANCE, schema.CALORIES}
    others = [i for i in range(schema.FEATURE_COUNT) if i not in following]
    np.testing.assert_array_equal(changed[:, others], days[:, others])


@pytest.mark.parametrize(
    ("days", "wanted"),
    [
        ("", [1, 1, 1, 1, 1, 1, 1]),
        (" on weekdays", [1, 1, 1, 1, 1, 0, 0]),
        (" on Weekends", [0, 0, 0, 0, 0, 1, 1]),
        (" on Mon,Wed, friday", [1, 0, 1, 0, 1, 0, 0]),
    ],
)
def test_a_change_holds_on_its_weekdays(days: str, wanted: list[int]) -> None:
    changes = parse_changes(f"sleep_hours+1{days}")
    changed = changes(typical_rows(7), WEEK)
    np.testing.assert_array_equal(changed[:, schema.SLEEP] - 7.0, wanted)
    np.testing.assert_array_equal(changes.holds(WEEK), np.array(wanted, dtype=bool))
    assert changes.needs_weekdays == (days != "")
    untouched = ~changes.holds(WEEK)
    np.testing.assert_array_equal(changed[untouched], typical_rows(7)[untouched])


def test_several_changes_are_made_together() -> None:
    text = "workout_type=Running on weekdays; active_minutes+30 on Mon"
    together = parse_changes(text)
    listed = parse_changes(["workout_type=Running on weekdays", "active_minutes+30 on Mon"])
    changed = together(typical_rows(7), WEEK)
    np.testing.assert_array_equal(changed, listed(typical_rows(7), WEEK))
    np.testing.assert_array_equal(changed[:, schema.WORKOUT] == RUNNING, WEEK < 5)
    np.testing.assert_array_equal(changed[:, schema.MINUTES], [270.0] + [240.0] * 6)
    np.testing.assert_array_equal(together.holds(WEEK, schema.MINUTES), WEEK == 0)
    assert together.features == (schema.MINUTES, schema.WORKOUT)
    assert str(together) == text


def test_distance_and_calories_follow_from_the_changed_day() -> None:
    """Worked out by hand: 1.3 times the steps, 10% more kilometres and 150 kcal than implied."""
    days = typical_rows(1)
    kind = np.zeros(1, dtype=np.intp)
    days[:, schema.DISTANCE] = 1.1 * implied_distance_km(days[:, schema.STEPS], kind)
    days[:, schema.CALORIES] = 150.0 + implied_calories_kcal(np.array(8000.0), np.array(240.0), 0)
    changed = parse_changes("steps*1.3; workout_type=Running")(days, np.array([-1]))
    assert changed[0, schema.DISTANCE] == pytest.approx(1.1 * 0.0007 * 10400.0 * 1.15, rel=1e-5)
    expected = 150.0 + 1550.0 + 0.045 * 10400.0 + 1.4 * 240.0 + 280.0
    assert changed[0, schema.CALORIES] == pytest.approx(expected, rel=1e-5)
    np.testing.assert_allclose(project(changed), changed, rtol=1e-6)


def test_a_day_without_steps_gets_the_distance_that_new_ones_imply() -> None:
    days = typical_rows(1)
    days[:, [schema.STEPS, schema.DISTANCE]] = 0.0
    changed = parse_changes("steps+1000")(days, np.array([0]))
    assert changed[0, schema.DISTANCE] == pytest.approx(0.7, rel=1e-5)


def test_decimals_that_are_no_thousands_are_read() -> None:
    for text in (
        *("sleep_hours=7.125", "steps*1.125", "steps+1000.5", "steps+0.500"),
        *("steps=500.000", "steps+5.0000", "active_minutes+30.000"),
    ):
        assert parse_changes(text).changes[0].text == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a change of the person's days"),
        (" ; ", "a change of the person's days"),
        ("more sleep", "FEATURE OPERATION VALUE"),
        ("sleep_hour+1", "Did you mean 'sleep_hours'"),
        ("mood=Happy", "'mood' is what a day brings"),
        ("sleep_hours+x", "a finite number for sleep_hours"),
        ("sleep_hours+nan", "a finite number for sleep_hours"),
        ("sleep_hours=20", "2 to 14 for sleep_hours"),
        ("steps*-1", "a factor above 0 for steps"),
        ("steps/0", "a factor above 0 for steps"),
        ("steps=5.000", r"in one way only; received 'steps=5.000'. Write 5000, or 5\."),
        ("steps=+5.000", r"Write 5000, or 5\."),
        ("steps+-5.000", r"Write -5000, or -5\."),
        ("steps=5,000", r"Write 5000, or 5\."),
        ("calories_burned+1.500", r"Write 1500, or 1\.5\."),
        ("location+1", "location=CATEGORY"),
        ("workout_type=Runing", "Did you mean 'Running'"),
        ("sleep_hours+1 on Mo", "weekdays, such as Mon,Wed,Fri"),
        ("sleep_hours+1 on Sundy", "Did you mean 'Sunday'"),
    ],
)
def test_what_cannot_be_read_is_an_error(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_changes(text)


@pytest.mark.parametrize("text", ["steps*1", "sleep_hours+0", "workout_type=None"])
def test_a_change_of_nothing_leaves_days_to_the_last_bit(text: str) -> None:
    days = np.random.default_rng(0).uniform(0.9, 1.1, (7, 1)).astype(np.float32) * typical_rows(7)
    days[:, list(schema.CATEGORICAL_FEATURES)] = 0.0
    np.testing.assert_array_equal(parse_changes(text)(days, WEEK), days)


@pytest.mark.parametrize(
    "text",
    [
        "sleep_hours=8; sleep_hours=7",
        "sleep_hours+1 on weekends; sleep_hours=7",
        "steps*2 on Mon; sleep_hours+1; steps=5000 on weekdays",
    ],
)
def test_a_change_that_a_later_one_overwrites_is_an_error(text: str) -> None:
    with pytest.raises(ConfigError, match="leaves nothing of it"):
        parse_changes(text)


def test_exceptions_come_last() -> None:
    changes = parse_changes("sleep_hours=7; sleep_hours=9 on weekends; sleep_hours+0.5 on Sun")
    changed = changes(typical_rows(7), WEEK)
    np.testing.assert_array_equal(changed[:, schema.SLEEP], [7.0] * 5 + [9.0, 9.5])


def test_line_breaks_are_spaces() -> None:
    assert str(parse_changes("sleep_hours+1\non  Mon")) == "sleep_hours+1 on Mon"


@pytest.mark.parametrize("given", [None, 3, ["sleep_hours+1", 3]])
def test_what_is_no_text_is_an_error(given: object) -> None:
    with pytest.raises(ConfigError, match="a change as text"):
        parse_changes(given)  # type: ignore[arg-type]
