from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from human_wm_env.data.dataset import LogDataset
from human_wm_env.errors import ConfigError, DataError, InvalidActionError
from human_wm_env.people.embedded import EmbeddedPeople
from human_wm_env.person import schema
from human_wm_env.person.actions import decode_day, follow
from human_wm_env.person.history import History
from human_wm_env.random_streams import Stream
from human_wm_env.settings import whole_number
from human_wm_env.worlds.person_world import PersonWorld
from human_wm_env.worlds.replay import ReplayWorld
from human_wm_env.worlds.reset_options import checked_history
from human_wm_env.worlds.simulator import SimulatorWorld
from human_wm_env.worlds.starts import PersonStart
from human_wm_env.worlds.world import take
from tests.human_wm_env.conftest import typical_rows

DRAWN = PersonStart(user=3, day=40, branch=9)


@pytest.fixture(scope="module")
def world(small: EmbeddedPeople) -> SimulatorWorld:
    return SimulatorWorld(small, split="all", horizon=10)


def streams(count: int, seed: int = 0) -> list[Stream]:
    return [Stream((seed, 0, 0), (seed, slot, 0)) for slot in range(count)]


# Starts ---------------------------------------------------------------------------


def test_options_are_applied(world: SimulatorWorld) -> None:
    assert world.start_from([{}], [DRAWN])[0] == DRAWN
    nothing = {"user": None, "day": None, "branch": None, "history": None, "start_weekday": None}
    assert world.start_from([nothing], [DRAWN])[0] == DRAWN
    start = world.start_from(
        [{"user": np.str_("p007"), "day": np.int64(50), "branch": 124}], [DRAWN]
    )[0]
    assert start == PersonStart(7, 50, 124)
    assert all(type(value) is int for value in (start.user, start.day, start.branch))


def test_numbers_are_user_ids_where_the_ids_are_numbers() -> None:
    rows = typical_rows(12, 60)
    world = ReplayWorld(LogDataset.from_arrays(rows, np.ones(rows.shape, dtype=bool)), split="all")
    for user in (11, "11", np.str_("11"), np.int64(11)):
        assert world.start_from([{"user": user, "day": 20}], [DRAWN])[0].user == 11


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"users": "p001"}, ConfigError, "Did you mean 'user'"),
        ({3: "p001"}, ConfigError, "Choose one of"),
        ({"user": "p999"}, DataError, "'p999'"),
        ({"day": 13}, DataError, "from 14"),
        ({"day": 121}, DataError, "to 120"),
        ({"day": -1}, DataError, "day -1"),
        ({"day": 14.5}, ConfigError, "day as a whole number"),
        ({"day": "monday"}, ConfigError, "day as a whole number"),
        ({"branch": 125}, ConfigError, "from 0 to 124"),
        ({"branch": -1}, ConfigError, "from 0 to 124"),
        ({"branch": 1.5}, ConfigError, "branch as a whole number"),
        ({"start_weekday": 2}, ConfigError, "together with a history"),
        (
            {"history": (np.zeros((20, 10)), np.ones((20, 10), dtype=bool))},
            DataError,
            "true traits",
        ),
    ],
)
def test_impossible_options_are_refused(
    world: SimulatorWorld, options: dict[Any, Any], kind: type, message: str
) -> None:
    with pytest.raises(kind, match=message):
        world.start_from([options], [DRAWN])


def test_random_starts_are_people_of_the_split(small: EmbeddedPeople) -> None:
    for split in ("train", "validation", "test"):
        world = SimulatorWorld(small, split=split, horizon=10)
        rng = np.random.default_rng(0)
        starts = [world.draw_start(rng) for _ in range(300)]
        assert {start.user for start in starts} == set(small.dataset.users_of(split).tolist())
        days = [start.day for start in starts]
        assert set(days) == set(world.start_days(starts[0].user).tolist())
        assert (min(days), max(days)) == (14, 105)
        branches = {start.branch for start in starts}
        assert min(branches) >= 0 and max(branches) <= 124 and len(branches) > 50
        assert world.at_branch(starts[0], 7) == dataclasses.replace(starts[0], branch=7)


def test_every_random_start_is_a_legal_one(short_logs: LogDataset) -> None:
    world = ReplayWorld(short_logs, split="all", horizon=10)
    rng = np.random.default_rng(0)
    starts = [world.draw_start(rng) for _ in range(500)]
    assert all(world.start_from([{}], [start])[0] == start for start in starts)
    # Bob logged too little, Cem nothing before day 30.
    assert {start.user for start in starts} == {0, 2, 3}
    assert min(start.day for start in starts if start.user == 2) == 35
    assert max(start.day for start in starts if start.user == 3) == 35


