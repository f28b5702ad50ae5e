"""What moves the habits of the embedded people, one thing at a time under the same noise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from human_wm_env.people import habits
from human_wm_env.people.embedded import EmbeddedPeople
from human_wm_env.people.traits import trait
from human_wm_env.person import schema

SUN, RAIN = 0, 2


def day(people: EmbeddedPeople, **changes: object) -> np.ndarray:
    count = len(people.people.traits)
    rng = np.random.default_rng(0)
    uniform = rng.random((count, habits.UNIFORMS))
    uniform[:, 0] = 0.9  # a usual day
    uniform[:, 1] = 0.999  # without a workout
    before = people.true_rows[:, 39].copy()
    before[:, schema.MOOD] = 1
    given = {
        "traits": people.people.traits,
        "body": people.body_at(np.arange(count), np.full(count, 40)),
        "row_before": before,
        "weekend": np.zeros(count, dtype=bool),
        "weather": np.full(count, SUN),
        "normal": np.zeros((count, habits.NORMALS)),
        "uniform": uniform,
        **changes,
    }
    return habits.habitual_day(**given)  # type: ignore[arg-type]


def log_steps(rows: np.ndarray) -> np.ndarray:
    return np.log(rows[:, schema.STEPS].astype(np.float64))


def test_bad_weather_takes_the_same_share_of_everybodys_steps(small: EmbeddedPeople) -> None:
    wet, dry = day(small, weather=np.full(12, RAIN)), day(small)
    shift = log_steps(wet) - log_steps(dry)
    np.testing.assert_allclose(shift, habits.BAD_WEATHER_ACTIVITY, atol=1e-3)
    assert shift.max() < 0.0
    assert (wet[:, schema.WEATHER] == RAIN).all() and (dry[:, schema.WEATHER] == SUN).all()


def test_weekends_lengthen_the_night_and_shift_steps_by_the_trait(small: EmbeddedPeople) -> None:
    rest, work = day(small, weekend=np.ones(12, dtype=bool)), day(small)
    longer = rest[:, schema.SLEEP] - work[:, schema.SLEEP]
    np.testing.assert_allclose(longer, habits.WEEKEND_SLEEP_HOURS, atol=1e-4)
    shift = trait(small.people.traits, "weekend_shift")
    np.testing.assert_allclose(log_steps(rest) - log_steps(work), shift, atol=1e-3)


def test_a_strained_body_moves_less_and_a_tired_one_sleeps_longer(small: EmbeddedPeople) -> None:
    usual = small.body_at(np.arange(12), np.full(12, 40))
    strained = replace(usual, fatigue=usual.fatigue + habits.LOAD_SD)
    shift = log_steps(day(small, body=strained)) - log_steps(day(small))
    np.testing.assert_allclose(shift, habits.STRAIN_ACTIVITY, atol=1e-3)
    tired = replace(usual, sleep_debt=usual.sleep_debt + 1.0)
    longer = day(small, body=tired)[:, schema.SLEEP] - day(small)[:, schema.SLEEP]
    np.testing.assert_allclose(longer, habits.DEBT_SLEEP_SHARE, atol=1e-4)


def test_a_day_off_is_idle_at_home_after_a_long_night(small: EmbeddedPeople) -> None:
    uniform = np.full((12, habits.UNIFORMS), 0.5)
    uniform[:, 0] = 0.0
    off = day(small, uniform=uniform)
    uniform[:, 0] = 0.9
    usual = day(small, uniform=uniform)
    np.testing.assert_allclose(off[:, schema.STEPS], 0.15 * usual[:, schema.STEPS], rtol=1e-3)
    assert not off[:, [schema.WORKOUT, schema.LOCATION]].any()
    np.testing.assert_allclose(off[:, schema.SLEEP] - usual[:, schema.SLEEP], 1.5, atol=1e-4)


def test_who_lifts_is_at_the_gym_and_who_runs_hardly_ever(
    small: EmbeddedPeople,
) -> None:
    """Whatever the noise that a place is drawn by, on days with a workout of one kind."""
    gym = schema.categories(schema.LOCATION).index("Gym")
    count = np.zeros((schema.FEATURES[schema.WORKOUT].width, 2))
    rng = np.random.default_rng(1)
    for _ in range(300):
        uniform = rng.random((12, habits.UNIFORMS))
        uniform[:, 0], uniform[:, 1] = 0.9, 0.0  # a usual day with a workout
        rows = day(small, uniform=uniform).astype(int)
        kinds, there = rows[:, schema.WORKOUT], rows[:, schema.LOCATION] == gym
        np.add.at(count, (kinds, there.astype(int)), 1)
    shares = count[1:, 1] / count[1:].sum(axis=1)
    share = dict(zip(schema.categories(schema.WORKOUT)[1:], shares, strict=True))
    assert count[0].sum() == 0 and count[1:].sum(axis=1).min() > 50
    assert share["Gym Workout"] > 0.15
    assert 0.01 < share["Yoga"] < 0.1 and 0.01 < share["Swimming"] < 0.1
    assert all(0.0 < share[kind] < 0.02 for kind in ("Walking", "Cycling", "Running"))
