"""Apple Health's export: one XML of records, in a zip or alone.

Every stamp bears the offset in force at the export. The zone of a record is that of the
record nearest in time with the metadata HKTimeZone, or is given (`timezone`). What the watch
and the phone count at the same time counts once.
"""

from __future__ import annotations

from functools import partial

from human_wm_env.exports.day_log import DayLog
from human_wm_env.exports.files import Export
from human_wm_env.exports.formats.apple_days import AppleDays
from human_wm_env.exports.formats.apple_records import AppleRecords
from human_wm_env.exports.formats.format import People, ReadingOptions
from human_wm_env.exports.ledger import Ledger
from human_wm_env.exports.xml_stream import XmlStream


class AppleHealth:
    """See the module."""

    name = "apple_health"

    def recognise(self, export: Export) -> bool:
        """Return True where an XML begins with Apple's root element."""
        return any(_is_export(export, path) for path in export.paths)

    def people(self, export: Export, options: ReadingOptions, ledger: Ledger) -> People:
        """Return the one person of each XML; several are named after their folder or file."""
        found = [path for path in export.paths if _is_export(export, path)]
        for path in export.paths:
            if path not in found:
                ledger.skip(f"file *.{path.rpartition('.')[2][:10]}")
        for path in found:
            person = None if len(found) == 1 else path.partition("/")[0].partition(".")[0]
            yield person, partial(self._read, export, path, options, ledger)

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
