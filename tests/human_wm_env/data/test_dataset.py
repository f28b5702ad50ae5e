from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from human_wm_env.data import disk_arrays
from human_wm_env.data.dataset import LogDataset, in_order, split_people
from human_wm_env.errors import DataError
from human_wm_env.person import schema
from human_wm_env.person.history import History, blank_what_is_not_seen, weekdays
from tests.human_wm_env.conftest import typical_rows

USERS, DAYS = 5, 30


def logs(**changes: Any) -> dict[str, Any]:
    rng = np.random.default_rng(1)
    rows = typical_rows(USERS, DAYS).astype(np.float64)
    rows[..., schema.STEPS] = rng.uniform(50.0, 90.0, (USERS, DAYS))
    for index in schema.CATEGORICAL_FEATURES:
        rows[..., index] = rng.integers(0, schema.FEATURES[index].width, (USERS, DAYS))
    return {"rows": rows, "observed": rng.random(rows.shape) < 0.6} | changes


def test_masked_cells_hold_nothing() -> None:
    given = logs()
    given["rows"][~given["observed"]] = np.nan
    data = LogDataset.from_arrays(**given)
    for index in range(10):
        hidden = data.rows[..., index][~data.observed[..., index]]
        categorical = index in schema.CATEGORICAL_FEATURES
        assert (hidden == (-1.0 if categorical else 0.0)).all() and len(hidden)
    seen = given["observed"]
    np.testing.assert_array_equal(data.rows[seen], given["rows"][seen].astype(np.float32))


@pytest.mark.filterwarnings("error")
@given(hidden=st.floats(allow_nan=True, allow_infinity=True))
def test_what_is_behind_the_mask_does_not_matter(hidden: float) -> None:
    given = logs()
    changed = np.where(given["observed"], given["rows"], hidden)
    one = LogDataset.from_arrays(**given)
    other = LogDataset.from_arrays(changed, given["observed"])
    np.testing.assert_array_equal(one.rows, other.rows)
    assert one.fingerprint == other.fingerprint


def test_the_callers_arrays_are_not_kept() -> None:
    given = logs(start_weekday=np.zeros(USERS, dtype=np.int8))
    data = LogDataset.from_arrays(**given)
    before = data.fingerprint
    for array in given.values():
        array[...] = 1
    assert LogDataset(**{**vars_of(data)}).fingerprint == before


def vars_of(data: LogDataset) -> dict[str, Any]:
    return {name: getattr(data, name) for name in LogDataset.__dataclass_fields__}


def test_rows_after_the_log_are_masked() -> None:
    data = LogDataset.from_arrays(**logs(days_logged=np.array([30, 20, 0, 5, 30])))
    assert not data.observed[1, 20:].any() and data.observed[1, :20].any()
    assert not data.observed[2].any()
    assert data.days_logged.tolist() == [30, 20, 0, 5, 30]


def test_first_observed_day() -> None:
    given = logs()
    given["observed"][:] = False
    given["observed"][0, 7, 3] = given["observed"][1, 0, 9] = True
    data = LogDataset.from_arrays(**given)
    assert data.first_observed_day.tolist() == [7, 0, 30, 30, 30]


def spoilt(index: int, value: float) -> dict[str, Any]:
    given = logs()
    given["rows"][2, 3, index], given["observed"][2, 3, index] = value, True
    return given


@pytest.mark.parametrize(
    ("arguments", "received"),
    [
        (lambda: logs(rows=np.zeros((USERS, DAYS, 9))), r"\(5, 30, 9\)"),
        (lambda: logs(observed=np.ones((USERS, DAYS), dtype=bool)), r"\(5, 30\)"),
        (lambda: logs(observed=np.ones((USERS, DAYS, 10))), "float64"),
        (lambda: logs(observed=np.ones((USERS, DAYS, 10), dtype=int)), "int64"),
        (lambda: logs(rows=np.full((USERS, DAYS, 10), "Running")), "dtype <U7"),
        (lambda: logs(user_ids=["a"] * USERS), "1 of them different"),
        (lambda: logs(user_ids=["a", "b"]), "2 ids"),
        (lambda: logs(user_ids=[1, "1", 2, 3, 4]), "4 of them different"),
        (lambda: logs(start_weekday=np.array([0, 1])), r"shape \(2,\)"),
        (lambda: logs(start_weekday=np.full(USERS, 7)), r"\[7\]"),
        (lambda: logs(start_weekday=np.full(USERS, -2)), r"\[-2\]"),
        (lambda: logs(start_weekday=np.full(USERS, 2.5)), r"2\.5"),
        (lambda: logs(start_weekday=np.full(USERS, np.nan)), "nan"),
        (lambda: logs(days_logged=np.full(USERS, DAYS + 1)), r"\[31\]"),
        (lambda: logs(days_logged=np.full(USERS, -1)), r"\[-1\]"),
        (lambda: logs(days_logged=np.full(1, DAYS)), r"shape \(1,\)"),
        (lambda: spoilt(schema.STEPS, np.nan), "nan"),
        (lambda: spoilt(schema.STEPS, np.inf), "inf"),
        (lambda: spoilt(schema.MOOD, 4.0), r"4\.0"),
        (lambda: spoilt(schema.MOOD, -1.0), r"-1\.0"),
        (lambda: spoilt(schema.MOOD, 0.5), r"0\.5"),
        (lambda: spoilt(schema.MOOD, np.nan), "nan"),
    ],
)
def test_wrong_logs_are_refused(arguments: Any, received: str) -> None:
    with pytest.raises(DataError, match=received) as caught:
        LogDataset.from_arrays(**arguments())
    assert caught.value.expected and caught.value.remedy


