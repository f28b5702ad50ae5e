from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from human_wm_env.data.dataset import LogDataset
from human_wm_env.data.splits import before, everybody_trains, join, join_split, split_by_time
from human_wm_env.errors import ConfigError
from human_wm_env.person import schema
from tests.world_model import tiny

LOGGED = np.array([10, 20, 57, 120, 3])


def logs() -> LogDataset:
    some = tiny.logs()
    return LogDataset.from_arrays(
        some.rows[:5],
        some.observed[:5],
        user_ids=some.user_ids[:5],
        start_weekday=some.start_weekday[:5],
        days_logged=LOGGED,
        name="five",
    )


def test_the_last_days_of_everybody_are_held_out() -> None:
    split = split_by_time(logs(), 0.2)
    assert split.first_held_out.tolist() == [8, 16, 46, 96, 2]
    np.testing.assert_array_equal(split.before.days_logged, split.first_held_out)
    assert split.before.days == 96
    assert split.whole.fingerprint == logs().fingerprint != split.before.fingerprint


def test_held_out_days_are_nowhere_in_what_is_learned_from() -> None:
    whole = logs()
    rows, observed = whole.rows.copy(), whole.observed.copy()
    first = split_by_time(whole).first_held_out
    for user, day in enumerate(first):
        rows[user, day:], observed[user, day:] = schema.CENTRES, True
    changed = LogDataset.from_arrays(
        rows,
        observed,
        user_ids=whole.user_ids,
        start_weekday=whole.start_weekday,
        days_logged=LOGGED,
        name="five",
    )
    one, other = (split_by_time(each).before for each in (whole, changed))
    assert one.fingerprint == other.fingerprint
    for user, day in enumerate(first):
        np.testing.assert_array_equal(one.rows[user, :day], whole.rows[user, :day])
        assert not one.observed[user, day:].any()


def test_no_person_is_a_test_person() -> None:
    whole = dataclasses.replace(logs(), split_of=("test", "train", "validation", "test", "train"))
    split = split_by_time(whole)
    expected = ("train", "train", "validation", "train", "train")
    assert split.before.split_of == split.whole.split_of == expected


def test_a_rehearsal_never_sees_the_days_that_count() -> None:
    final, rehearsal = (split_by_time(logs(), rehearsal=rehearsed) for rehearsed in (False, True))
    assert rehearsal.whole.fingerprint == final.before.fingerprint
    assert rehearsal.first_held_out.tolist() == [6, 13, 37, 77, 2]


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, float("nan")])
def test_a_share_is_between_0_and_1(share: float) -> None:
    with pytest.raises(ConfigError, match="between 0 and 1"):
        split_by_time(logs(), share)


def test_cutting_at_the_first_day_leaves_nothing() -> None:
    cut = before(logs(), np.array([0, 5, 5, 5, 5]))
    assert cut.days == 5 and not cut.observed[0].any()


def others() -> LogDataset:
    some = tiny.logs()
    return LogDataset.from_arrays(
        some.rows[:3, :50],
        some.observed[:3, :50],
        days_logged=np.array([50, 20, 33]),
        user_ids=some.user_ids[:3],
        name="others",
    )


def test_others_come_last_and_only_train() -> None:
    own = tiny.logs()
    both = join(own, others())
    assert both.users == 15 and both.days == own.days and both.name == own.name
    assert both.split_of == (*own.split_of, "train", "train", "train")
    assert both.user_ids[12] == f"others/{own.user_ids[0]}"
    np.testing.assert_array_equal(both.rows[:12], own.rows)
    np.testing.assert_array_equal(both.observed[12:, :50], others().observed)
    assert not both.observed[12:, 50:].any()
    assert both.days_logged[12:].tolist() == [50, 20, 33]


def test_longer_logs_of_others() -> None:
    both = join(others(), tiny.logs())
    assert both.days == 120 and not both.observed[:3, 50:].any()
    np.testing.assert_array_equal(both.observed[3:], tiny.logs().observed)


def test_nothing_of_others_is_held_out() -> None:
    split = join_split(split_by_time(tiny.logs()), others())
    assert split.first_held_out[12:].tolist() == [50, 20, 33]
    np.testing.assert_array_equal(split.before.days_logged, split.first_held_out)
    assert split.whole.days_logged[12:].tolist() == [50, 20, 33]


def test_one_person_is_enough() -> None:
    some = tiny.logs()
    alone = split_by_time(LogDataset.from_arrays(some.rows[:1], some.observed[:1]))
    assert alone.whole.split_of == ("train",)
    split = everybody_trains(alone)
    assert split.before.split_of == ("train", "validation")
    np.testing.assert_array_equal(split.before.rows[1], alone.before.rows[0])
    assert split.first_held_out.tolist() == [96, 96]


def test_copies_stand_in_for_validation_people_who_train() -> None:
    split = split_by_time(tiny.logs())
    all_train = everybody_trains(split)
    copied = split.before.users_of("validation")
    assert len(copied) > 0
    assert all_train.before.split_of == ("train",) * 12 + ("validation",) * len(copied)
    assert all_train.whole.split_of == all_train.before.split_of
    days = split.before.days
    np.testing.assert_array_equal(
        all_train.before.rows[12:, :days], split.before.rows[copied, :days]
    )
    # No held-out day of theirs comes in with the copies, and none of the copies is judged.
    assert all_train.whole.days_logged[12:].tolist() == split.first_held_out[copied].tolist()
    assert not all_train.whole.observed[12:, days:].any()
    np.testing.assert_array_equal(all_train.first_held_out[12:], split.first_held_out[copied])
    np.testing.assert_array_equal(all_train.first_held_out[:12], split.first_held_out)


def test_dates_are_known_where_both_sets_have_them() -> None:
    dated, undated = (
        dataclasses.replace(tiny.logs(), start_date=dates)
        for dates in (np.full(tiny.logs().users, 737_425), None)
    )
    assert join(dated, undated).start_date is None and join(undated, dated).start_date is None
    joined = join(dated, dated).start_date
    assert joined is not None and joined.tolist() == [737_425] * (2 * dated.users)
