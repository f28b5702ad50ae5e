from __future__ import annotations

import numpy as np

from human_wm_env.person import weather
from human_wm_env.person.weather_chain import WeatherChain


def test_the_draws_of_the_embedded_people() -> None:
    rng = np.random.default_rng(0)
    before = rng.integers(-1, 4, 5000)
    uniform = rng.random(5000, dtype=np.float32)
    chain = WeatherChain(weather.TRANSITIONS)
    drawn = chain.next(before, uniform)
    np.testing.assert_array_equal(drawn, weather.next_weather(before, weather.TRANSITIONS, uniform))
    one = [chain.next(before[i : i + 1], uniform[i : i + 1])[0] for i in range(500)]
    np.testing.assert_array_equal(one, drawn[:500])


def test_a_chain_that_never_changes() -> None:
    chain = WeatherChain(np.eye(4))
    uniform = np.array([0.0, 0.3, 0.6, 0.999999], dtype=np.float32)
    assert chain.next(np.arange(4), uniform).tolist() == [0, 1, 2, 3]
    assert [chain.next(np.array([w]), uniform[[w]]).item() for w in range(4)] == [0, 1, 2, 3]