def test_start_days_are_whole_weeks_within_the_log(
    world: SimulatorWorld, short_logs: LogDataset
) -> None:
    assert world.start_days(0).tolist() == [14, 28, 42, 56, 63, 77, 91, 105]
    short = ReplayWorld(short_logs, split="all", horizon=10)
    assert short.start_days(2).tolist() == [35, 42, 49]  # nothing observed before day 30
    # No whole week lies between the 31st day and the end.
    assert ReplayWorld(short_logs, split="all", horizon=28).start_days(2).tolist() == [31]


def test_no_person_to_start_from(short_logs: LogDataset) -> None:
    world = ReplayWorld(short_logs, split="all", horizon=59)
    with pytest.raises(DataError, match=r"14 days of history and 59 days after them"):
        world.draw_start(np.random.default_rng(0))


def test_a_chosen_user_moves_the_drawn_day_into_their_log(short_logs: LogDataset) -> None:
    world = ReplayWorld(short_logs, split="all", horizon=10)
    assert world.start_from([{"user": "cem"}], [PersonStart(0, 15, 0)])[0].day == 31
    assert world.start_from([{"user": "dan"}], [PersonStart(0, 50, 0)])[0].day == 40
    with pytest.raises(DataError, match="'bob'"):
        world.start_from([{"user": "bob"}], [PersonStart(0, 15, 0)])


def test_a_history_without_anything_observed_is_refused(short_logs: LogDataset) -> None:
    world = ReplayWorld(short_logs, split="all", horizon=10)
    with pytest.raises(DataError, match="0 observed cells"):
        world.start_from([{"user": "cem", "day": 30}], [DRAWN])


# A caller's history -----------------------------------------------------------------


def own_log(days: int = 20) -> tuple[np.ndarray, np.ndarray]:
    return typical_rows(days), np.ones((days, 10), dtype=bool)


def from_history(world: PersonWorld[Any], **options: Any) -> PersonStart:
    return PersonWorld.start_from(world, [options], [DRAWN])[0]


def test_a_history_starts_on_the_day_after_it(world: SimulatorWorld) -> None:
    start = from_history(world, history=own_log(), start_weekday=6, branch=3)
    assert (start.user, start.day, start.branch) == (-1, 20, 3)
    assert start.history is not None and start.history.weekday[1] == 0
    unknown = from_history(world, history=own_log()).history
    assert unknown is not None and unknown.weekday.tolist() == [-1] * 20


def test_a_ready_history_is_checked_and_copied(world: SimulatorWorld) -> None:
    given = History.from_arrays(*own_log(), 2)
    kept = from_history(world, history=given).history
    assert kept is not None and kept.weekday.tolist() == given.weekday.tolist()
    given.rows[:] = 7.0
    np.testing.assert_array_equal(kept.rows, typical_rows(20))
    rows, observed = own_log()
    with pytest.raises(DataError, match="nan"):
        checked_history(History(rows + np.nan, observed, np.zeros(20)), None)
    with pytest.raises(DataError, match=r"20 weekdays"):
        checked_history(History(rows, observed, np.zeros(19)), None)


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"history": own_log(), "user": "p001"}, ConfigError, "either a history or"),
        ({"history": own_log(), "day": 20}, ConfigError, "either a history or"),
        ({"history": own_log(13)}, DataError, "13 days"),
        (
            {"history": (np.zeros((20, 10)), np.zeros((20, 10), dtype=bool))},
            DataError,
            "0 observed",
        ),
        ({"history": own_log(), "start_weekday": 7}, DataError, "weekdays from 0"),
        ({"history": own_log(), "start_weekday": "Monday"}, ConfigError, "whole number"),
        (
            {"history": History.from_arrays(*own_log()), "start_weekday": 1},
            ConfigError,
            "Leave start_weekday out",
        ),
        ({"history": np.zeros((20, 10))}, DataError, "ndarray"),
        ({"history": "log.csv"}, DataError, "str"),
    ],
)
def test_impossible_histories_are_refused(
    world: SimulatorWorld, options: dict[str, Any], kind: type, message: str
) -> None:
    with pytest.raises(kind, match=message):
        from_history(world, **options)


