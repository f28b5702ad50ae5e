"""Imported logs as lines of text, so that a test can show a whole table: values and reasons."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from human_wm_env import ImportedLogs, import_logs
from human_wm_env.exports.day_log import iso_date
from human_wm_env.exports.merging import PersonDays
from human_wm_env.exports.reasons import WORDS
from human_wm_env.person import schema

SHORT = {
    "not offered": "~",
    "not in export": "-",
    "not worn": "unworn",
    "unconfirmed": "unconf",
    "partial day": "part",
    "merged away": "merged",
    "quarantined": "bad",
}


def value_text(value: float, index: int) -> str:
    feature = schema.FEATURES[index]
    if isinstance(feature, schema.Categorical):
        return feature.categories[int(value)]
    return f"{value:.6g}"


def line_of(day: str, values: np.ndarray, words: list[str]) -> str:
    cells = [
        SHORT[word] if word else value_text(float(value), index)
        for index, (value, word) in enumerate(zip(values, words, strict=True))
    ]
    return " ".join([day, *(cell.replace(" ", "_") for cell in cells)])


def grid_of(days: PersonDays) -> list[str]:
    """Return a person's log before it is written, one line a day."""
    return [
        line_of(iso_date(days.first_day + day), values, [WORDS[code] for code in codes])
        for day, (values, codes) in enumerate(zip(days.values, days.reasons.tolist(), strict=True))
    ]


def grids(logs: ImportedLogs, first_days: dict[str, str]) -> dict[str, list[str]]:
    """Return the log of every person, one line a day, dates counted from a given first day."""
    found = {}
    for user, name in enumerate(logs.dataset.user_ids):
        first = date.fromisoformat(first_days[name])
        assert logs.dataset.start_weekday[user] == first.weekday()
        found[name] = [
            line_of(
                (first + timedelta(days=day)).isoformat(),
                logs.dataset.rows[user, day],
                logs.reasons[user, day].tolist(),
            )
            for day in range(int(logs.dataset.days_logged[user]))
        ]
    return found


def grid(source: Path | list[Path], first_day: str, **options: Any) -> list[str]:
    """Import sources of one person, and return that person's log."""
    logs = import_logs(source, **options)
    check_balance(logs)
    (name,) = logs.dataset.user_ids
    return grids(logs, {name: first_day})[name]


def check_balance(logs: ImportedLogs) -> None:
    """Compare the counts with one another, and with the lines of what was rejected."""
    rejected = 0
    for row in logs.manifest["counts"]:
        assert row["read"] == row["kept"] + row["merged"] + row["rejected"], row
        rejected += row["rejected"]
    assert rejected == sum(int(line["values"]) for line in logs.rejected)


def lines(text: str) -> list[str]:
    """Return the lines of an expected table, their blanks made single."""
    return [" ".join(line.split()) for line in text.strip().splitlines()]
