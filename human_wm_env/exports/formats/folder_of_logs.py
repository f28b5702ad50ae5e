"""A folder that an import wrote: reasons and ids stay as they are in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from human_wm_env.data.folder import MANIFEST, file_of, is_folder_of_logs
from human_wm_env.exports.csv_rows import read_rows
from human_wm_env.exports.files import Export
from human_wm_env.exports.formats.daily_table import read_day_rows
from human_wm_env.exports.formats.format import People, ReadingOptions
from human_wm_env.exports.ledger import Ledger
from human_wm_env.exports.reasons import WORDS, Reason
from human_wm_env.person import schema


class FolderOfLogs:
    """See the module."""

    name = "humanwm"

    def recognise(self, export: Export) -> bool:
        """Return True for a folder with a manifest of ours."""
        return MANIFEST in export.paths and is_folder_of_logs(export.path)

    def people(self, export: Export, options: ReadingOptions, ledger: Ledger) -> People:
        """Return the people of the folder."""
        days, reasons = (Export(file_of(export.path, role)) for role in ("days", "reasons"))
        rows = read_day_rows(days, days.paths[0], ReadingOptions(), ledger, self.name)
        codes = {word: code for code, word in enumerate(WORDS)}
        why = np.array(
            [
                [codes.get(row.get(name), 0) for name in schema.FEATURE_NAMES]
                for row in read_rows(reasons, reasons.paths[0], ledger)
            ],
            dtype=np.uint8,
        )
        offered = np.flatnonzero((why != Reason.NOT_OFFERED).any(axis=0)).tolist()
        whole = replace(rows, reasons=why, offered=tuple(offered))
        yield from whole.people(ledger, options.repeated)
