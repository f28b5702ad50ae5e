"""A day of many people as columns of arrays, and a day of one person as plain floats.

NumPy spends half a microsecond or more on every call, whatever the size: for one person
floats are faster. Formulas over the columns of a day are written once; `of(slots)` returns
what arrays and floats do not spell alike. Floats carry more digits than float32, so a slot
and the scalar environment agree to 1e-6, not to the bit.

Arrays are kept column by column in memory, (k, slots), and handed out batch-first as their
transpose, (slots, k).
"""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple, Protocol

import numpy as np

Column = Any  # float32 (slots,), or float


class Day(NamedTuple):
    """What somebody does on a day, in raw units.

    Attributes:
        columns: the ten features; float32 (10, slots), or a list of ten floats.
        workout, location: the two categories among them, int (slots,), or int.
    """

    columns: Any
    workout: Any
    location: Any


class Table:
    """Numbers by category, for both kinds of columns."""

    def __init__(self, values: np.ndarray) -> None:
        self.array = np.asarray(values, dtype=np.float32)
        self.numbers: tuple[float, ...] = tuple(self.array.tolist())


class Bins:
    """How [-1, 1] is cut for each of several columns.

    Args:
        counts: of equal bins, one per column.
    """

    def __init__(self, counts: Sequence[int]) -> None:
        column = np.array(counts, dtype=np.float32)[:, None]
        self.per_unit = column * np.float32(0.5)
        self.last = column.astype(np.intp) - 1
        self.last_numbers: list[int] = self.last[:, 0].tolist()


class Constants:
    """Numbers of a formula, for both kinds of columns.

    Beside a float32 array a Python float costs NumPy half as much again as the operation.

    Args:
        **values: by name.
    """

    def __init__(self, **values: float) -> None:
        self.numbers = SimpleNamespace(**values)
        self.arrays = SimpleNamespace(
            **{name: np.array(value, dtype=np.float32) for name, value in values.items()}
        )


class ColumnMath(Protocol):
    """What arrays and floats do not spell alike."""

    def constants(self, values: Constants, /) -> Any:
        """Return the numbers as attributes, in the form that is fastest with columns."""
        ...

    def minimum(self, one: Column, other: Column, /) -> Column:
        """Return the smaller one."""
        ...

    def maximum(self, one: Column, other: Column, /) -> Column:
        """Return the larger one."""
        ...

    def columns(self, batch: np.ndarray) -> Any:
        """Return (slots, k) as k columns, to be read only."""
        ...

    def halves(self, batch: np.ndarray) -> tuple[Any, Any]:
        """Return the columns of min(x, 0) + 1, and of max(x, 0)."""
        ...

    def column(self, values: np.ndarray) -> Any:
        """Return (slots,) as a column, to be read only."""
        ...

    def empty(self, count: int, slots: int) -> Any:
        """Return so many columns of zeros, to be written to."""
        ...

    def batch(self, columns: Any) -> np.ndarray:
        """Return k columns as float32 (slots, k)."""
        ...

    def shares(self, columns: Any) -> Any:
        """Clip columns of `empty` to [0, 1]; they may be changed."""
        ...

    def where(self, condition: Any, yes: Any, no: Any) -> Any:
        """Return a column of `yes` where the condition holds, else of `no`."""
        ...

    def look_up(self, table: Table, index: Any) -> Column:
        """Return the table's numbers at an integer column."""
        ...

    def whole(self, column: Column) -> Any:
        """Return a column of whole numbers as integers."""
        ...

    def bins(self, batch: np.ndarray, part: slice, bins: Bins) -> Sequence[Any]:
        """Cut [-1, 1] into equal bins; the bins of consecutive columns of (slots, k)."""
        ...


class _Many:
    """Columns are arrays."""

    minimum = staticmethod(np.minimum)
    maximum = staticmethod(np.maximum)
    where = staticmethod(np.where)

    @staticmethod
    def constants(values: Constants, /) -> Any:
        return values.arrays

    @staticmethod
    def columns(batch: np.ndarray) -> Any:
        return batch.T

    @staticmethod
    def halves(batch: np.ndarray) -> tuple[Any, Any]:
        turned = batch.T
        below = np.minimum(turned, _ZERO)
        below += _ONE
        return below, np.maximum(turned, _ZERO)

    @staticmethod
    def column(values: np.ndarray) -> Any:
        return values

    @staticmethod
    def empty(count: int, slots: int) -> Any:
        return np.zeros((count, slots), dtype=np.float32)

    @staticmethod
    def batch(columns: Any) -> np.ndarray:
        turned: np.ndarray = columns.T
        return turned

    @staticmethod
    def shares(columns: Any) -> Any:
        np.maximum(columns, _ZERO, out=columns)
        return np.minimum(columns, _ONE, out=columns)

    @staticmethod
    def look_up(table: Table, index: Any) -> Column:
        return table.array[index]

    @staticmethod
    def whole(column: Column) -> Any:
        return column.astype(np.intp)

    @staticmethod
    def bins(batch: np.ndarray, part: slice, bins: Bins) -> Sequence[Any]:
        place = batch[:, part].T + _ONE
        place *= bins.per_unit
        whole = place.astype(np.intp)
        return list(np.minimum(whole, bins.last, out=whole))


_ZERO, _ONE, _HALF = (np.array(number, dtype=np.float32) for number in (0.0, 1.0, 0.5))


class _Single:
    """Columns are floats."""

    minimum = staticmethod(min)
    maximum = staticmethod(max)
    whole = staticmethod(int)

    @staticmethod
    def constants(values: Constants, /) -> Any:
        return values.numbers

    @staticmethod
    def columns(batch: np.ndarray) -> Any:
        return batch[0].tolist()

    @staticmethod
    def halves(batch: np.ndarray) -> tuple[Any, Any]:
        units: list[float] = batch[0].tolist()
        return [1.0 + min(unit, 0.0) for unit in units], [max(unit, 0.0) for unit in units]

    @staticmethod
    def column(values: np.ndarray) -> Any:
        return values.item()

    @staticmethod
    def empty(count: int, slots: int) -> Any:
        return [0.0] * count

    @staticmethod
    def batch(columns: Any) -> np.ndarray:
        return np.array([columns], dtype=np.float32)

    @staticmethod
    def shares(columns: Any) -> Any:
        return [min(max(column, 0.0), 1.0) for column in columns]

    @staticmethod
    def where(condition: Any, yes: Any, no: Any) -> Any:
        return yes if condition else no

    @staticmethod
    def look_up(table: Table, index: Any) -> Column:
        return table.numbers[index]

    @staticmethod
    def bins(batch: np.ndarray, part: slice, bins: Bins) -> Sequence[Any]:
        # In float32 as for arrays: at the edge of a bin a rounding is another category.
        place = (batch[0, part] + _ONE) * bins.per_unit[:, 0]
        whole = zip(place.tolist(), bins.last_numbers, strict=True)
        return [min(int(one), last) for one, last in whole]


_MANY, _SINGLE = _Many(), _Single()


def of(slots: int) -> ColumnMath:
    """Return the arithmetic for a batch of so many slots."""
    return _SINGLE if slots == 1 else _MANY
