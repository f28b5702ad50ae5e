"""Apple Health's export: an invented person of Oslo, exported in winter, logged in summer."""

from __future__ import annotations

import zipfile
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from human_wm_env import DataError, import_logs
from tests.human_wm_env.exports.grids import check_balance, grid, grids, lines

OSLO = ZoneInfo("Europe/Oslo")
EXPORT_OFFSET = timezone(timedelta(hours=1))  # in force at the export, in November
# The document type of iOS 16 is invalid, as here.
DOCTYPE = """<!DOCTYPE HealthData [
<!ELEMENT HealthData (ExportDate,Me,(Record|Workout)*)>
<!ATTLIST HealthData
  locale CDATA #REQUIRED
>
<!ATTLIST Record startDate CDATA #REQUIRED <!-- broken
]>
"""
WATCH, PHONE, APP = "Ann's Apple\u00a0Watch", "iPhone of Ann", "Steps\x0b&amp;&#11;More"


def stamp(local: str) -> str:
    """Return a local time as the export writes it: at the wrong offset in summer."""
    when = datetime.fromisoformat(local).replace(tzinfo=OSLO).astimezone(EXPORT_OFFSET)
    return when.strftime("%Y-%m-%d %H:%M:%S %z")


def record(
    kind: str, source: str, unit: str, start: str, end: str, value: object, inside: str = ""
) -> str:
    kind = kind if kind.startswith("HK") else f"HKQuantityTypeIdentifier{kind}"
    times = f'creationDate="{stamp(end)}" startDate="{stamp(start)}" endDate="{stamp(end)}"'
    return (
        f'<Record type="{kind}" sourceName="{source}" unit="{unit}" {times} '
        f'value="{value}">{inside}</Record>'
    )


ZONE = '<MetadataEntry key="HKTimeZone" value="Europe/Oslo"/>'
ASLEEP = "HKCategoryValueSleepAnalysis"


def sleep(stage: str, start: str, end: str, source: str = WATCH) -> str:
    kind = "HKCategoryTypeIdentifierSleepAnalysis"
    return record(kind, source, "", start, end, f"{ASLEEP}{stage}", ZONE)


def walk(source: str, start: str, end: str, steps: float, km: float) -> str:
    return record("StepCount", source, "count", start, end, steps) + record(
        "DistanceWalkingRunning", source, "km", start, end, km
    )


RECORDS = [
    # The first day of the export is partial.
    walk(PHONE, "2021-06-01 20:00", "2021-06-01 20:10", 900, 0.7),
    # Watch and phone counted the same walk; the phone went on alone for as long again.
    walk(WATCH, "2021-06-02 10:00", "2021-06-02 10:20", 2000, 1.5),
    walk(PHONE, "2021-06-02 10:00", "2021-06-02 10:40", 3600, 3.0),
    walk(PHONE, "2021-06-02 10:00", "2021-06-02 10:40", 3600, 3.0),
    record("StepCount", APP, "count", "2021-06-02 10:05", "2021-06-02 10:06", 100),
    # Half past midnight: the day before at the export's offset.
    walk(PHONE, "2021-06-03 00:30", "2021-06-03 00:40", 500, 0.4),
    # Over midnight, a quarter of it on the next day.
    walk(PHONE, "2021-06-03 23:45", "2021-06-04 00:05", 400, 0.4),
    record("DistanceCycling", WATCH, "mi", "2021-06-03 12:00", "2021-06-03 13:00", 10),
    record("ActiveEnergyBurned", WATCH, "kJ", "2021-06-02 10:00", "2021-06-02 11:00", 2092),
    record("BasalEnergyBurned", WATCH, "Cal", "2021-06-02 00:00", "2021-06-03 00:00", 1500),
    record("ActiveEnergyBurned", WATCH, "kcal", "2021-06-03 10:00", "2021-06-03 11:00", 300),
    record("AppleExerciseTime", WATCH, "min", "2021-06-02 10:00", "2021-06-02 10:20", 20),
    record("HeartRate", WATCH, "count/min", "2021-06-02 00:10", "2021-06-02 00:10", 60),
    record("HeartRate", WATCH, "count/min", "2021-06-02 23:50", "2021-06-02 23:50", 80),
    record("HeartRate", WATCH, "count/min", "2021-06-02 23:55", "2021-06-02 23:55", 0),
    # A night of stages that overlap each other, a shorter claim of an app, and a nap.
    sleep("AsleepCore", "2021-06-01 23:00", "2021-06-02 03:00"),
    sleep("AsleepDeep", "2021-06-02 02:30", "2021-06-02 04:00"),
    sleep("Awake", "2021-06-02 04:00", "2021-06-02 04:30"),
    sleep("AsleepREM", "2021-06-02 04:30", "2021-06-02 07:00"),
    sleep("InBed", "2021-06-01 22:30", "2021-06-02 07:15", PHONE),
    sleep("Asleep", "2021-06-01 23:30", "2021-06-02 05:00", APP),
    sleep("AsleepUnspecified", "2021-06-02 15:00", "2021-06-02 15:30"),
    # A night in bed of which nothing says that it was slept.
    sleep("InBed", "2021-06-02 23:00", "2021-06-03 07:00", PHONE),
    record("BodyMass", PHONE, "kg", "2021-06-03 08:00", "2021-06-03 08:00", 70),
    record("StepCount", PHONE, "count", "2030-01-01 10:00", "2030-01-01 10:10", 5),
    record("StepCount", PHONE, "furlong", "2021-06-03 10:00", "2021-06-03 10:10", 5),
    record("StepCount", PHONE, "count", "2021-06-03 10:00", "2021-06-03 10:10", -5),
    '<Correlation type="HKCorrelationTypeIdentifierFood">'
    + record("StepCount", PHONE, "count", "2021-06-03 10:00", "2021-06-03 10:10", 7)
    + "</Correlation>",
    f'<Workout workoutActivityType="HKWorkoutActivityTypeCycling" duration="60" '
    f'durationUnit="min" startDate="{stamp("2021-06-03 12:00")}" '
    f'endDate="{stamp("2021-06-03 13:00")}"><WorkoutStatistics '
    f'type="HKQuantityTypeIdentifierActiveEnergyBurned" sum="400" unit="kcal"/></Workout>',
    '<ActivitySummary dateComponents="2021-06-03" activeEnergyBurned="300" appleExerciseTime="9"/>',
    walk(PHONE, "2021-11-20 09:00", "2021-11-20 09:30", 50, 0.1),  # the day of the export
]


