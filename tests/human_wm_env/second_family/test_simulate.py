"""Days of habit and of policies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from human_wm_env.person import feasible, schema
from human_wm_env.response.ordinal import normal_cdf
from human_wm_env.second_family.people import KINDS, FamilyPeople, draw_people
from human_wm_env.second_family.simulate import (
    CLIMATE,
    LifeState,
    Policy,
    _habitual_row,
    begin,
    lose_cells,
    policy_row,
    simulate,
)
from human_wm_env.second_family.structure import (
    MEMBERS,
    MOOD_ORDER,
    WORKOUTS,
    Structure,
    draw_structure,
    is_bad_weather,
)

STRUCTURES = [draw_structure(member) for member in range(MEMBERS)]


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


def lived(days: int = 400, people: int = 30, **changes: Any) -> tuple[Structure, FamilyPeople, Any]:
    structure = replace(STRUCTURES[0], **changes)
    who = draw_people(structure, people, 1)
    state = begin(structure, who, 1)
    return structure, who, simulate(structure, who, state, days, np.random.default_rng(0))


def test_a_policy_is_done_every_day() -> None:
    structure, policy = STRUCTURES[1], Policy(8.5, 70.0, 9000.0, "Running", "Park")
    people = draw_people(structure, 6, 1)
    state = begin(structure, people, 1)
    rows = simulate(structure, people, state, 20, np.random.default_rng(0), policy).rows
    alone = policy_row(policy)
    chosen = [schema.SLEEP, schema.MINUTES, schema.STEPS, schema.WORKOUT, schema.LOCATION]
    np.testing.assert_allclose(rows[..., chosen], np.broadcast_to(alone[chosen], (6, 20, 5)))
    assert schema.categories(schema.LOCATION)[int(alone[schema.LOCATION])] == "Park"
    assert alone[schema.SLEEP] == 8.5 and alone[schema.MINUTES] == 70.0
    run = np.array([WORKOUTS.index("Running")])
    km = feasible.implied_distance_km(np.array([9000.0]), run)[0]
    kcal = feasible.implied_calories_kcal(np.array([9000.0]), np.array([70.0]), run)[0]
    assert alone[schema.DISTANCE] == pytest.approx(km, rel=1e-5)
    assert alone[schema.CALORIES] == pytest.approx(kcal, rel=1e-5)
    assert abs(rows[..., schema.DISTANCE].mean() / km - 1.0) < 0.03
    assert abs(rows[..., schema.DISTANCE].std() / km - 0.08) < 0.015
    assert abs(rows[..., schema.CALORIES].std() - 150.0) < 25.0


def test_weather_has_its_climate_and_lasts() -> None:
    _, _, days = lived()
    weather = days.rows[..., schema.WEATHER].astype(int)
    shares = np.bincount(weather.ravel(), minlength=4) / weather.size
    np.testing.assert_allclose(shares, CLIMATE, atol=0.02)
    same = (weather[:, 1:] == weather[:, :-1]).mean()
    assert same == pytest.approx(0.4 + 0.6 * (CLIMATE**2).sum(), abs=0.02)


@pytest.mark.parametrize("heavy", [True, False])
def test_the_heart_rates_noise_is_slow_and_white(heavy: bool) -> None:
    structure, _, days = lived(heavy_tails=heavy)
    rate, own = days.rows[..., schema.HEART_RATE], structure.heart_rate
    noise = rate - days.expected[0]
    assert noise.mean() == pytest.approx(0.0, abs=0.15)
    assert noise.var() == pytest.approx(own.slow_sd**2 + own.white_sd**2, rel=0.1)
    lagged = (noise[:, 1:] * noise[:, :-1]).mean()
    assert lagged == pytest.approx(own.persistence * own.slow_sd**2, rel=0.15)
    tails = stats.kurtosis(noise.ravel())
    assert (tails > 0.5) if heavy else abs(tails) < 0.2


def test_moods_follow_the_latent_mood() -> None:
    structure, _, days = lived()
    order = np.argsort(np.array(MOOD_ORDER))
    level = order[days.rows[..., schema.MOOD].astype(int)]
    for place, cutpoint in enumerate(structure.cutpoints):
        likely = 1.0 - normal_cdf(cutpoint - days.expected[1])
        assert (level > place).mean() == pytest.approx(likely.mean(), abs=0.01)


def test_what_is_expected_is_linear_in_the_channels() -> None:
    """Memory and channels are worked out again from the rows."""
    structure, people, first = lived(20)
    after = simulate(structure, people, first.state, 15, np.random.default_rng(3))
    memory = first.state.memory
    for day in range(15):
        row = after.rows[:, day]
        moved = structure.decay * memory + (1.0 - structure.decay) * structure.drivers(row)
        channels = structure.channels(memory, moved, is_bad_weather(row))
        expected = people.base[0] + (people.coefficients[0] * channels).sum(axis=1)
        np.testing.assert_allclose(after.expected[0, :, day], expected, rtol=1e-9)
        memory = moved
    np.testing.assert_allclose(after.state.memory, memory)
    np.testing.assert_array_equal(after.state.weather, after.rows[:, -1, schema.WEATHER])
    np.testing.assert_array_equal(after.state.weekday, (first.state.weekday + 15) % 7)
    np.testing.assert_array_equal(after.start_weekday, first.state.weekday)
    np.testing.assert_allclose(after.state.latent_mood, after.expected[1, :, -1])


def test_slow_waves_and_the_moods_noise_last() -> None:
    structure, people, days = lived(1)
    states = [days.state]
    for seed in range(300):
        rng = np.random.default_rng(seed)
        states.append(simulate(structure, people, states[-1], 1, rng).state)
    phase = np.stack([state.phase for state in states])
    assert (phase[1:] * phase[:-1]).mean() / (phase**2).mean() == pytest.approx(0.97, abs=0.015)
    assert phase.var() == pytest.approx(1.0, abs=0.3)
    for index, own in enumerate(structure.states):
        slow = np.stack([state.slow_noise[index] for state in states])
        assert slow.std() == pytest.approx(own.slow_sd, rel=0.1)


def habit_of(
    weekday: int,
    uniform: float = 0.5,
    latent: float = 0.0,
    training: float = 0.0,
    moving: float = 0.0,
) -> np.ndarray:
    """Return a day of habit without noise, of one person who works out on 60% of the days."""
    structure, one = replace(STRUCTURES[0], feedback=0.5), np.ones(1)
    people = draw_people(structure, 1, 1)
    usual = {"sleep_hours": 7.0, "sleep_sd": 1.0, "weekend_sleep": 0.5, "workout_share": 0.6}
    usual |= {"workout_minutes": 40.0, "other_minutes": 20.0, "other_steps": 5000.0}
    usual |= {"unusual_share": 0.1}
    habits = replace(
        people.habits,
        **{name: value * one for name, value in usual.items()},
        kinds=np.eye(people.habits.kinds.shape[1])[[0]],
        locations=np.eye(people.habits.locations.shape[1])[[2]],
    )
    state = LifeState(
        *(np.zeros((1, 5)), np.zeros((2, 1)), np.zeros(1, dtype=int), latent * one),
        *(np.array([[training, moving]]), np.array([weekday])),
    )
    people, drawn = replace(people, habits=habits), np.full((1, 8), uniform)
    return _habitual_row(structure, people, state, np.zeros((1, 12)), drawn)[0]


def test_a_day_of_habit_by_hand() -> None:
    none, first = WORKOUTS.index("None"), int(KINDS[0])
    usual = habit_of(2)
    assert usual[schema.SLEEP] == 7.0 and usual[schema.MINUTES] == 60.0
    assert (usual[schema.WORKOUT], usual[schema.LOCATION]) == (first, 2)
    cadence = 110.0 if WORKOUTS[first] in ("Running", "Walking") else 30.0
    assert usual[schema.STEPS] == 5000.0 + cadence * 40.0
    assert [habit_of(day)[schema.SLEEP] for day in (4, 5, 6)] == [7.0, 7.5, 7.5]
    idle = habit_of(2, uniform=0.65)
    assert (idle[schema.WORKOUT], idle[schema.MINUTES], idle[schema.STEPS]) == (none, 20.0, 5000.0)
    low = habit_of(2, 0.55, latent=-2.0)  # 0.5 * -2: 0.4 h less sleep, a tenth fewer workouts
    assert low[schema.SLEEP] == pytest.approx(6.6) and low[schema.WORKOUT] == none
    assert habit_of(2, uniform=0.65, training=1.0)[schema.WORKOUT] == first
    more = habit_of(2, uniform=0.65, moving=1.0)
    assert more[schema.MINUTES] == pytest.approx(20.0 * np.exp(0.15))
    assert more[schema.STEPS] == pytest.approx(5000.0 * np.exp(0.2))
    assert habit_of(2, uniform=0.08)[schema.SLEEP] == pytest.approx(4.5 + 5.5 * 0.08)
