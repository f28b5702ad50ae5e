"""Exports of invented people, of the size and shape of real ones, for timing imports."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from human_wm_env.person import schema

FIRST_DATE = date(2020, 1, 1)
_TEMPLATES = 20  # different days; each stands in an export as often as it takes
_DEVICE = (
    "&lt;&lt;HKDevice: 0x281d2b3c0&gt;, name:Apple Watch, manufacturer:Apple Inc., "
    "model:Watch, hardware:Watch6,2, software:10.1&gt;"
)
_WATCH = f'sourceName="Watch" sourceVersion="10.1" device="{_DEVICE}"'
_PHONE = 'sourceName="Phone" sourceVersion="17.1"'
_DATE = "2000-00-00"  # in templates
_TIMES = [f"{minute // 60:02}:{minute % 60:02}:00" for minute in range(1440)]
# Of Fitbit's series: means of a waking minute, and of a day.
_MEANS = {"steps": 9.0, "calories": 1.6, "distance": 600.0}
_ACTIVE = {
    "lightly_active_minutes": 180.0,
    "moderately_active_minutes": 25.0,
    "very_active_minutes": 15.0,
    "sedentary_minutes": 700.0,
}


def write_kaggle_csv(file: Path, people: int, days: int) -> None:
    """Write a daily table of all features: a row a person and day, a tenth of the cells empty."""
    rng = np.random.default_rng(0)
    with file.open("w", encoding="utf-8") as stream:
        stream.write(f"user_id,date,{','.join(schema.FEATURE_NAMES)}\n")
        dates = [(FIRST_DATE + timedelta(day)).isoformat() for day in range(days)]
        for person in range(people):
            columns = [[str(person)] * days, dates, *_columns(rng, days)]
            stream.writelines(f"{','.join(row)}\n" for row in zip(*columns, strict=True))


def _columns(rng: np.random.Generator, days: int) -> Iterator[list[str]]:
    for feature in schema.FEATURES:
        if isinstance(feature, schema.Continuous):
            drawn = np.clip(
                rng.normal(feature.centre, feature.scale, days), feature.low, feature.high
            )
            cells = [f"{value:.2f}" for value in drawn]
        else:
            cells = rng.choice(feature.categories, days).tolist()
        for day in np.flatnonzero(rng.random(days) < 0.1):
            cells[day] = ""
        yield cells


def write_apple_export(file: Path, size: int) -> None:
    """Write an export.xml of at least `size` bytes, a person with a watch and a phone.

    A day has 1,500 records of energy, heart rate (with a MetadataEntry each), steps and distance
    of both devices, exercise, what is not read (a tenth), a night and a workout.
    """
    rng = np.random.default_rng(0)
    templates = [_apple_day(rng) for _ in range(_TEMPLATES)]
    day = 0
    with file.open("w", encoding="utf-8") as stream:
        stream.write('<?xml version="1.0" encoding="UTF-8"?>\n<HealthData locale="en_US">\n')
        stream.write(' <ExportDate value="2024-12-31 12:00:00 +0100"/>\n')
        while stream.tell() < size:
            # A generated gigabyte is some 2,000 days.
            found = (FIRST_DATE - timedelta(days=3650) + timedelta(day)).isoformat()
            stream.write(templates[day % _TEMPLATES].replace(_DATE, found))
            day += 1
        stream.write("</HealthData>\n")


def _apple_day(rng: np.random.Generator) -> str:
    lines = []

    def add(kind: str, source: str, unit: str, every: int, length: int, value: float) -> None:
        """Add a quantity all day: every so many seconds, for so long."""
        rate = kind == "HeartRate"
        for start in range(25200, 82800, every):
            begun, ended = _stamp(start), _stamp(start + length)
            number = f"{value * rng.uniform(0.5, 1.5):.{0 if rate else 4}f}"
            lines.append(
                f' <Record type="HKQuantityTypeIdentifier{kind}" {source} unit="{unit}" '
                f'creationDate="{ended}" startDate="{begun}" endDate="{ended}" value="{number}"'
            )
            lines.append(
                '>\n  <MetadataEntry key="HKMetadataKeyHeartRateMotionContext" value="1"/>\n'
                " </Record>\n"
                if rate
                else "/>\n"
            )

    add("ActiveEnergyBurned", _WATCH, "Cal", 120, 60, 2.0)
    add("BasalEnergyBurned", _WATCH, "Cal", 300, 300, 5.0)
    add("HeartRate", _WATCH, "count/min", 200, 0, 70.0)
    for source in (_WATCH, _PHONE):
        add("StepCount", source, "count", 500, 400, 60.0)
        add("DistanceWalkingRunning", source, "km", 500, 400, 0.05)
    add("AppleExerciseTime", _WATCH, "min", 1800, 60, 1.0)
    add("HeartRateVariabilitySDNN", _WATCH, "ms", 400, 60, 50.0)
    for stage, start, hours in (("Core", 0, 3), ("Deep", 3, 1), ("REM", 4, 2)):
        lines.append(
            f' <Record type="HKCategoryTypeIdentifierSleepAnalysis" {_WATCH} '
            f'creationDate="{_stamp(25000)}" startDate="{_stamp(3600 * start)}" '
            f'endDate="{_stamp(3600 * (start + hours))}" '
            f'value="HKCategoryValueSleepAnalysisAsleep{stage}">\n'
            '  <MetadataEntry key="HKTimeZone" value="Europe/Oslo"/>\n </Record>\n'
        )
    lines.append(
        f' <Workout workoutActivityType="HKWorkoutActivityTypeRunning" duration="30" '
        f'durationUnit="min" {_WATCH} startDate="{_stamp(61200)}" endDate="{_stamp(63000)}">\n'
        " </Workout>\n"
    )
    return "".join(lines)


def _stamp(second: int) -> str:
    return f"{_DATE} {second // 3600:02}:{second // 60 % 60:02}:{second % 60:02} +0100"


def write_fitbit(folder: Path, people: int, days: int, *, minutes: bool) -> None:
    """Write account exports, a subfolder a person, with the files and names of Fitbit's.

    Steps, calories and distance, of minutes or of days, active and sedentary minutes and sleep
    have 30 days a file, exercises 100 a file, resting heart rates a year; with minutes, there is
    a file of heart rates a day, too, one every 15 seconds.
    """
    for person in range(people):
        _fitbit_account(folder / f"p{person:04}", days, minutes=minutes, seed=person)


def _fitbit_account(folder: Path, days: int, *, minutes: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    first = date(2019, 1, 1)
    every = [first + timedelta(day) for day in range(days)]
    nights, exercises = _nights(rng, every), _exercises(rng, every)
    for start in range(0, days, 30):
        some = every[start : start + 30]
        for kind, mean in _MEANS.items():
            told = _of_minutes(rng, some, mean) if minutes else _of_days(rng, some, 930 * mean)
            _write(folder / f"{kind}-{some[0]}.json", told)
        for kind, mean in _ACTIVE.items():
            _write(folder / f"{kind}-{some[0]}.json", _of_days(rng, some, mean))
        _write(folder / f"sleep-{some[0]}.json", nights[start : start + 30])
    for start in range(0, len(exercises), 100):
        _write(folder / f"exercise-{start}.json", exercises[start : start + 100])
    for year in sorted({day.year for day in every}):
        _write(
            folder / f"resting_heart_rate-{year}-01-01.json",
            [
                {
                    "dateTime": f"{_american(day)} 00:00:00",
                    "value": {"date": _american(day), "value": rng.normal(60, 3), "error": 6.8},
                }
                for day in every
                if day.year == year
            ],
        )
    if minutes:
        templates = [_heart_rates(rng) for _ in range(_TEMPLATES)]
        for number, day in enumerate(every):
            text = templates[number % _TEMPLATES].replace(_DATE, _american(day))
            (folder / f"heart_rate-{day}.json").write_text(text, encoding="utf-8")


def _of_minutes(rng: np.random.Generator, days: list[date], mean: float) -> list[dict[str, str]]:
    values = np.zeros((len(days), 1440))
    values[:, 450:1380] = rng.poisson(mean, (len(days), 930))
    return [
        {"dateTime": f"{told} {time}", "value": f"{value:g}"}
        for told, row in zip(map(_american, days), values.tolist(), strict=True)
        for time, value in zip(_TIMES, row, strict=True)
    ]


def _of_days(rng: np.random.Generator, days: list[date], mean: float) -> list[dict[str, str]]:
    values = rng.poisson(mean, len(days)).tolist()
    return [
        {"dateTime": f"{_american(day)} 00:00:00", "value": f"{value}"}
        for day, value in zip(days, values, strict=True)
    ]


def _heart_rates(rng: np.random.Generator) -> str:
    rates = rng.normal(70, 10, 5760).astype(int).tolist()
    entries = [
        {
            "dateTime": f"{_DATE} {_TIMES[number // 4].removesuffix('00')}{number % 4 * 15:02}",
            "value": {"bpm": rate, "confidence": 2},
        }
        for number, rate in enumerate(rates)
    ]
    return json.dumps(entries)


def _nights(rng: np.random.Generator, days: list[date]) -> list[dict[str, object]]:
    asleep, seconds = rng.integers(360, 421, len(days)), rng.integers(0, 1800, (len(days), 2))
    return [
        {
            "logId": day.toordinal(),
            "dateOfSleep": day.isoformat(),
            "startTime": f"{day - timedelta(days=1)}T23:{start // 60:02}:{start % 60:02}.000",
            "endTime": f"{day}T07:{end // 60:02}:{end % 60:02}.000",
            "minutesAsleep": minutes,
            "type": "stages",
            "mainSleep": True,
        }
        for day, minutes, (start, end) in zip(days, asleep.tolist(), seconds.tolist(), strict=True)
    ]


def _exercises(rng: np.random.Generator, days: list[date]) -> list[dict[str, object]]:
    drawn = zip(days, rng.random(len(days)), rng.integers(0, 3600, len(days)).tolist(), strict=True)
    return [
        {
            "logId": day.toordinal(),
            "activityName": "Run",
            "startTime": f"{_american(day)} 17:{second // 60:02}:{second % 60:02}",
            "activeDuration": 1800000 + 1000 * second,
            "averageHeartRate": 140,
            "steps": 4000,
        }
        for day, chance, second in drawn
        if chance < 0.4
    ]


def _american(day: date) -> str:
    return f"{day:%m/%d/%y}"


def _write(file: Path, entries: object) -> None:
    file.write_text(json.dumps(entries), encoding="utf-8")
