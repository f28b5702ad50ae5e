"""Folders of several people: who is who, and what cannot be told."""

from __future__ import annotations

import json
import os
from pathlib import Path, PurePosixPath

import pytest

from human_wm_env import DataError, import_logs
from human_wm_env.exports.accounts import accounts, exports_of
from tests.human_wm_env.exports.formats import (
    test_apple_health,
    test_daylio,
    test_garmin,
    test_google_fit,
    test_health_connect,
    test_mi_fit,
    test_oura,
    test_samsung_health,
    test_whoop,
)
from tests.human_wm_env.exports.formats.test_fitbit import write_json
from tests.human_wm_env.exports.grids import check_balance


def names_of(*folders: str) -> dict[str, str | None]:
    """Return the name that the file of each folder is given."""
    found = accounts({f"{folder}/file": folder for folder in folders})
    return {path.removesuffix("/file"): one.name for one in found for path in one.paths}


@pytest.mark.parametrize(
    ("folders", "names"),
    [
        (["anna", "bob"], ["anna", "bob"]),
        (["."], [None]),
        (["study/anna/Takeout/Fit/Days", "study/bob/Takeout/Fit/Days"], ["anna", "bob"]),
        (["a/anna", "a/bob", "b/carl"], ["anna", "bob", "b"]),
        (["a/anna", "a/bob", "b/anna", "b/carl"], ["a/anna", "a/bob", "b/anna", "b/carl"]),
        (["20240306", "2024-03-12"], [None, None]),
        (["anna_20240306120000", "anna_20240312120000"], [None, None]),
        (["anna_20240306120000", "anna_20240312120000", "bob"], ["anna", "anna", "bob"]),
        (["Takeout/Fit", "Takeout 2/Fit"], [None, None]),
        (["1503960366", "1624580081"], ["1503960366", "1624580081"]),
    ],
)
def test_people_are_named_after_the_folders_that_tell_them_apart(
    folders: list[str], names: list[str | None]
) -> None:
    assert names_of(*folders) == dict(zip(folders, names, strict=True))


@pytest.mark.parametrize("folders", [[".", "bob"], ["Takeout/Fit", "bob/Takeout/Fit"]])
def test_one_person_inside_the_folder_of_another_is_refused(folders: list[str]) -> None:
    with pytest.raises(DataError, match="person=NAME"):
        names_of(*folders)


def export_of(vendor: str, folder: Path) -> None:
    """Write the export of one vendor's test."""
    folder.mkdir(parents=True)
    if vendor == "apple_health":
        test_apple_health.write(folder, test_apple_health.export_xml())
    elif vendor == "health_connect":
        test_health_connect.build(folder)
    else:
        files = {
            "daylio": test_daylio.FILES,
            "garmin": test_garmin.FILES,
            "google_fit": test_google_fit.FILES,
            "mi_fit": test_mi_fit.FILES,
            "oura": test_oura.FILES,
            "whoop": test_whoop.FILES,
        }
        if vendor == "samsung_health":
            test_samsung_health.write(folder)
        else:
            write_json(folder, files[vendor])


VENDORS = (
    "apple_health",
    "daylio",
    "garmin",
    "google_fit",
    "health_connect",
    "mi_fit",
    "oura",
    "samsung_health",
    "whoop",
)


@pytest.mark.parametrize("vendor", VENDORS)
def test_each_folder_is_read_as_if_it_were_alone(vendor: str, tmp_path: Path) -> None:
    for person in ("anna", "bob"):
        export_of(vendor, tmp_path / "study" / person)
    alone = import_logs(tmp_path / "study" / "anna")
    logs = import_logs(tmp_path)
    check_balance(logs)
    assert list(alone.dataset.user_ids) == ["me"]
    assert list(logs.dataset.user_ids) == ["anna", "bob"]
    for user in range(2):
        assert logs.reasons[user].tolist() == alone.reasons[0].tolist()
        assert (logs.dataset.observed[user] == alone.dataset.observed[0]).all()
        seen = alone.dataset.observed[0]
        assert (logs.dataset.rows[user][seen] == alone.dataset.rows[0][seen]).all()


