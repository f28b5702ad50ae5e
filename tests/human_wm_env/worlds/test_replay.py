from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.data.dataset import LogDataset
from human_wm_env.errors import DataError
from human_wm_env.person import actions, schema
from human_wm_env.random_streams import Stream
from human_wm_env.worlds.replay import ReplayWorld
from human_wm_env.worlds.starts import PersonStart
from tests.human_wm_env.conftest import typical_rows

STREAM = Stream((0, 0, 0), (0, 0, 0))


@pytest.fixture(scope="module")
def world(short_logs: LogDataset) -> ReplayWorld:
    return ReplayWorld(short_logs, split="all", horizon=10)


def test_the_log_advances_whatever_the_agent_does(
    world: ReplayWorld, short_logs: LogDataset
) -> None:
    rng = np.random.default_rng(0)
    state, _ = world.reset([PersonStart(0, 20, 0)], [STREAM])
    for day in range(20, 30):
        after = world.step(state, rng.uniform(-1, 1, (1, 7)).astype(np.float32))
        state = after.state
        np.testing.assert_array_equal(state.row[0], short_logs.rows[0, day])
        np.testing.assert_array_equal(after.observation[0, 26:36], short_logs.observed[0, day])
        logged = short_logs.rows[0, day, list(schema.ACTION_FEATURES)]
        np.testing.assert_array_equal(after.extras["action"][0], logged)


def test_the_last_day_of_the_log(world: ReplayWorld, short_logs: LogDataset) -> None:
    start = world.start_from([{"user": "dan", "day": 40}], [PersonStart(0, 20, 0)])[0]
    state, _ = world.reset([start], [STREAM])
    for _ in range(10):
        state = world.step(state, np.zeros((1, 7), dtype=np.float32)).state
    np.testing.assert_array_equal(state.row[0], short_logs.rows[3, 49])
    assert (state.day[0], state.forecast[0]) == (50, -1)  # of day 50 nothing is known
    with pytest.raises(DataError, match=r"14 .* to 40"):
        world.start_from([{"user": "dan", "day": 41}], [PersonStart(0, 20, 0)])


def test_the_forecast_is_the_logged_weather_where_observed(
    world: ReplayWorld, short_logs: LogDataset
) -> None:
    state, _ = world.reset([PersonStart(0, 20, 0)], [STREAM])
    for day in range(20, 30):
        seen = short_logs.observed[0, day, schema.WEATHER]
        assert state.forecast[0] == (short_logs.rows[0, day, schema.WEATHER] if seen else -1)
        state = world.step(state, np.zeros((1, 7), dtype=np.float32)).state


def test_foreseeing_the_log_exactly_earns_everything(world: ReplayWorld) -> None:
    rng = np.random.default_rng(0)
    wanted = rng.uniform(-1, 1, (10, 7)).astype(np.float32)
    rows = typical_rows(1, 60)
    rows[0, 20:30] = actions.decode(wanted)
    rows[0, 20:30, schema.HEART_RATE] = 70
    logs = LogDataset.from_arrays(rows, np.ones(rows.shape, dtype=bool))
    exact = ReplayWorld(logs, split="all", horizon=10)
    state, _ = exact.reset([PersonStart(0, 20, 0)], [STREAM])
    for action in wanted:
        after = exact.step(state, action[None])
        assert after.components[0, 0] == pytest.approx(1.0, abs=1e-5)
        worse = exact.step(state, -action[None])
        assert worse.components[0, 0] < 0.9
        state = after.state


def test_foresight_is_its_only_component(world: ReplayWorld) -> None:
    assert world.component_names == ("foresight",)
    assert world.default_weights == {"foresight": 1.0}


def test_a_callers_history_has_no_future(world: ReplayWorld) -> None:
    log = np.zeros((20, 10)), np.ones((20, 10), dtype=bool)
    with pytest.raises(DataError, match="needs the days after the start"):
        world.start_from([{"history": log}], [PersonStart(0, 20, 0)])