# Construction -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"horizon": 0}, "at least 1 day"),
        ({"horizon": 2.5}, "horizon as a whole number"),
        ({"adherence": 1.1}, "adherence"),
        ({"adherence": np.nan}, "adherence"),
        ({"weather": "sunny"}, 'weather "chain" or "log"'),
        ({"masking": 1.0}, "masking"),
    ],
)
def test_impossible_settings_are_refused(
    small: EmbeddedPeople, setting: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        SimulatorWorld(small, **setting)


# Reset and step -----------------------------------------------------------------------


def test_the_first_observation_is_the_logged_eve(
    world: SimulatorWorld, small: EmbeddedPeople
) -> None:
    state, observation = world.reset([DRAWN], streams(1))
    np.testing.assert_array_equal(state.row[0], small.dataset.rows[3, 39])
    np.testing.assert_array_equal(observation[0, 26:36], small.dataset.observed[3, 39])
    assert state.weekday[0] == small.dataset.weekday[3, 40]
    assert observation[0, -1] == 1.0


def test_the_start_reads_no_later_row(small: EmbeddedPeople) -> None:
    logs = small.dataset
    later = logs.observed.copy()
    later[:, 40:] = False
    blind = dataclasses.replace(small, dataset=dataclasses.replace(logs, observed=later))
    both = [
        SimulatorWorld(people, split="all").reset([DRAWN], streams(1)) for people in (small, blind)
    ]
    np.testing.assert_array_equal(both[0][1], both[1][1])
    np.testing.assert_array_equal(both[0][0].baseline.habit, both[1][0].baseline.habit)


def test_an_unknown_weekday_stays_unknown(short_logs: LogDataset) -> None:
    world = ReplayWorld(short_logs, split="all", horizon=3)
    state, observation = world.reset([PersonStart(2, 40, 0), PersonStart(1, 17, 0)], streams(2))
    for _ in range(3):
        assert state.weekday[0] == -1 and not observation[0, 36:38].any()
        after = world.step(state, np.zeros((2, 7), dtype=np.float32))
        state, observation = after.state, after.observation
    assert state.weekday[1] == (6 + 20) % 7


def test_a_batch_equals_its_slots_alone(world: SimulatorWorld) -> None:
    starts = [PersonStart(user, 30 + 5 * user, user) for user in range(6)]
    rng = np.random.default_rng(0)
    actions = rng.uniform(-1, 1, (10, 6, 7)).astype(np.float32)
    state, observation = world.reset(starts, streams(6))
    alone = [world.reset([start], [streams(6)[slot]]) for slot, start in enumerate(starts)]
    for slot, (_, first) in enumerate(alone):
        np.testing.assert_allclose(first[0], observation[slot], atol=1e-5)
    states = [one for one, _ in alone]
    for day in range(10):
        after = world.step(state, actions[day])
        state = after.state
        for slot in range(6):
            single = world.step(states[slot], actions[day, slot : slot + 1])
            states[slot] = single.state
            np.testing.assert_allclose(single.observation[0], after.observation[slot], atol=1e-5)
            np.testing.assert_allclose(single.components[0], after.components[slot], atol=1e-5)


def test_a_planner_can_branch_from_any_state(world: SimulatorWorld) -> None:
    state, _ = world.reset([DRAWN, PersonStart(5, 60, 1)], streams(2))
    state = world.step(state, np.zeros((2, 7), dtype=np.float32)).state
    action = np.random.default_rng(0).uniform(-1, 1, (2, 7)).astype(np.float32)
    expected = world.step(state, action)
    tiled = world.step(take(state, np.array([1, 1, 0])), action[[1, 1, 0]])
    np.testing.assert_allclose(tiled.observation, expected.observation[[1, 1, 0]], atol=1e-5)
    again = world.step(state, action)  # stepping did not write into the state
    np.testing.assert_array_equal(again.observation, expected.observation)


def test_following_by_hand() -> None:
    action = np.ones((3, 7), dtype=np.float32)
    chosen = decode_day(action)
    habit, uniform = np.zeros((3, 10), dtype=np.float32), np.array([0.0, 0.49, 0.5])
    for adherence, followed in ((0.5, [1, 1, 0]), (0.0, [0, 0, 0]), (1.0, [1, 1, 1])):
        day = follow(adherence, uniform, action, habit)
        np.testing.assert_array_equal(day, chosen * followed)
    assert not follow(0.0, uniform, None, habit).any()


def test_whole_numbers() -> None:
    assert whole_number(np.int64(3), "day") == 3
    with pytest.raises(ConfigError, match="day as a whole number"):
        whole_number(3.0, "day")


def test_the_executed_action_is_in_raw_units(world: SimulatorWorld) -> None:
    state, _ = world.reset([DRAWN], streams(1))
    after = world.step(state, np.zeros((1, 7), dtype=np.float32))
    # Sleep, workout (Swimming), location (Other), steps, then minutes last.
    assert after.extras["action"][0, [0, 1, 2, 3, 6]].tolist() == [7, 3, 2, 7680, 240]
    assert schema.ACTION_FEATURES[3] == schema.STEPS


@pytest.mark.parametrize("rows", [1, 2, 4])
def test_a_step_takes_one_action_per_slot(world: SimulatorWorld, rows: int) -> None:
    state, _ = world.reset([DRAWN] * 3, streams(3))
    with pytest.raises(InvalidActionError, match="one row per slot"):
        world.step(state, np.zeros((rows, 7), dtype=np.float32))
