"""A folder that an import wrote: reasons and ids stay as they are in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from human_wm_env.data.folder import MANIFEST, files_of, is_folder_of_logs, rows_of
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
        codes = {word: code for code, word in enumerate(WORDS)}
        shards = zip(files_of(export.path, "days"), files_of(export.path, "reasons"), strict=True)
        for file, of_reasons in shards:
            days = Export(file)
            rows = read_day_rows(
                days, days.paths[0], ReadingOptions(), ledger, self.name, undated=True
            )
            names, batches = rows_of(of_reasons)
            place = [names.index(name) for name in schema.FEATURE_NAMES]
            why = np.array(
                [[codes.get(row[at], 0) for at in place] for some in batches for row in some],
                dtype=np.uint8,
            )
            offered = np.flatnonzero((why != Reason.NOT_OFFERED).any(axis=0)).tolist()
            whole = replace(rows, reasons=why, offered=tuple(offered))
            yield from whole.people(ledger, options.repeated)
