"""People of one member are spread around what they share."""

from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.person import schema
from human_wm_env.second_family.people import KINDS, draw_people
from human_wm_env.second_family.structure import MEMBERS, draw_structure

STRUCTURES = [draw_structure(member) for member in range(MEMBERS)]


@pytest.mark.parametrize("member", [0, 3])
def test_people_are_spread_as_the_structure_says(member: int) -> None:
    structure = STRUCTURES[member]
    people = draw_people(structure, 4000, 1)
    for state, own in enumerate(structure.states):
        scaled = (people.coefficients[state] - own.mean) / own.sd
        base = (people.base[state] - own.base_mean) / own.base_sd
        for numbers in (*scaled.T, base):
            assert abs(numbers.mean()) < 0.08 and abs(numbers.std() - 1.0) < 0.05


def test_habits_by_their_distributions() -> None:
    people = draw_people(STRUCTURES[1], 4000, 2)
    habits, workouts = people.habits, schema.categories(schema.WORKOUT)
    assert people.count == 4000
    assert [workouts[kind] for kind in KINDS] == [name for name in workouts if name != "None"]
    for name, mean, spread in (("sleep_hours", 7.2, 0.6), ("weekend_sleep", 0.5, 0.3)):
        values = getattr(habits, name)
        assert abs(values.mean() - mean) < 0.03 and abs(values.std() - spread) < 0.03
    assert abs(habits.workout_share.mean() - 0.4) < 0.02  # beta(2, 3)
    assert abs(habits.workout_share.var() - 0.04) < 0.005
    for name, middle, spread in (
        ("workout_minutes", 3.5, 0.35),
        ("other_minutes", 3.7, 0.4),
        ("other_steps", 8.6, 0.35),
    ):
        logs = np.log(getattr(habits, name))
        assert abs(np.median(logs) - middle) < 0.04 and abs(logs.std() - spread) < 0.03
    for shares, alpha in ((habits.kinds, 0.7), (habits.locations, 0.8)):
        count = shares.shape[1]
        np.testing.assert_allclose(shares.sum(axis=1), 1.0)
        np.testing.assert_allclose(shares.mean(axis=0), 1.0 / count, atol=0.03)
        variance = (1.0 / count) * (1.0 - 1.0 / count) / (count * alpha + 1.0)
        np.testing.assert_allclose(shares.var(axis=0), variance, rtol=0.12)
    for name, low, high in (("sleep_sd", 0.6, 1.2), ("unusual_share", 0.05, 0.2)):
        values = getattr(habits, name)
        assert low <= values.min() < low + 0.01 and high - 0.01 < values.max() <= high


def test_a_seed_draws_the_same_people_and_another_one_others() -> None:
    one, again, other = (draw_people(STRUCTURES[1], 5, seed) for seed in (2, 2, 3))
    np.testing.assert_array_equal(one.base, again.base)
    assert (one.base != other.base).all()