def export_xml(records: list[str] = RECORDS, doctype: str = DOCTYPE) -> str:
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    body = "\n ".join(records)
    return (
        f'{head}{doctype}<HealthData locale="nb_NO">\n <ExportDate value="2021-11-20 10:00:00 '
        f'+0100"/>\n <Me HKCharacteristicTypeIdentifierDateOfBirth="1990-01-01"/>\n {body}\n'
        "</HealthData>\n"
    )


EXPECTED = """
2021-06-02 3800 2000 3     20 7.5 70 None    ~ ~ ~
2021-06-03 800  -    16.79 -  unconf - Cycling ~ ~ ~
2021-06-04 100  -    0.1   -  - -  None    ~ ~ ~
"""


def write(folder: Path, text: str, name: str = "export.xml") -> Path:
    file = folder / name
    file.write_bytes(text.encode())
    return file


def expected() -> list[str]:
    # 10 mi on a bicycle, .4 km of a walk and .3 km of the one over midnight
    return [row.replace("16.79", f"{16.09344 + 0.7:.6g}") for row in lines(EXPECTED)]


def test_cells_and_reasons(tmp_path: Path) -> None:
    logs = import_logs(write(tmp_path, export_xml()))
    check_balance(logs)
    assert grids(logs, {"me": "2021-06-02"})["me"] == expected()
    said = {(line["column"], line["value"]) for line in logs.rejected}
    assert {("unit", "furlong"), ("value", "-5"), ("value", "0"), ("value", "InBed")} <= said
    assert any(column == "startDate" and value.startswith("2030") for column, value in said)
    counts = {row["feature"]: row for row in logs.manifest["counts"]}
    # Of 11 step counts: the twin, the app's; 2030, furlong, -5 and both ends are rejected.
    assert (counts["steps"]["read"], counts["steps"]["merged"]) == (11, 2)
    assert counts["steps"]["rejected"] == 5
    assert logs.manifest["unused"]["HKQuantityTypeIdentifierBodyMass"] == 1
    assert logs.manifest["unused"]["records repeated inside a Correlation"] == 1


def test_the_day_of_a_rejected_workout_is_no_rest_day(tmp_path: Path) -> None:
    days = range(1, 6)
    walks = [walk(PHONE, f"2021-06-0{day} 10:00", f"2021-06-0{day} 10:40", 3600, 3) for day in days]
    kind = "HKWorkoutActivityTypeRunning"
    workouts = [
        f'<Workout workoutActivityType="{kind}" duration="{minutes}" durationUnit="min" '
        f'startDate="{stamp(start)}" endDate="{stamp(end)}"/>'
        for minutes, start, end in (
            ("abc", "2021-06-02 00:10", "2021-06-02 00:40"),
            ("30", "2021-06-03 12:00", "2021-06-03 11:00"),
            ("30", "2021-06-04 12:00", "2021-06-04 12:30"),
        )
    ]
    file = write(tmp_path, export_xml([*walks, *workouts]))
    rows = grid(file, "2021-06-02", timezone="Europe/Oslo")
    assert [row.split()[7] for row in rows] == ["bad", "bad", "Running", "None"]


