"""The days of a folder of imported logs, as the rows of one table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from human_wm_env.data.dataset import in_order, plain_id
from human_wm_env.data.folder import PARQUET, files_of
from human_wm_env.data.importers.csv_table import Table, read_table
from human_wm_env.errors import DataError
from human_wm_env.files.parquet import opened
from human_wm_env.person import schema

_UNIX_EPOCH = date(1970, 1, 1).toordinal()
_COLUMNS = ("user_id", "date", *schema.FEATURE_NAMES)


def read_folder(folder: Path) -> Table:
    """Return the rows of all shards; what is odd was told when they were imported.

    Raises:
        DataError: a file is missing, damaged or not as an import writes it.
    """
    files = files_of(folder, "days")
    if files[0].suffix != PARQUET:
        return replace(read_table(files[0]), file=folder.name, notes=())
    ids: dict[str, int] = {}
    users, days, values = [], [], []
    for file in files:
        for names, which, when, cells in batches_of(file):
            place = [ids.setdefault(one, len(ids)) for one in names]
            users.append(np.array(place, dtype=np.int64)[which])
            days.append(when)
            values.append(cells)
    order = in_order(list(ids))
    rank = np.empty(len(ids), dtype=np.int64)
    rank[order] = np.arange(len(ids))
    names = list(ids)
    user = np.concatenate(users) if users else np.empty(0, dtype=np.int64)
    return Table(
        file=folder.name,
        user_ids=tuple(names[one] for one in order),
        user=rank[user],
        day=np.concatenate(days) if days else np.empty(0, dtype=np.int64),
        line=np.arange(1, len(user) + 1),
        values=np.concatenate(values) if values else np.empty((0, schema.FEATURE_COUNT)),
        ignored_columns=(),
        absent_columns=(),
        notes=(),
    )


def batches_of(
    file: Path,
) -> Iterator[tuple[list[str], np.ndarray, np.ndarray, np.ndarray]]:
    """Yield the rows of a shard, some at a time.

    Yields:
        Different ids, which of them each row has, int (rows,), its date as an ordinal, int64
        (rows,), and its values as in `Table`.

    Raises:
        DataError: it is damaged or not as an import writes it.
    """
    with opened(file, file.name) as shard:
        if tuple(shard.schema_arrow.names) != _COLUMNS:
            raise DataError(
                f"the columns {', '.join(_COLUMNS)}",
                f"{', '.join(shard.schema_arrow.names)} ({file.name})",
                "Import the logs again.",
            )
        for batch in shard.iter_batches():
            coded = batch.column(0).dictionary_encode()
            names = [plain_id(one) for one in coded.dictionary.to_pylist()]
            days = np.asarray(batch.column(1).cast("int32")) + _UNIX_EPOCH
            yield names, np.asarray(coded.indices), days, _values(batch.columns[2:], file.name)


def _values(columns: Sequence[Any], file: str) -> np.ndarray:
    """Return amounts, and codes of categories, float64 (rows, 10), NaN where missing."""
    found = np.empty((len(columns[0]), schema.FEATURE_COUNT))
    for index, column in enumerate(columns):
        feature = schema.FEATURES[index]
        if isinstance(feature, schema.Continuous):
            found[:, index] = column.to_numpy(zero_copy_only=False)
            continue
        if not hasattr(column, "dictionary"):
            column = column.dictionary_encode()
        codes = {name: code for code, name in enumerate(feature.categories)}
        words = column.dictionary.to_pylist()
        unknown = [word for word in words if word not in codes]
        if unknown:
            raise DataError(
                f"a {feature.name} out of {', '.join(feature.categories)}",
                f"{unknown[0]!r} ({file})",
                "Import the logs again.",
            )
        of_words = np.array([*(codes[word] for word in words), np.nan])
        found[:, index] = of_words[np.asarray(column.indices.fill_null(len(words)))]
    return found
