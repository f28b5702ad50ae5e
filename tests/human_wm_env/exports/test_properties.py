"""What holds of every import: nothing is lost, nothing is invented, and order says nothing."""

from __future__ import annotations

import io
import tempfile
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from human_wm_env import DataError, LogDataset, import_logs, write_logs
from human_wm_env.data.folder import read_manifest
from human_wm_env.exports.day_log import DayLog
from human_wm_env.exports.ledger import Ledger
from human_wm_env.exports.merging import merge_sources
from human_wm_env.exports.reasons import Reason
from human_wm_env.person import schema
from tests.human_wm_env.exports.grids import check_balance

HEADER = f"user_id,date,{','.join(schema.FEATURE_NAMES)}"
FIRST = date(2021, 3, 1)
some_of_them = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@st.composite
def datasets(draw: st.DrawFn) -> LogDataset:
    """Return logs of one to three people with gaps, an observed cell on their last day."""
    users, days = draw(st.integers(1, 3)), draw(st.integers(1, 6))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    rows = np.empty((users, days, schema.FEATURE_COUNT))
    for index, feature in enumerate(schema.FEATURES):
        if isinstance(feature, schema.Continuous):
            low = feature.low + 0.01 * (feature.high - feature.low)
            rows[:, :, index] = rng.uniform(low, feature.high, (users, days))
        else:
            rows[:, :, index] = rng.integers(len(feature.categories), size=(users, days))
    observed = rng.random(rows.shape) < draw(st.sampled_from([0.2, 0.6, 1.0]))
    observed[:, [0, -1], 0] = True
    starts = FIRST.toordinal() + rng.integers(0, 40, users)
    ids = [f"p{user}" for user in range(users)]
    return LogDataset.from_arrays(rows, observed, user_ids=ids, start_date=starts)


@st.composite
def tables(draw: st.DrawFn) -> str:
    """Return a daily table in which anything may be wrong."""
    day = st.integers(0, 4).map(lambda day: (FIRST + timedelta(days=day)).isoformat())
    cell = st.sampled_from(["", "7", "8.5", "-1", "1e9", "nan", "None", "Happy", "x", "25:00", "0"])
    row = st.tuples(
        st.sampled_from(["a", "b", ""]),
        st.one_of(day, st.sampled_from(["2021-02-30", "", "3/14/2021"])),
        *[cell] * schema.FEATURE_COUNT,
    )
    rows = draw(st.lists(row, min_size=1, max_size=12))
    short = draw(st.booleans())
    return "\n".join([HEADER, *(",".join(one) for one in rows), *(["a,2021-03-01"] * short)]) + "\n"


def source(folder: str, text: str) -> Path:
    file = Path(folder) / "logs.csv"
    file.write_text(text, encoding="utf-8")
    return file


@some_of_them
@given(datasets())
def test_logs_come_back_as_they_went_out(logs: LogDataset) -> None:
    pytest.importorskip("pandas")
    found = import_logs(logs.to_frame()).dataset
    assert found.fingerprint == logs.fingerprint
    assert np.array_equal(found.start_date, logs.start_date)


@some_of_them
@given(tables(), st.sampled_from(["first", "last"]))
def test_what_was_read_is_kept_merged_or_rejected(text: str, repeated: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            logs = import_logs(source(folder, text), format="daily", repeated=repeated)
        except DataError as error:
            assert any(why in str(error) for why in ("usable value", "unit", "values outside"))
            return
    check_balance(logs)
    kept = sum(row["kept"] for row in logs.manifest["counts"])
    assert kept == int(logs.dataset.observed.sum())
    logged = np.arange(logs.dataset.days) < logs.dataset.days_logged[:, None]
    assert ((logs.reasons == "") == logs.dataset.observed)[logged].all()


@some_of_them
@given(tables())
def test_an_import_of_an_import_is_the_same(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        once, twice = Path(folder, "once"), Path(folder, "twice")
        try:
            write_logs(source(folder, text), once, format="daily")
        except DataError:
            return
        write_logs(once, twice)
        files = [read_manifest(one)["files"] for one in (once, twice)]
        assert [files[0][role] for role in ("days", "reasons")] == [
            files[1][role] for role in ("days", "reasons")
        ]


@some_of_them
@given(datasets(), st.integers(-400, 400))
def test_a_shifted_calendar_shifts_days(logs: LogDataset, days: int) -> None:
    pandas = pytest.importorskip("pandas")
    frame = logs.to_frame()
    frame["date"] = frame["date"] + pandas.Timedelta(days=days)
    found = import_logs(frame).dataset
    assert np.array_equal(found.rows, logs.rows) and logs.start_date is not None
    assert np.array_equal(found.start_date, logs.start_date + days)


@some_of_them
@given(st.integers(0, 2**32), st.sampled_from(["cell", "day"]))
def test_sources_that_do_not_contradict_each_other_commute(seed: int, by: str) -> None:
    rng = np.random.default_rng(seed)
    days = int(rng.integers(1, 8))
    values = rng.random((days, schema.FEATURE_COUNT))
    # By cell each cell is in one source; by day each day is.
    shape = values.shape if by == "cell" else (days, 1)
    first = np.broadcast_to(rng.random(shape) < 0.5, values.shape)
    gone = rng.random(values.shape) < 0.3

    def log(mine: np.ndarray, name: str) -> DayLog:
        own = np.where(mine & ~gone, values, np.nan)
        has = ~np.isnan(own)
        why = np.where(has, Reason.OBSERVED, Reason.NOT_IN_EXPORT).astype(np.uint8)
        return DayLog(name, FIRST.toordinal(), own, why, has.astype(np.int64), name)

    one, other = log(first, "one"), log(~first, "other")
    found = [
        merge_sources(order, Ledger(io.StringIO()), by=by) for order in ([one, other], [other, one])
    ]
    if found[0] is None or found[1] is None:
        assert found[0] is found[1]
        return
    assert found[0].first_day == found[1].first_day
    assert np.array_equal(found[0].values, found[1].values, equal_nan=True)
    assert np.array_equal(found[0].reasons, found[1].reasons)
