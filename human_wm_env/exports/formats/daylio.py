"""Daylio's diary: moods, in the user's own words, several a day.

The five words that the app begins with are known; others are mapped (`map=FILE.yaml`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from pathlib import PurePosixPath

from human_wm_env.data.importers.labels import MOOD_WORDS
from human_wm_env.exports.accounts import accounts
from human_wm_env.exports.categories import MOODS, category_codes, majority_mood
from human_wm_env.exports.csv_rows import header_of, read_rows
from human_wm_env.exports.day_log import DayLog, DayLogBuilder
from human_wm_env.exports.files import Export
from human_wm_env.exports.formats.format import People, ReadingOptions
from human_wm_env.exports.ledger import Ledger, Where
from human_wm_env.exports.stamps import read_day
from human_wm_env.person import schema

_DATE, _MOOD = "full_date", "mood"
_COLUMNS = {_DATE, _MOOD, "weekday"}
_WORDS = {word: MOOD_WORDS[word] for word in ("rad", "good", "meh", "bad", "awful")}


class Daylio:
    """See the module."""

    name = "daylio"

    def recognise(self, export: Export) -> bool:
        """Return True where a CSV has Daylio's columns."""
        return any(_is_diary(export, path) for path in export.paths)

    def people(self, export: Export, options: ReadingOptions, ledger: Ledger) -> People:
        """Return the person of each folder with diaries."""
        folders = {}
        for path in export.paths:
            if _is_diary(export, path):
                folders[path] = str(PurePosixPath(path).parent)
            else:
                ledger.skip(f"file {PurePosixPath(path).name}")
        for name, paths in accounts(folders):
            yield name, partial(self._read, export, paths, options, ledger)

    def _read(
        self, export: Export, paths: Sequence[str], options: ReadingOptions, ledger: Ledger
    ) -> DayLog | None:
        log = DayLogBuilder(self.name, (schema.MOOD,), ledger, repeated=options.repeated)
        codes = category_codes(
            schema.MOOD, {_MOOD: {**_WORDS, **options.categories.get(_MOOD, {})}}
        )
        moods: dict[int, list[str]] = {}
        for path in paths:
            for row in read_rows(export, path, ledger):
                day, word = read_day(row.get(_DATE)), row.get(_MOOD)
                code = codes.get(word.lower())
                if code is not None and math.isnan(code):  # an entry without a mood
                    continue
                ledger.read(schema.MOOD)
                if day is None:
                    why = "an entry has a date since 2000"
                    ledger.reject(schema.MOOD, row.where, _DATE, row.get(_DATE), why)
                elif code is None:
                    why = (
                        f"it should be one of {', '.join(_WORDS)}, or be named in `categories` as "
                        f"one of {', '.join(MOODS)}"
                    )
                    log.reject_cell(schema.MOOD, day, row.where, _MOOD, word, why)
                else:
                    moods.setdefault(day, []).append(MOODS[int(code)])
        for day, found in moods.items():
            where = Where("diary", "moods of the day")
            log.put(schema.MOOD, day, majority_mood(found), where, _MOOD, values=len(found))
        return log.build()


def _is_diary(export: Export, path: str) -> bool:
    return path.lower().endswith(".csv") and set(header_of(export, path)) >= _COLUMNS
