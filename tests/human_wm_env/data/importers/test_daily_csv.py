"""A CSV file of daily logs: small files by hand, every error, and real ones where they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from human_wm_env.data.importers import read_daily_csv
from human_wm_env.errors import ConfigError, DataError
from human_wm_env.person import schema

HEADER = "user_id,date," + ",".join(schema.FEATURE_NAMES)
DATA = Path(__file__).resolve().parents[3].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not here")

# 2021-05-24 was a Monday; bob begins on a Thursday; ann has no row for the 26th.
ROWS = [
    "ann,2021-05-24,8833,2351.59,6.5,206,7.5,71.7,None,Rain,Home,Tired",
    "bob,2021-05-27,,,,,,,,,,",
    "ann,2021-05-27,9000,,,,,,Running,,,Happy",
    "ann,2021-05-25,9727,2332,7.1,188,,70.5,,,Park,",
]


def write(tmp_path: Path, *rows: str, header: str = HEADER) -> Path:
    file = tmp_path / "logs.csv"
    file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return file


def test_a_small_file_by_hand(tmp_path: Path) -> None:
    imported = read_daily_csv(write(tmp_path, *ROWS))
    logs, report = imported.dataset, imported.report
    assert logs.name == "logs"
    assert logs.user_ids == ("ann", "bob")
    assert logs.start_weekday.tolist() == [0, 3]
    assert logs.days_logged.tolist() == [4, 1]
    assert logs.rows.shape == (2, 4, 10)
    assert logs.observed[0].sum(axis=1).tolist() == [10, 6, 0, 3]
    assert not logs.observed[1].any()
    first = [8833, 2351.59, 6.5, 206, 7.5, 71.7, 0, 2, 0, 2]  # None, Rain, Home, Tired
    np.testing.assert_allclose(logs.rows[0, 0], first, rtol=1e-6)
    assert logs.rows[0, 3, schema.WORKOUT] == 6  # Running
    assert (report.rows_read, report.users, report.person_days) == (4, 2, 5)
    assert (report.first_date, report.last_date) == ("2021-05-24", "2021-05-27")
    assert (report.dates_without_row, report.empty_rows, report.repeated_rows) == (1, 1, 0)
    assert report.outside == () and report.ignored_columns == ()


def test_columns_in_any_order_others_ignored_blanks_and_byte_order_mark(tmp_path: Path) -> None:
    names = [*reversed(HEADER.split(",")), "note"]
    row = dict(zip(HEADER.split(","), ROWS[0].split(","), strict=True), note='"a, b"')
    file = tmp_path / "mixed.csv"
    text = f"{','.join(names)}\n\n{','.join(' ' * (n != 'note') + row[n] for n in names)}\n"
    file.write_text(text, encoding="utf-8-sig")
    mixed = read_daily_csv(file, name="mine")
    plain = read_daily_csv(write(tmp_path, ROWS[0]))
    assert mixed.dataset.fingerprint == plain.dataset.fingerprint
    assert mixed.dataset.name == "mine"
    assert mixed.report.ignored_columns == ("note",)
    assert "columns ignored: note" in mixed.report.summary()


def test_values_outside_the_bounds_are_counted_and_kept_masked_or_refused(tmp_path: Path) -> None:
    file = write(
        tmp_path, ROWS[0], "ann,2021-05-25,1,250,1,1,1.5,80,,,,", "ann,2021-05-26,,7100,,,,,,,,"
    )
    kept = read_daily_csv(file)
    assert kept.dataset.rows[0, 1:, schema.CALORIES].tolist() == [250, 7100]
    assert [(one.feature, one.count, one.smallest, one.largest) for one in kept.report.outside] == [
        ("calories_burned", 2, 250, 7100),
        ("sleep_hours", 1, 1.5, 1.5),
    ]
    assert "2 of calories_burned outside 500 to 7000 (250 to 7100), kept" in kept.report.summary()
    masked = read_daily_csv(file, outside="mask")
    assert not masked.dataset.observed[0, 1:, schema.CALORIES].any()
    assert masked.dataset.observed[0, 1].sum() == 4
    assert masked.report.outside[0].masked and masked.report.empty_rows == 0
    with pytest.raises(DataError, match=r"250 \(logs.csv, line 3, column calories_burned; 2 such"):
        read_daily_csv(file, outside="error")


def test_repeated_rows_are_refused_or_counted(tmp_path: Path) -> None:
    again = ROWS[0].replace("8833", "1")
    file = write(tmp_path, *ROWS, again)
    with pytest.raises(DataError, match=r"'ann' twice on 2021-05-24 \(logs.csv, lines 2 and 6"):
        read_daily_csv(file)
    for choice, steps in (("first", 8833), ("last", 1)):
        imported = read_daily_csv(file, repeated=choice)
        assert imported.dataset.rows[0, 0, schema.STEPS] == steps
        assert imported.report.repeated_rows == 1
        assert imported.report.rows_read == 5
    with pytest.raises(ConfigError, match="Did you mean 'first'"):
        read_daily_csv(file, repeated="frist")
    with pytest.raises(ConfigError, match="outside out of keep, mask, error"):
        read_daily_csv(file, outside="clip")


@pytest.mark.parametrize(
    ("old", "new", "place", "remedy"),
    [
        ("8833", "many", "line 2, column steps", "empty it"),
        ("8833", "nan", "line 2, column steps", "empty it"),
        ("8833", "1e60", "line 2, column steps", "empty it"),
        ("8833", "8_833", "line 2, column steps", "empty it"),
        ("Rain", "Rainy", "line 2, column weather_conditions", "Did you mean 'Rain'"),
        ("Tired", "None", "line 2, column mood", "Happy, Neutral, Stressed, Tired"),
        ("2021-05-24", "24.05.2021", "line 2, column date", "Write it as"),
        ("2021-05-24", "2021-02-30", "line 2, column date", "Write it as"),
        ("ann,", " ,", "line 2, column user_id", "Fill it in"),
        (",Tired", "", "line 2", "comma"),
    ],
)
def test_a_bad_cell_is_named(tmp_path: Path, old: str, new: str, place: str, remedy: str) -> None:
    file = write(tmp_path, ROWS[0].replace(old, new, 1))
    with pytest.raises(DataError) as caught:
        read_daily_csv(file)
    assert f"logs.csv, {place}" in caught.value.received
    assert remedy in caught.value.remedy


def test_a_bad_header_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"column mood .* no such column .*Did you mean 'moods'"):
        read_daily_csv(write(tmp_path, header=HEADER.replace("mood", "moods")))
    with pytest.raises(DataError, match=r"column steps .* twice \(logs.csv, line 1"):
        read_daily_csv(write(tmp_path, header=f"{HEADER},steps"))
    with pytest.raises(DataError, match="at least one row"):
        read_daily_csv(write(tmp_path))


def test_a_bad_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        read_daily_csv(tmp_path / "none.csv")
    (tmp_path / "empty.csv").touch()
    with pytest.raises(DataError, match=r"column user_id .*empty.csv, line 1, columns: none"):
        read_daily_csv(tmp_path / "empty.csv")
    (tmp_path / "latin.csv").write_bytes(f"{HEADER}\nJ\xf6rg,".encode("latin-1"))
    with pytest.raises(DataError, match="UTF-8"):
        read_daily_csv(tmp_path / "latin.csv")
    with pytest.raises(DataError, match=r"logs.csv, after line 2"):
        read_daily_csv(write(tmp_path, ROWS[0], '"ann'))


def test_a_mistyped_year_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path, *ROWS, ROWS[0].replace("2021", "1921"))
    with pytest.raises(
        DataError, match=r"'ann': 1921-05-24 to 2021-05-27 \(logs.csv, lines 6 and 4"
    ):
        read_daily_csv(file)


@needs_data
def test_lifesnaps() -> None:
    imported = read_daily_csv(DATA / "lifesnaps" / "daily.csv")
    assert imported.dataset.users == 50
    assert imported.report.rows_read == 3725
    assert imported.dataset.observed[..., schema.STEPS].sum() == 3488
    assert not imported.dataset.observed[..., schema.WEATHER].any()
    assert [one.feature for one in imported.report.outside] == ["calories_burned"]


@needs_data
def test_fitabase() -> None:
    imported = read_daily_csv(DATA / "fitabase" / "daily.csv")
    assert imported.dataset.users == 35
    assert (imported.report.rows_read, imported.report.empty_rows) == (1373, 150)


@needs_data
def test_the_kaggle_sample_repeats_people_on_its_one_date() -> None:
    file = DATA / "kaggle_sample" / "fitness_tracker_dataset_first1000.csv"
    with pytest.raises(DataError, match="366 repeated rows in all"):
        read_daily_csv(file)
    imported = read_daily_csv(file, repeated="first")
    assert imported.dataset.rows.shape == (634, 1, 10)
    assert imported.dataset.observed.all()
    assert imported.report.repeated_rows == 366
    # Rest days are logged, not missing.
    assert (imported.dataset.rows[:, 0, schema.WORKOUT] == 0).sum() > 50