def test_users_are_found_by_their_id() -> None:
    data = LogDataset.from_arrays(**logs(user_ids=["ann", "bob", "cem", "dan", "eva"]))
    assert data.index_of("cem") == data.index_of(np.str_("cem")) == 2
    with pytest.raises(DataError, match="Did you mean 'bob'"):
        data.index_of("bobb")


def test_an_unknown_user_among_many_is_refused(small: Any) -> None:
    with pytest.raises(DataError, match="'nobody'"):
        small.dataset.index_of("nobody")


def test_an_unknown_split_is_refused() -> None:
    data = LogDataset.from_arrays(**logs())
    with pytest.raises(DataError, match="Did you mean 'train'"):
        data.users_of("tran")
    with pytest.raises(DataError, match="Did you mean 'validation'"):
        data.users_of("val")
    with pytest.raises(DataError, match="none among 2 users"):
        LogDataset.from_arrays(np.zeros((2, 9, 10)), np.zeros((2, 9, 10), dtype=bool)).users_of(
            "test"
        )


@given(users=st.integers(3, 300), seed=st.integers(0, 5))
def test_splits_are_disjoint_complete_and_stable(users: int, seed: int) -> None:
    ids = [str(user) for user in range(users)]
    split = split_people(ids, seed)
    assert split == split_people(ids, seed)
    counts = {name: split.count(name) for name in ("train", "validation", "test")}
    assert sum(counts.values()) == users
    assert counts["test"] == counts["validation"] == max(1, round(users * 0.1))
    assert counts["train"] >= 1


def test_who_is_a_test_person_does_not_depend_on_the_order_of_people() -> None:
    ids = [f"p{user}" for user in range(30)]
    dealt = dict(zip(ids, split_people(ids, 0), strict=True))
    assert dict(zip(ids[::-1], split_people(ids[::-1], 0), strict=True)) == dealt
    assert in_order(["p10", "p2", "10", "9", ""]) == [4, 3, 2, 1, 0]


def test_another_seed_is_another_split() -> None:
    ids = [f"p{user:03d}" for user in range(100)]
    assert split_people(ids, 0) != split_people(ids, 1)


def test_the_splits_of_a_data_set_share_no_person() -> None:
    data = LogDataset.from_arrays(**logs())
    parts = [set(data.users_of(name).tolist()) for name in ("train", "validation", "test")]
    assert set.union(*parts) == set(data.users_of("all").tolist()) == set(range(USERS))
    assert sum(len(part) for part in parts) == USERS


def test_windows_are_the_rows_asked_for() -> None:
    data = LogDataset.from_arrays(**logs(start_weekday=np.arange(USERS)))
    rows, observed, weekday = data.windows(np.array([4, 0]), np.array([3, 20]), 10)
    assert rows.shape == (2, 10, 10)
    np.testing.assert_array_equal(rows[0], data.rows[4, 3:13])
    np.testing.assert_array_equal(observed[1], data.observed[0, 20:30])
    assert weekday[0].tolist() == [(4 + 3 + day) % 7 for day in range(10)]


@given(
    day=st.integers(0, DAYS),
    later=st.floats(0.0, 3.0),
)
def test_a_history_never_holds_a_later_row(day: int, later: float) -> None:
    given = logs()
    one = LogDataset.from_arrays(**given).history(1, day)
    given["rows"][1, day:, schema.STEPS] = np.floor(later)
    given["observed"][1, day:] = True
    other = LogDataset.from_arrays(**given).history(1, day)
    assert one.days == day
    np.testing.assert_array_equal(one.rows, other.rows)
    np.testing.assert_array_equal(one.observed, other.observed)


@pytest.mark.parametrize("field", ["rows", "observed", "start_weekday", "days_logged", "user_ids"])
def test_the_fingerprint_changes_with_the_data(field: str) -> None:
    full = {"start_weekday": np.zeros(USERS), "days_logged": np.full(USERS, DAYS)}
    given = logs(user_ids=list("abcde"), **full)
    before = LogDataset.from_arrays(**given).fingerprint
    if field == "rows":
        given["observed"][0, 0, 0] = True
        before = LogDataset.from_arrays(**given).fingerprint
        given["rows"][0, 0, 0] += 1.0
    elif field == "observed":
        given["observed"][0, 0, 0] ^= True
    elif field == "user_ids":
        given["user_ids"][0] = "z"
    else:
        given[field][0] = 3
    assert LogDataset.from_arrays(**given).fingerprint != before


