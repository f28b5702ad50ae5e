from __future__ import annotations

import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.data.joined_logs import everybody_trains, join, join_split
from human_wm_env.data.time_split import split_by_time
from tests.world_model import tiny


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
