from __future__ import annotations

import numpy as np

from human_wm_env.person import weather
from human_wm_env.person.choices import choose
from human_wm_env.person.weather import WeatherChain


def test_the_chain_keeps_its_climate() -> None:
    np.testing.assert_allclose(weather.TRANSITIONS.sum(axis=1), 1.0, rtol=1e-6)
    np.testing.assert_allclose(weather.CLIMATE @ weather.TRANSITIONS, weather.CLIMATE, rtol=1e-6)
    assert weather.TRANSITIONS[1, 1] == np.float32(0.45 + 0.55 * 0.1)


def test_the_next_day_is_drawn_from_todays_row() -> None:
    table = np.eye(4)[[1, 2, 3, 0]]
    assert WeatherChain(table).next(np.arange(4), np.full(4, 0.5)).tolist() == [1, 2, 3, 0]


def test_unknown_weather_is_drawn_from_the_average_row() -> None:
    table = np.tile([0.5, 0.0, 0.5, 0.0], (4, 1))
    uniform = np.array([0.1, 0.49, 0.51, 0.9])
    assert WeatherChain(table).next(np.full(4, -1), uniform).tolist() == [0, 0, 2, 2]


def test_counting_by_hand() -> None:
    days = np.array([[0, 0, 2, 0, 2, 2.0]])
    seen = np.array([[True, True, True, False, True, True]])
    # Observed 0 0 2 . 2 2: the pairs 0-0, 0-2 and 2-2.
    climate = np.array([2.25, 0.25, 3.25, 0.25]) / 6.0
    table = weather.fit_transitions(days, seen)
    np.testing.assert_allclose(table[0], (np.array([1, 0, 1, 0]) + climate) / 3, rtol=1e-6)
    np.testing.assert_allclose(table[1], climate, rtol=1e-6)
    np.testing.assert_allclose(table[2], (np.array([0, 0, 1, 0]) + climate) / 2, rtol=1e-6)


def test_without_any_weather_the_table_is_flat() -> None:
    table = weather.fit_transitions(np.zeros((2, 9)), np.zeros((2, 9), dtype=bool))
    np.testing.assert_allclose(table, 0.25)


def test_the_chain_is_found_again_from_masked_days() -> None:
    rng = np.random.default_rng(0)
    days = np.zeros((200, 200), dtype=int)
    chain = WeatherChain(weather.TRANSITIONS)
    for day in range(1, 200):
        days[:, day] = chain.next(days[:, day - 1], rng.random(200))
    table = weather.fit_transitions(days.astype(float), rng.random(days.shape) < 0.6)
    np.testing.assert_allclose(table, weather.TRANSITIONS, atol=0.03)


def test_draws_against_numpy() -> None:
    rng = np.random.default_rng(0)
    before = rng.integers(-1, 4, 5000)
    uniform = rng.random(5000, dtype=np.float32)
    chain = WeatherChain(weather.TRANSITIONS)
    drawn = chain.next(before, uniform)
    average = weather.TRANSITIONS.mean(axis=0, keepdims=True)
    table = np.log(np.concatenate([weather.TRANSITIONS, average]) + 1e-12)
    np.testing.assert_array_equal(drawn, choose(table[before], uniform))
    one = [chain.next(before[i : i + 1], uniform[i : i + 1])[0] for i in range(500)]
    np.testing.assert_array_equal(one, drawn[:500])


def test_a_chain_that_never_changes() -> None:
    chain = WeatherChain(np.eye(4))
    uniform = np.array([0.0, 0.3, 0.6, 0.999999], dtype=np.float32)
    assert chain.next(np.arange(4), uniform).tolist() == [0, 1, 2, 3]
    assert [chain.next(np.array([w]), uniform[[w]]).item() for w in range(4)] == [0, 1, 2, 3]


def test_transitions_of_batches_are_those_of_all_people() -> None:
    rng = np.random.default_rng(5)
    days, seen = rng.integers(0, 4, (9, 40)).astype(float), rng.random((9, 40)) < 0.7
    parts = [(days[part], seen[part]) for part in (slice(0, 4), slice(4, 9))]
    whole = weather.fit_transitions(days, seen)
    np.testing.assert_array_equal(weather.transitions_of(parts), whole)
