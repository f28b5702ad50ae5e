"""A CSV file of daily logs: small files by hand, every error, and real ones where they are."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from human_wm_env.data.importers import read_daily_csv
from human_wm_env.errors import ConfigError, DataError, LogWarning
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
    assert logs.user_ids == ("ann",)
    assert logs.start_weekday.tolist() == [0]
    assert logs.days_logged.tolist() == [4]
    assert logs.rows.shape == (1, 4, 10)
    assert logs.observed[0].sum(axis=1).tolist() == [10, 6, 0, 3]
    assert [logs.date_of(0, day) for day in (0, 3)] == [date(2021, 5, 24), date(2021, 5, 27)]
    first = [8833, 2351.59, 6.5, 206, 7.5, 71.7, 0, 2, 0, 2]  # None, Rain, Home, Tired
    np.testing.assert_allclose(logs.rows[0, 0], first, rtol=1e-6)
    assert logs.rows[0, 3, schema.WORKOUT] == 6  # Running
    assert (report.rows_read, report.users, report.person_days) == (4, 1, 4)
    assert (report.first_date, report.last_date) == ("2021-05-24", "2021-05-27")
    assert (report.dates_without_row, report.empty_rows, report.repeated_rows) == (1, 1, 0)
    assert report.outside == () and report.ignored_columns == ()
    assert report.people_without_value == ("bob",) and "left out" in report.summary()


def test_a_log_ends_with_its_last_value(tmp_path: Path) -> None:
    empty = [f"ann,2021-06-{day:02d},,,,,,,,,," for day in range(1, 15)]
    before = [f"ann,2021-05-{day},,,,,,,,,," for day in (20, 21)]
    imported = read_daily_csv(write(tmp_path, *before, ROWS[0], ROWS[3], *empty))
    assert imported.dataset.days_logged.tolist() == [2]
    assert imported.dataset.observed[0].any(axis=1).all()
    assert imported.dataset.date_of(0, 0) == date(2021, 5, 24)
    assert imported.report.empty_rows == 16


def test_the_order_of_rows_does_not_matter(tmp_path: Path) -> None:
    rows = [f"p{user},2021-05-{day},{user},,,,,,None,,," for user in range(12) for day in (24, 25)]
    one = read_daily_csv(write(tmp_path, *rows)).dataset
    other = read_daily_csv(write(tmp_path, *reversed(rows))).dataset
    assert one.user_ids == other.user_ids == tuple(f"p{user}" for user in range(12))
    assert one.split_of == other.split_of and one.fingerprint == other.fingerprint


def test_ids_written_in_two_ways_are_one_person(tmp_path: Path) -> None:
    file = write(tmp_path, "1,2021-05-24,9000,,,,,,,,,", "1.0,2021-05-25,8000,,,,,,,,,")
    with pytest.warns(LogWarning, match="one person has the ids 1 and 1.0"):
        logs = read_daily_csv(file).dataset
    assert logs.user_ids == ("1",)
    assert logs.index_of("1.0") == 0


def test_columns_that_are_not_there_are_not_observed(tmp_path: Path) -> None:
    file = write(tmp_path, "2021-05-24,8833,Happy", header="Date,Steps,MOOD")
    imported = read_daily_csv(file)
    assert imported.dataset.user_ids == ("me",)
    assert np.flatnonzero(imported.dataset.observed[0, 0]).tolist() == [schema.STEPS, schema.MOOD]
    assert "no column, so not observed: calories_burned, distance_km" in imported.report.summary()
    near = write(tmp_path, "2021-05-24,8833,70", header="date,steps,heart_beats")
    with pytest.warns(LogWarning, match=r"heart_rate_avg \(is it 'heart_beats'\?\)"):
        read_daily_csv(near)
    nothing = write(tmp_path, "2021-05-24,1", header="date,pulse")
    with pytest.raises(DataError, match="none of steps, calories_burned"):
        read_daily_csv(nothing)


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    bad = [
        "ann,2021-05-24,many,,,,,,,Rainy,,",
        "ann,2021-02-30,,,,,,,,Rainy,,grumpy",
        ",2021-05-26,,,,,,,,,",
    ]
    with pytest.raises(DataError) as caught:
        read_daily_csv(write(tmp_path, *bad))
    told = caught.value.received
    assert told.startswith("5 problems in logs.csv")
    assert "line 2, column steps: 'many' is no finite number (steps" in told
    assert (
        "lines 2, 3, column weather_conditions: 'Rainy' is none of Clear, Fog, Rain, Snow" in told
    )
    assert "line 3, column mood: 'grumpy' is none of Happy, Neutral, Tired, Stressed" in told
    assert "line 3, column date: '2021-02-30' is no date" in told
    assert "line 4, row: 11 cells, and 12 in the header" in told


def test_labels_are_read_blind_to_case_and_empty_is_written_in_many_ways(tmp_path: Path) -> None:
    file = write(tmp_path, "ann,2021-05-24,nan,NA,-,null,N/A,71,gym_workout,RAIN, home ,TIRED")
    logs = read_daily_csv(file).dataset
    assert logs.observed[0, 0].sum() == 5
    assert logs.rows[0, 0, schema.WORKOUT :].tolist() == [5, 2, 0, 2]


def test_semicolons_and_tabs_are_commas(tmp_path: Path) -> None:
    plain = read_daily_csv(write(tmp_path, ROWS[0])).dataset.fingerprint
    for mark in ";\t":
        file = write(tmp_path, ROWS[0].replace(",", mark), header=HEADER.replace(",", mark))
        assert read_daily_csv(file).dataset.fingerprint == plain


def test_rest_days_lost_in_pandas_are_missed(tmp_path: Path) -> None:
    rows = [
        f"ann,2021-05-{day},9000,,,,,,{'Running' if day % 5 else ''},,," for day in range(10, 31)
    ]
    read_daily_csv(write(tmp_path, *rows))  # four empty days are no sign
    rows = [row.replace("Running", "") for row in rows]
    with pytest.warns(LogWarning, match="empty on 21 days .* keep_default_na=False"):
        read_daily_csv(write(tmp_path, *rows))
    read_daily_csv(write(tmp_path, *rows[1:], "ann,2021-05-10,,,,,,,None,,,"))


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


def test_values_outside_the_bounds_are_masked_or_refused(tmp_path: Path) -> None:
    file = write(
        tmp_path, ROWS[0], "ann,2021-05-25,1,250,1,1,1.5,80,,,,", "ann,2021-05-26,1,7100,,,,,,,,"
    )
    with pytest.warns(LogWarning, match=r"2 of 3 values of calories_burned outside 500 to 7000"):
        masked = read_daily_csv(file)
    assert not masked.dataset.observed[0, 1:, schema.CALORIES].any()
    assert masked.dataset.observed[0, 1].sum() == 4
    assert [
        (one.feature, one.count, one.smallest, one.largest) for one in masked.report.outside
    ] == [("calories_burned", 2, 250, 7100), ("sleep_hours", 1, 1.5, 1.5)]
    assert masked.report.outside == masked.dataset.impossible
    assert "(250 to 7100), masked" in masked.report.summary()
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
    with pytest.raises(ConfigError, match="outside out of mask, error"):
        read_daily_csv(file, outside="clip")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("8833", "many", "line 2, column steps: 'many' is no finite number"),
        ("8833", "1e60", "line 2, column steps: '1e60' is no finite number"),
        ("8833", "inf", "line 2, column steps: 'inf' is no finite number"),
        ("8833", "8_833", "line 2, column steps: '8_833' is no finite number"),
        ("Rain", "Rainy", "Did you mean 'Rain'?"),
        ("Tired", "None", "line 2, column mood: 'None' is none of Happy"),
        ("2021-05-24", "2021-02-30", "line 2, column date: '2021-02-30' is no date"),
        ("ann,", " ,", "line 2, column user_id: empty"),
        (",Tired", "", "line 2, row: 11 cells, and 12 in the header"),
    ],
)
def test_a_bad_cell_is_named(tmp_path: Path, old: str, new: str, told: str) -> None:
    file = write(tmp_path, ROWS[0].replace(old, new, 1))
    with pytest.raises(DataError) as caught:
        read_daily_csv(file)
    assert caught.value.received.startswith("1 problem in logs.csv") and told in str(caught.value)


def test_a_bad_header_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"line 1, column date: is not there; .* is it 'dates'"):
        read_daily_csv(write(tmp_path, ROWS[0], header=HEADER.replace("date", "dates")))
    with pytest.raises(DataError, match=r"line 1, column user_id: .* is it 'users_id'"):
        read_daily_csv(write(tmp_path, ROWS[0], header=HEADER.replace("user_id", "users_id")))
    with pytest.raises(DataError, match=r"line 1, column steps: stands there twice"):
        read_daily_csv(write(tmp_path, f"{ROWS[0]},1", header=f"{HEADER},steps"))
    with pytest.raises(DataError, match="rows: none below the header"):
        read_daily_csv(write(tmp_path))


def test_a_bad_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        read_daily_csv(tmp_path / "none.csv")
    (tmp_path / "empty.csv").touch()
    with pytest.raises(DataError, match=r"empty.csv:\n.*column date: is not there; there are no"):
        read_daily_csv(tmp_path / "empty.csv")
    (tmp_path / "latin.csv").write_bytes(f"{HEADER}\nJ\xf6rg,".encode("latin-1"))
    with pytest.raises(DataError, match="UTF-8"):
        read_daily_csv(tmp_path / "latin.csv")
    with pytest.raises(DataError, match=r"logs.csv, after line 2"):
        read_daily_csv(write(tmp_path, ROWS[0], '"ann'))
    with pytest.raises(DataError, match="at least one observed value"):
        read_daily_csv(write(tmp_path, ROWS[1]))


def test_a_mistyped_year_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path, *ROWS, ROWS[0].replace("2021", "1921"))
    with pytest.raises(
        DataError, match=r"'ann': 1921-05-24 to 2021-05-27 \(logs.csv, lines 6 and 4"
    ):
        read_daily_csv(file)


@needs_data
@pytest.mark.filterwarnings("ignore::human_wm_env.LogWarning")
def test_lifesnaps() -> None:
    imported = read_daily_csv(DATA / "lifesnaps" / "daily.csv")
    assert imported.dataset.users == 50
    assert imported.report.rows_read == 3725
    assert imported.dataset.observed[..., schema.STEPS].sum() == 3488
    assert not imported.dataset.observed[..., schema.WEATHER].any()
    assert [one.feature for one in imported.report.outside] == ["calories_burned"]


@needs_data
@pytest.mark.filterwarnings("ignore::human_wm_env.LogWarning")
def test_fitabase() -> None:
    imported = read_daily_csv(DATA / "fitabase" / "daily.csv")
    assert imported.dataset.users == 35
    assert (imported.report.rows_read, imported.report.empty_rows) == (1373, 150)


@needs_data
@pytest.mark.filterwarnings("ignore::human_wm_env.LogWarning")
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


def test_a_table_as_a_phone_gives_it(tmp_path: Path) -> None:
    rows = [
        '08/30/2026 11:59 PM,"9,500",459,59,"2,178",6.84,59,Strength Training,3',
        '08/31/2026 11:59 PM,"11,365",404,61,,8.18,106,,3',
    ]
    header = (
        "Date,Steps,Sleep (min),Avg Heart Rate (bpm),Calories (kcal),Distance (km),"
        "Active Minutes,Workout,Mood (1-5)"
    )
    with pytest.warns(LogWarning, match="is it 'Mood"):
        imported = read_daily_csv(write(tmp_path, *rows, header=header))
    found = imported.dataset.rows[0]
    assert found[:, schema.STEPS].tolist() == [9500, 11365]
    assert found[0, schema.SLEEP] == pytest.approx(7.65)
    assert found[0, schema.CALORIES] == 2178
    assert not imported.dataset.observed[0, :, schema.MOOD].any()
    said = imported.report.summary()
    for told in (
        "'Sleep (min)' is read as sleep_hours, divided by 60",
        "steps: ',' parts thousands",
        "columns ignored: Mood (1-5)",
    ):
        assert told in said


def test_a_table_of_another_country(tmp_path: Path) -> None:
    rows = ["30.08.2026;9.500;7:39;59,2;2.178;gut", "31.08.2026;950;6:44;58,7;1.511;schlecht"]
    header = "Datum;Schritte;Schlafdauer;Puls;Kalorien;Stimmung"
    imported = read_daily_csv(write(tmp_path, *rows, header=header))
    found = imported.dataset.rows[0]
    moods = [schema.categories(schema.MOOD)[int(code)] for code in found[:, schema.MOOD]]
    assert moods == ["Happy", "Stressed"]
    said = imported.report.summary()
    assert "words for moods are read as ours (gut: Happy, schlecht: Stressed)" in said
    assert found[:, schema.STEPS].tolist() == [9500, 950]
    np.testing.assert_allclose(found[:, schema.SLEEP], [7.65, 6 + 44 / 60], rtol=1e-6)
    np.testing.assert_allclose(found[:, schema.HEART_RATE], [59.2, 58.7], rtol=1e-6)
    assert found[:, schema.CALORIES].tolist() == [2178, 1511]


def test_a_column_of_other_words_is_not_used(tmp_path: Path) -> None:
    rows = ["30.08.2026;9.500;himmelblau", "31.08.2026;950;purpur"]
    with pytest.warns(LogWarning, match="'Stimmung' is not used as mood: 'himmelblau' is none of"):
        imported = read_daily_csv(write(tmp_path, *rows, header="Datum;Schritte;Stimmung"))
    assert "mood" in imported.report.absent_columns


def test_a_column_of_another_unit_is_not_asked_for(tmp_path: Path) -> None:
    rows = [f"2024-05-{day:02},9000,{450 + day}" for day in range(1, 21)]
    imported = read_daily_csv(write(tmp_path, *rows, header="date,steps,Active Energy (kcal)"))
    said = imported.report.summary()
    assert "columns ignored: Active Energy (kcal)" in said and "is it" not in said


def test_many_bad_cells_of_a_column_are_one_problem(tmp_path: Path) -> None:
    rows = [f"2024-05-{day:02},x{day},5" for day in range(1, 21)]
    with pytest.raises(DataError, match=r"1 problem .*\n.*lines 2, 3, 4, 5, 6 and 15 more, .*'x1'"):
        read_daily_csv(write(tmp_path, *rows, header="date,steps,distance_km"))


@pytest.mark.parametrize(
    ("header", "row", "said"),
    [
        ("date,steps,Calories", "2024-05-{:02},9000,6{:02}", "'Calories' is not used as calories"),
        ("date,steps,Sleep", "2024-05-{:02},9000,3", "'Sleep' is not used as sleep_hours"),
        ("date,steps,Active Minutes", "2024-05-{:02},9000,35", "'Active Minutes' is not used"),
    ],
)
def test_a_name_of_several_quantities_is_judged_by_its_values(
    tmp_path: Path, header: str, row: str, said: str
) -> None:
    rows = [row.format(day, day) for day in range(1, 15)]
    with pytest.warns(LogWarning, match=said):
        imported = read_daily_csv(write(tmp_path, *rows, header=header))
    assert imported.dataset.observed[0, :, schema.STEPS].all()
    assert imported.dataset.observed[0].sum() == 14


def test_the_first_line_of_a_spreadsheet_may_name_the_separator(tmp_path: Path) -> None:
    file = tmp_path / "logs.csv"
    file.write_text("sep=;\ndate;steps\n2024/5/1;9000\n2024/5/2;8000\n", encoding="utf-8")
    assert read_daily_csv(file).dataset.rows[0, :, schema.STEPS].tolist() == [9000, 8000]
