"""Parquet files, by pyarrow, which the extra `data` brings: read in batches, errors typed."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from human_wm_env.errors import DataError
from human_wm_env.extras import extras_named

MAGIC = b"PAR1"


def has_parquet() -> bool:
    """Return whether Parquet files can be read and written here."""
    return importlib.util.find_spec("pyarrow") is not None


@contextmanager
def opened(file: Path, name: str) -> Iterator[Any]:
    """Open a `pyarrow.parquet.ParquetFile`; what goes wrong inside is a DataError.

    Args:
        file: to be read.
        name: what errors call it.

    Raises:
        MissingExtraError: pyarrow is not installed.
        DataError: the file cannot be read, or is damaged.
    """
    with extras_named("data"):
        import pyarrow
        import pyarrow.parquet
    try:
        with pyarrow.parquet.ParquetFile(file) as table:
            yield table
    except (pyarrow.ArrowException, OSError, MemoryError, OverflowError, UnicodeError) as error:
        raise DataError(
            "a whole Parquet file of plain columns",
            f"{name} ({str(error).splitlines()[0] if str(error) else type(error).__name__})"[:300],
            "Write it again, for instance with pandas' to_parquet.",
        ) from error


def column_names(file: Path, name: str) -> list[str]:
    """Return the names of the columns of a file."""
    with opened(file, name) as table:
        return [str(one) for one in table.schema_arrow.names]


def text_batches(file: Path, name: str, rows: int) -> Iterator[list[tuple[str, ...]]]:
    """Yield the cells of a file as text by column, some rows at a time.

    Numbers are as short as they are exact, days as 2021-05-24, a time loses its hour, and what is
    null is empty. Lists and the like are as Python writes them.
    """
    with opened(file, name) as table:
        for batch in table.iter_batches(batch_size=rows):
            if batch.num_rows and batch.num_columns:
                yield [tuple(_as_text(column).to_pylist()) for column in batch.columns]


def _as_text(column: Any) -> Any:
    import pyarrow

    kind = column.type
    if pyarrow.types.is_dictionary(kind):
        column, kind = column.dictionary_decode(), kind.value_type
    if pyarrow.types.is_timestamp(kind):
        column = column.cast(pyarrow.date32(), safe=False)
    try:
        return column.cast(pyarrow.string()).fill_null("")
    except (pyarrow.ArrowNotImplementedError, pyarrow.ArrowInvalid):
        # A list, say, or bytes: no value of ours, and no reason to refuse the other columns.
        return pyarrow.array(["" if one is None else str(one) for one in column.to_pylist()])
