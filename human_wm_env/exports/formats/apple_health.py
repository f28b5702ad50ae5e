"""Apple Health's export: one XML of records, in a zip or alone.

Every stamp bears the offset in force at the export. The zone of a record is that of the
record nearest in time with the metadata HKTimeZone, or is given (`timezone`). What the watch
and the phone count at the same time counts once.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import PurePosixPath

from human_wm_env.exports.accounts import OnePerson, accounts
from human_wm_env.exports.day_log import DayLog
from human_wm_env.exports.files import Export
from human_wm_env.exports.formats.apple_days import AppleDays
from human_wm_env.exports.formats.apple_records import AppleRecords
from human_wm_env.exports.formats.format import People, ReadingOptions
from human_wm_env.exports.ledger import Ledger
from human_wm_env.exports.stamps import read_day
from human_wm_env.exports.xml_stream import XmlStream

_EXPORTED = re.compile(rb'<ExportDate value="([^"]*)"')


class AppleHealth:
    """See the module."""

    name = "apple_health"

    def recognise(self, export: Export) -> bool:
        """Return True where an XML begins with Apple's root element."""
        return any(_is_export(export, path) for path in export.paths)

    def people(self, export: Export, options: ReadingOptions, ledger: Ledger) -> People:
        """Return the person of each XML, named after its folder or itself where there are more.

        Of one person's exports, whose names differ in their dates alone, the newest goes first.
        """
        found = [path for path in export.paths if _is_export(export, path)]
        for path in export.paths:
            if path not in found:
                ledger.skip(f"file *.{path.rpartition('.')[2][:10]}")
        for name, paths in accounts(
            {path: str(PurePosixPath(path).with_suffix("")) for path in found}
        ):
            person = OnePerson()
            for path in sorted(paths, key=partial(_exported, export), reverse=True):
                read = partial(self._read, export, path, options, ledger)
                yield name, partial(person.read, path, read)

    def _read(
        self, export: Export, path: str, options: ReadingOptions, ledger: Ledger
    ) -> DayLog | None:
        with export.open(path) as stream:
            xml = XmlStream(stream, path)
            records = AppleRecords(path, ledger, lambda: xml.line)
            xml.parse(records.start, records.end, records.take)
        return AppleDays(records, AppleHealth.name, options).log_of_days()


def _is_export(export: Export, path: str) -> bool:
    return path.lower().endswith(".xml") and b"<HealthData" in export.head(path)


def _exported(export: Export, path: str) -> int:
    """Return the ordinal of the day of an export, 0 where it does not say."""
    found = _EXPORTED.search(export.head(path))
    return read_day(found.group(1).decode(errors="replace")) or 0 if found else 0