@pytest.mark.parametrize("vendor", VENDORS)
def test_an_export_that_is_there_twice_says_nothing_new(vendor: str, tmp_path: Path) -> None:
    for folder in ("once/2024-05-01", "twice/2024-05-01", "twice/2024-06-01"):
        export_of(vendor, tmp_path / folder)
    once, twice = import_logs(tmp_path / "once"), import_logs(tmp_path / "twice")
    check_balance(twice)
    assert list(twice.dataset.user_ids) == ["me"]
    assert twice.reasons.tolist() == once.reasons.tolist()
    seen = once.dataset.observed
    assert (twice.dataset.rows[seen] == once.dataset.rows[seen]).all()


def test_tables_of_one_google_account_that_was_exported_in_two_languages(tmp_path: Path) -> None:
    table = test_google_fit.HEADER + test_google_fit.ROWS
    names = ("Takeout/Google Fit/Métricas", "Takeout 2/Fit/Daily activity metrics")
    for name in names:
        file = tmp_path / name / f"{name.rpartition('/')[2]}.csv"
        file.parent.mkdir(parents=True)
        file.write_text(table)
    assert list(import_logs(tmp_path).dataset.user_ids) == ["me"]


def test_entries_of_two_garmin_accounts_in_one_folder_are_refused(tmp_path: Path) -> None:
    for number, first in ((1, "2022-01-01"), (2, "2022-04-11")):
        file = tmp_path / f"UDSFile_{first}_2022-07-18.json"
        entry = {"calendarDate": first, "totalSteps": 9000, "userProfilePK": number}
        file.write_text(json.dumps([entry]))
    with pytest.raises(DataError, match="Garmin account"):
        import_logs(tmp_path)


def test_exports_of_one_person_are_parted_by_folder_and_by_file() -> None:
    kinds = {"a/day1": "day", "a/day2": "day", "a/sport": "sport", "a/rates": "rates"}
    kinds |= {"a/rates2": "rates", "a/rates3": "rates", "b/day": "day", "b/sport": "sport"}
    age = {"a/day1": 5, "a/rates": 5, "a/day2": 9, "a/rates2": 9, "a/sport": 9, "b/day": 7}
    folders = {path: path[0] for path in kinds}
    found = exports_of(kinds, folders, lambda path: age.get(path, 0), main="day")
    assert found == [
        ["a/day2", "a/rates2", "a/sport"],
        ["b/day", "b/sport"],
        ["a/day1", "a/rates", "a/rates3"],
    ]
    assert exports_of({"a/x": "day", "b/y": "sport"}, folders, age.__getitem__, main="day") == [
        ["a/x", "b/y"]
    ]


OURA_HEADER = "date,Total Burn,Total Sleep Duration,Steps,Rest Time,Non-wear Time\n"
WHOOP_HEADER = "Cycle start time,Cycle end time,Energy burned (cal),Average HR (bpm),Wake onset\n"


def test_two_xml_of_one_person_and_of_two(tmp_path: Path) -> None:
    walk, exported = test_apple_health.walk, 'ExportDate value="2021-11-'
    for number, day in enumerate(("2021-11-14", "2021-11-20")):
        phone = test_apple_health.PHONE
        walks = [
            walk(phone, f"2021-11-{date} 08:00", f"2021-11-{date} 09:00", 900 + date, 1)
            for date in range(10, int(day[-2:]) + 1)
        ]
        if number == 0:  # of whose last day the newer one has more
            walks[-1] = walk(phone, "2021-11-14 08:00", "2021-11-14 08:10", 90, 1)
        text = test_apple_health.export_xml(walks).replace(f"{exported}20", f"{exported}{day[-2:]}")
        folder = tmp_path / day
        folder.mkdir()
        test_apple_health.write(folder, text)
    logs = import_logs(tmp_path)
    check_balance(logs)
    assert logs.dataset.rows[0, :, 0].tolist() == [float(900 + date) for date in range(11, 20)]
    newer = tmp_path / "2021-11-20" / "export.xml"
    newer.write_text(newer.read_text().replace('value="9', 'value="19'))
    with pytest.raises(DataError, match="exports of one person"):
        import_logs(tmp_path)


