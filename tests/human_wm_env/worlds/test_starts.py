"""Where random episodes begin, and what a caller may ask for, by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from human_wm_env.data.dataset import LogDataset
from human_wm_env.errors import ConfigError, DataError
from human_wm_env.worlds.starts import LoggedStarts, PersonStart
from tests.human_wm_env.conftest import typical_rows


def logs(*, days: int = 120, first: int = 0, length: int | None = None) -> LogDataset:
    """Two people; the second is observed from a first day on, and logged for a length."""
    rows = typical_rows(2, days)
    observed = np.ones(rows.shape, dtype=bool)
    observed[1, :first] = False
    observed[1, days if length is None else length :] = False
    return LogDataset.from_arrays(rows, observed, user_ids=["ann", "bob"])


def starts(dataset: LogDataset, horizon: int = 30, *, replay: bool = False) -> LoggedStarts:
    return LoggedStarts(dataset, split="all", horizon=horizon, needs_logged_future=replay)


def test_whole_weeks_spread_over_the_log() -> None:
    found = starts(logs()).days_of(0)
    assert len(found) <= 8 and not (found % 7).any() and (np.diff(found) > 0).all()
    assert found[0] == 14 and found[-1] == 84  # 90 is the last day that leaves 30
    late = starts(logs(first=40)).days_of(1)
    assert late[0] == 42 and late[-1] == 84  # 41 is the first day with a history
    few = starts(logs(days=16), 30).days_of(0)
    assert few.tolist() == [14]  # too short for its horizon: begun all the same


def test_draws_are_of_start_days_and_all_branches() -> None:
    made, rng = starts(logs()), np.random.default_rng(0)
    drawn = [made.draw(rng) for _ in range(2000)]
    for user in (0, 1):
        days = {one.day for one in drawn if one.user == user}
        assert days == set(made.days_of(user).tolist())
    assert {one.branch for one in drawn} == set(range(125))
    assert all(one.history is None for one in drawn)


def test_the_replay_needs_days_to_come() -> None:
    short = starts(logs(days=40), 30, replay=True)
    with pytest.raises(DataError, match=r"and 30 days after them.*at most 40 days"):
        short.draw(np.random.default_rng(0))
    fits = starts(logs(days=44), 30, replay=True)
    assert fits.draw(np.random.default_rng(0)).day == 14
    with pytest.raises(DataError, match=r"from 14 .enough history. to 14 for user 'ann'"):
        fits.from_options([{"user": "ann", "day": 15}], [PersonStart(0, 14, 0)])


def asked(options: dict[str, Any], drawn: PersonStart | None = None) -> PersonStart:
    (found,) = starts(logs(first=40)).from_options([options], [drawn or PersonStart(0, 77, 3)])
    return found


def test_options_by_hand() -> None:
    assert asked({}) == PersonStart(0, 77, 3)
    assert asked({"branch": 124}) == PersonStart(0, 77, 124)
    assert asked({"user": "bob"}) == PersonStart(1, 77, 3)
    assert asked({"user": "bob"}, PersonStart(0, 14, 3)) == PersonStart(1, 41, 3)  # moved inside
    assert asked({"user": "bob"}, PersonStart(0, 99, 3)) == PersonStart(1, 90, 3)
    assert asked({"day": 120}) == PersonStart(0, 120, 3)  # the day after the log
    assert asked({"user": "bob", "day": 50, "branch": 0}) == PersonStart(1, 50, 0)


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"usr": "bob"}, ConfigError, "Did you mean 'user'"),
        ({"user": "bo"}, DataError, "bob"),
        ({"day": 13}, DataError, "a start day from 14"),
        ({"day": 121}, DataError, "to 120 for user 'ann'.*leave this person out"),
        ({"day": 1.5}, ConfigError, "day"),
        ({"branch": 125}, ConfigError, "a branch from 0 to 124"),
        ({"branch": -1}, ConfigError, "a branch from 0 to 124"),
        ({"start_weekday": 1}, ConfigError, "start_weekday together with a history"),
        ({"user": "bob", "day": 20}, DataError, "something observed"),
    ],
)
def test_refusals(options: dict[str, Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=f"(?s){said}"):
        asked(options)


def test_a_history_of_the_callers() -> None:
    rows = typical_rows(1, 20)[0]
    given = {"history": (rows, np.ones(rows.shape, dtype=bool)), "start_weekday": 2}
    found = asked({**given, "branch": 9})
    assert (found.user, found.day, found.branch) == (-1, 20, 9)
    assert found.history is not None and found.history.days == 20
    for more in ({"user": "bob"}, {"day": 20}):
        with pytest.raises(ConfigError, match="either a history or a user and day"):
            asked({**given, **more})


def test_logs_that_are_too_short_are_told_what_would_do() -> None:
    with pytest.raises(
        DataError, match=r"at least 14 days of user 'ann'; received 13 days\. Log a"
    ):
        starts(logs(days=13)).from_options([{"user": "ann"}], [PersonStart(0, 0, 0)])
    needed = r"at least 44 days of user 'ann'; received 20 days\. Shorten the horizon"
    with pytest.raises(DataError, match=needed):
        starts(logs(days=20), replay=True).from_options([{"user": "ann"}], [PersonStart(0, 0, 0)])
    with pytest.raises(DataError, match=r"logs of at most 13 days\. Log a little longer"):
        starts(logs(days=13)).draw(np.random.default_rng(0))
