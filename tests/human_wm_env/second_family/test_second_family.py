"""The second family: its structures, pairs, gaps, and the estimator that knows the equations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from human_wm_env.errors import ConfigError
from human_wm_env.person import feasible, schema
from human_wm_env.second_family.effects import POLICIES, REST, exact_effects
from human_wm_env.second_family.people import draw_people
from human_wm_env.second_family.reference import reference_effects
from human_wm_env.second_family.simulate import (
    Policy,
    begin,
    lose_cells,
    policy_row,
    simulate,
)
from human_wm_env.second_family.structure import (
    HELD_OUT_MEMBERS,
    MEMBERS,
    MOOD_ORDER,
    draw_structure,
)

STRUCTURES = [draw_structure(member) for member in range(MEMBERS)]


def test_members_differ_in_structure() -> None:
    assert MEMBERS >= 8 and len(HELD_OUT_MEMBERS) == 3
    for name in ("sleep_shape", "morning_states", "heavy_tails"):
        assert len({getattr(each, name) for each in STRUCTURES}) > 1
    assert any(each.habituation for each in STRUCTURES)
    assert any(each.feedback for each in STRUCTURES)
    taus = np.stack([each.tau_days for each in STRUCTURES])
    assert taus.min() >= 1.0 and taus.max() <= 60.0
    with pytest.raises(ConfigError, match="member"):
        draw_structure(MEMBERS)


@pytest.mark.parametrize("member", [0, 5])
def test_a_seed_replays_and_days_are_feasible(member: int) -> None:
    structure = STRUCTURES[member]
    people = draw_people(structure, 7, 1)
    state = begin(structure, people, 1)
    one, two = (simulate(structure, people, state, 40, np.random.default_rng(2)) for _ in "ab")
    assert np.array_equal(one.rows, two.rows)
    flat = one.rows.reshape(-1, schema.FEATURE_COUNT)
    np.testing.assert_allclose(feasible.project(flat), flat, rtol=1e-5)
    observed = lose_cells(structure, one.rows, np.random.default_rng(3))
    assert 0.3 < observed.mean() < 0.9


def test_pairs_share_their_noise() -> None:
    structure = STRUCTURES[2]
    people = draw_people(structure, 5, 1)
    state = begin(structure, people, 1)
    effects = exact_effects(
        structure, people, state, {"rest": REST, "sleep": Policy(sleep_hours=6.0)}, days=10
    )
    assert not effects["rest"].any()
    assert effects["sleep"].shape == (2, 5, 10)
    # Linear in the personal coefficient of sleep, whatever the noise: a threshold is below 7.8 h.
    drop = structure.drivers(policy_row(Policy(sleep_hours=6.0)))[0]
    drop = drop - structure.drivers(policy_row(REST))[0]
    arrived = 1.0 - structure.decay[0] ** np.arange(1, 11)
    expected = people.coefficients[0, :, 0][:, None] * drop * arrived
    np.testing.assert_allclose(effects["sleep"][0], expected, rtol=1e-6)


def test_who_knows_the_equations_finds_the_effects() -> None:
    structure = STRUCTURES[0]
    people = draw_people(structure, 40, 9)
    state = begin(structure, people, 9)
    days = simulate(structure, people, state, 300, np.random.default_rng(4))
    observed = lose_cells(structure, days.rows, np.random.default_rng(5))
    chosen = {name: POLICIES[name] for name in ("sleep 1 h more", "run 60 min")}
    true = exact_effects(structure, people, days.state, chosen)
    found = reference_effects(structure, days.rows, observed, chosen, draws=50)
    slept = true["sleep 1 h more"][0].mean(axis=1), found["sleep 1 h more"][0].mean(axis=(1, 2))
    assert np.corrcoef(*slept)[0, 1] > 0.9
    assert abs(slept[0].mean() / slept[1].mean() - 1.0) < 0.15
    felt = true["run 60 min"][1].mean(axis=1), found["run 60 min"][1].mean(axis=(1, 2))
    assert np.corrcoef(*felt)[0, 1] > 0.4


@pytest.mark.parametrize("member", [0, 3])
def test_people_are_spread_as_the_structure_says(member: int) -> None:
    structure = STRUCTURES[member]
    people = draw_people(structure, 4000, 1)
    for state, own in enumerate(structure.states):
        scaled = (people.coefficients[state] - own.mean) / own.sd
        base = (people.base[state] - own.base_mean) / own.base_sd
        for numbers in (*scaled.T, base):
            assert abs(numbers.mean()) < 0.08 and abs(numbers.std() - 1.0) < 0.05


def test_bad_days_open_more_gaps_and_good_ones_fewer_by_the_same_share() -> None:
    structure = replace(
        STRUCTURES[0],
        day_missing=0.2,
        gap_persistence=0.0,
        cell_missing=0.0,
        mood_missingness=0.5,
    )
    rows = np.zeros((400, 400, schema.FEATURE_COUNT), dtype=np.float32)
    worst, best = MOOD_ORDER[0], MOOD_ORDER[-1]
    rows[:, ::2, schema.MOOD], rows[:, 1::2, schema.MOOD] = worst, best
    lost = ~lose_cells(structure, rows, np.random.default_rng(0)).any(axis=2)
    # After a day that was kept: a quarter more or less often than 0.2 / 0.8.
    after_kept = [lost[:, day][~lost[:, day - 1]] for day in range(1, 400)]
    bad, good = (np.concatenate(after_kept[first::2]).mean() for first in (1, 0))
    assert bad == pytest.approx(0.25 * 1.25, abs=0.01)
    assert good == pytest.approx(0.25 * 0.75, abs=0.01)


def test_where_people_are_and_what_they_do_are_drawn_apart() -> None:
    structure = replace(STRUCTURES[0], feedback=0.0)
    people = draw_people(structure, 1, 1)
    habits = people.habits
    people = replace(
        people,
        habits=replace(
            habits,
            kinds=np.full_like(habits.kinds, 1.0 / habits.kinds.shape[1]),
            locations=np.full_like(habits.locations, 1.0 / habits.locations.shape[1]),
            workout_share=np.ones(1),
        ),
    )
    days = simulate(structure, people, begin(structure, people, 1), 3000, np.random.default_rng(0))
    kind, place = (
        days.rows[0, :, index].astype(int) for index in (schema.WORKOUT, schema.LOCATION)
    )
    table = np.zeros((7, 5))
    np.add.at(table, (kind, place), 1)
    table = table[table.sum(axis=1) > 0]
    assert stats.chi2_contingency(table).pvalue > 1e-3