def days_of(vendor: str, last: int) -> tuple[str, str]:
    """Return an export's file and text: days from the first to the last, which is partial."""
    days = [(day, 900 if day == last else 8000) for day in range(1, last + 1)]
    if vendor == "mi_fit":
        rows = [f"2024-03-0{day},{steps},5000,0,200" for day, steps in days]
        return "ACTIVITY/ACTIVITY_1.csv", test_mi_fit.file_of(
            "date,steps,distance,runDistance,calories", *rows
        )
    if vendor == "google_fit":
        rows = [f"2024-03-0{day},{steps},2000" for day, steps in days]
        return "Days/Days.csv", "\n".join(["Date,Step count,Calories (kcal)", *rows]) + "\n"
    if vendor == "oura":
        rows = [f"2024-03-0{day},2000,25200,{steps},{steps * 11},0" for day, steps in days]
        return "trends.csv", OURA_HEADER + "\n".join(rows) + "\n"
    rows = [
        f"2024-03-0{day} 00:10:00,{'' if steps == 900 else f'2024-03-0{day} 23:50:00'},"
        f"{steps / 4},60,2024-03-0{day} 07:00:00"
        for day, steps in days
    ]
    return "physiological_cycles.csv", WHOOP_HEADER + "\n".join(rows) + "\n"


@pytest.mark.parametrize("vendor", ["mi_fit", "google_fit", "oura", "whoop"])
@pytest.mark.parametrize("prefix", ["", "export_"])
def test_the_half_day_of_an_older_export_is_not_taken_for_the_whole_one(
    vendor: str, prefix: str, tmp_path: Path
) -> None:
    for last in (4, 8):
        name, text = days_of(vendor, last)
        file = tmp_path / f"{prefix}2024-03-0{last}" / name
        file.parent.mkdir(parents=True)
        file.write_text(text)
    logs = import_logs(tmp_path)
    check_balance(logs)
    assert list(logs.dataset.user_ids) == ["me"]
    feature, value = (1, 2000) if vendor == "whoop" else (0, 8000)
    days = logs.dataset.rows[0, :, feature][logs.dataset.observed[0, :, feature]].tolist()
    assert days == [value] * (7 if vendor in ("oura", "whoop") else 6)
    assert {row["reason"] for row in logs.rejected} == {"partial day"}


@pytest.mark.parametrize("vendor", ["mi_fit", "google_fit", "oura", "whoop"])
def test_exports_of_two_people_in_one_folder_are_refused(vendor: str, tmp_path: Path) -> None:
    name, text = days_of(vendor, 8)
    path = PurePosixPath(name)
    (tmp_path / path.parent).mkdir(exist_ok=True)
    other = path.with_stem(path.stem.removesuffix("_1") + ("_2" if "_1" in name else " 2"))
    (tmp_path / path).write_text(text)
    (tmp_path / other).write_text(text)
    assert import_logs(tmp_path).dataset.users == 1
    was, becomes = (",2000.0,", ",2600.0,") if vendor == "whoop" else (",8000,", ",9000,")
    (tmp_path / other).write_text(text.replace(was, becomes))
    with pytest.raises(DataError, match="exports of one person"):
        import_logs(tmp_path)


@pytest.mark.parametrize("ids", ["plain", "salted"])
def test_folders_whose_names_are_no_utf_8(ids: str, tmp_path: Path) -> None:
    for name in (b"p\xff1", b"p\xfe1"):
        folder = tmp_path / "people" / os.fsdecode(name)
        file, text = days_of("oura", 5)
        folder.mkdir(parents=True)
        # The file is named where a value of it is rejected.
        (folder / file).write_text(text.replace("25200", "x", 1))
    logs = import_logs(tmp_path / "people", tmp_path / "logs", ids=ids)
    check_balance(logs)
    assert logs.dataset.users == 2
    if ids == "plain":
        assert list(logs.dataset.user_ids) == ["p\\udcfe1", "p\\udcff1"]