def test_the_fingerprint_is_that_of_the_data_alone() -> None:
    again = LogDataset.from_arrays(**logs(name="other", split_seed=9)).fingerprint
    assert again == LogDataset.from_arrays(**logs()).fingerprint


def test_weekdays_run_on_and_unknown_stays_unknown() -> None:
    assert weekdays(5, 4).tolist() == [5, 6, 0, 1]
    assert weekdays(np.array([6, -1]), 3).tolist() == [[6, 0, 1], [-1, -1, -1]]


def test_a_history_of_the_callers_is_checked_and_copied() -> None:
    given = logs()
    rows, observed = given["rows"][0], given["observed"][0]
    history = History.from_arrays(rows, observed, 6)
    assert history.weekday[:3].tolist() == [6, 0, 1]
    before = history.rows.copy(), history.observed.copy()
    rows[..., schema.STEPS], observed[...] = 0, True
    np.testing.assert_array_equal(history.rows, before[0])
    np.testing.assert_array_equal(history.observed, before[1])
    assert History.from_arrays(rows, observed).weekday.tolist() == [-1] * DAYS


@pytest.mark.parametrize(
    ("rows", "observed", "weekday"),
    [
        (np.zeros((3, 9)), np.zeros((3, 9), dtype=bool), 0),
        (np.zeros((3, 10)), np.zeros((4, 10), dtype=bool), 0),
        (np.zeros((3, 10)), np.zeros((3, 10)), 0),
        (np.zeros((3, 10)), np.zeros((3, 10), dtype=bool), 7),
        (np.full((3, 10), np.nan), np.ones((3, 10), dtype=bool), 0),
    ],
)
def test_wrong_histories_are_refused(rows: np.ndarray, observed: np.ndarray, weekday: int) -> None:
    with pytest.raises(DataError):
        History.from_arrays(rows, observed, weekday)


def test_blanking_refuses_a_mask_of_numbers() -> None:
    with pytest.raises(DataError, match="boolean mask"):
        blank_what_is_not_seen(np.zeros((2, 10)), np.ones((2, 10)))


def test_people_are_passed_over_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    data = LogDataset.from_arrays(**logs())
    monkeypatch.setattr(disk_arrays, "PEOPLE_TOGETHER", 2)
    for users, chosen in ((None, np.arange(USERS)), (np.array([4, 1, 4]), np.array([4, 1, 4]))):
        parts = list(data.parts(users))
        assert [part.stop for part, *_ in parts] == [*range(2, len(chosen), 2), len(chosen)]
        for part, rows, observed in parts:
            np.testing.assert_array_equal(rows, data.rows[chosen[part]])
            np.testing.assert_array_equal(observed, data.observed[chosen[part]])


def test_numbers_of_all_people_do_not_depend_on_the_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    given = logs()
    given["observed"][0] = False
    given["observed"][1, :7] = False
    whole = LogDataset.from_arrays(**given)
    facts = whole.described(), whole.first_observed_day
    assert facts[0]["observed_share"] == round(float(whole.observed.mean()), 4)
    assert facts[1][0] == DAYS and facts[1][1] >= 7
    monkeypatch.setattr(disk_arrays, "PEOPLE_TOGETHER", 2)
    parts = LogDataset.from_arrays(**given)
    assert parts.described() == facts[0]
    np.testing.assert_array_equal(parts.first_observed_day, facts[1])


def test_some_people_alone_keep_their_logs_and_names() -> None:
    dates = 737_000 + np.arange(USERS)
    data = LogDataset.from_arrays(**logs(start_date=dates, user_ids=[*"abcde"]))
    some = data.of_people(np.array([3, 0]))
    assert some.user_ids == ("d", "a") and some.start_date is not None
    assert some.split_of == (data.split_of[3], data.split_of[0])
    assert some.start_date.tolist() == [737_003, 737_000]
    np.testing.assert_array_equal(some.rows, data.rows[[3, 0]])
    np.testing.assert_array_equal(some.weekday, data.weekday[[3, 0]])
    np.testing.assert_array_equal(some.days_logged, data.days_logged[[3, 0]])


def test_a_history_of_mapped_logs_is_a_copy(tmp_path: Path) -> None:
    data = LogDataset.from_arrays(**logs())
    with (
        disk_arrays.DiskArray(data.rows.shape, np.float32, str(tmp_path)) as rows,
        disk_arrays.DiskArray(data.rows.shape, np.bool_, str(tmp_path)) as observed,
    ):
        rows.write(0, data.rows)
        observed.write(0, data.observed)
        mapped = dataclasses.replace(data, rows=rows.mapped(), observed=observed.mapped())
    history, wanted = mapped.history(2, 9), data.history(2, 9)
    assert not isinstance(history.rows, np.memmap) and history.rows.flags.writeable
    for one, other in zip(vars(history).values(), vars(wanted).values(), strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(
        mapped.windows(np.array([1, 4]), np.array([3, 0]), 5),
        data.windows(np.array([1, 4]), np.array([3, 0]), 5),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)
    assert mapped.fingerprint == data.fingerprint