def test_what_a_day_alone_has_and_is_rejected_quarantines_its_cell(tmp_path: Path) -> None:
    records = []
    for day in range(1, 6):
        times = f"2021-06-0{day} 10:00", f"2021-06-0{day} 10:40"
        steps, unit = -5 if day == 2 else 3000, "furlong" if day == 3 else "km"
        records.append(record("StepCount", PHONE, "count", *times, steps, ZONE))
        records.append(record("DistanceWalkingRunning", PHONE, unit, *times, 2, ZONE))
    rows = grid(write(tmp_path, export_xml(records)), "2021-06-02")
    assert [row.split()[1] for row in rows] == ["bad", "3000", "3000", "3000"]
    assert [row.split()[3] for row in rows] == ["2", "bad", "2", "2"]


def test_what_starts_after_the_export_is_rejected(tmp_path: Path) -> None:
    """The export is of 2021-11-20, 10:00."""
    days = [walk(PHONE, f"2021-11-{day} 08:00", f"2021-11-{day} 08:30", 900, 1) for day in (17, 18)]
    later = walk(PHONE, "2021-11-20 10:01", "2021-11-20 10:30", 77, 0.1)
    later += walk(PHONE, "2021-11-21 08:00", "2021-11-21 08:30", 77, 0.1)
    night = sleep("AsleepCore", "2021-11-20 23:00", "2021-11-21 07:00")
    during = walk(PHONE, "2021-11-20 09:00", "2021-11-21 03:00", 1800, 1.8)
    logs = import_logs(write(tmp_path, export_xml([*days, later, night, during])))
    check_balance(logs)
    assert grids(logs, {"me": "2021-11-18"})["me"] == ["2021-11-18 900 ~ 1 ~ - ~ ~ ~ ~ ~"]
    late = [row["value"] for row in logs.rejected if row["column"] == "startDate"]
    assert len(late) == 5 and all(one >= "2021-11-20 10:01" for one in late)


def test_naps_are_added_on_request(tmp_path: Path) -> None:
    assert grid(write(tmp_path, export_xml()), "2021-06-02", naps=True)[0].split()[5] == "8"


def test_without_zones_it_is_told_and_the_zone_can_be_given(tmp_path: Path) -> None:
    file = write(tmp_path, export_xml([one.replace(ZONE, "") for one in RECORDS]))
    logs = import_logs(file)
    assert "no record names its time zone" in logs.manifest["notes"][0]
    # The walk of 0:30 is taken for one of the day before.
    assert grids(logs, {"me": "2021-06-02"})["me"][0].split()[1] == "4300"
    assert grid(file, "2021-06-02", timezone="Europe/Oslo") == expected()


@pytest.mark.parametrize(
    "name", ["apple_health_export/export.xml", "apple_health_export/eksport.xml"]
)
def test_a_zip_with_a_localized_name(tmp_path: Path, name: str) -> None:
    archive = tmp_path / "export.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr(name, export_xml())
        target.writestr("apple_health_export/export_cda.xml", "<ClinicalDocument/>")
        target.writestr("apple_health_export/workout-routes/route_1.gpx", "<gpx/>")
    assert grid(archive, "2021-06-02") == expected()


def test_the_dates_of_ios_8(tmp_path: Path) -> None:
    old = (
        '<Record type="HKQuantityTypeIdentifierStepCount" sourceName="Phone" unit="count" '
        'startDate="{0}084347-0800" endDate="{0}084447-0800" value="70"/>'
    )
    records = [old.format(day) for day in ("20140113", "20140114", "20140115")]
    rows = grid(write(tmp_path, export_xml(records)), "2014-01-14")
    assert rows == lines(
        """
        2014-01-14 70 ~ ~ ~ ~ ~ ~ ~ ~ ~
        2014-01-15 70 ~ ~ ~ ~ ~ ~ ~ ~ ~
        """
    )


LAUGHS = '<!DOCTYPE HealthData [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "text",
    [
        export_xml()[:-200],
        export_xml().replace('unit="count"', 'unit="count', 1),
        export_xml(doctype=LAUGHS).replace("iPhone of Ann", "&b;"),
        export_xml().replace("<Me ", LAUGHS + "<Me "),
        '<HealthData><Record type="' + "x" * 3_000_000,
        export_xml().encode("utf-16").decode("latin-1"),
    ],
)
def test_what_is_cut_off_or_hostile(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataError):
        import_logs(write(tmp_path, text), format="apple_health")
