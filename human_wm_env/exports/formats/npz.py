"""The human-wm data set `fitness_tracker_data.npz`: arrays `features` and `mask` of many people.

`features` is (users, days, 10) in the schema's order, `mask` (users, days, 1), 0 where observed
and 1 where missing. Rows of zeros fill up short logs, and their mask says observed: they are no
days. There are no dates: days are numbered, and weekdays stay unknown.
"""

from __future__ import annotations

import io
import math
import tokenize
import warnings
from collections.abc import Mapping
from functools import partial
from pathlib import PurePosixPath

import numpy as np

from human_wm_env.errors import DataError
from human_wm_env.exports.categories import category_codes
from human_wm_env.exports.day_log import DayLog
from human_wm_env.exports.files import Export
from human_wm_env.exports.formats.format import People, ReadingOptions
from human_wm_env.exports.ledger import Ledger, Where
from human_wm_env.exports.reasons import Reason
from human_wm_env.person import schema
from human_wm_env.person.history import FIRST_UNDATED_DAY

_MAGIC = b"\x93NUMPY"
_FEATURES, _MASK = "features.npy", "mask.npy"
# What the codes of each category stand for: labels in the order of the alphabet.
_WORDS = {
    schema.WORKOUT: (
        *("Cycling", "Gym Workout", "None", "Running"),
        *("Swimming", "Unknown", "Walking", "Yoga"),
    ),
    schema.WEATHER: ("Clear", "Fog", "None", "Rain", "Snow"),
    schema.LOCATION: ("Gym", "Home", "None", "Office", "Other", "Park"),
    schema.MOOD: ("Happy", "Neutral", "None", "Stressed", "Tired"),
}


class Npz:
    """See the module."""

    name = "npz"

    def recognise(self, export: Export) -> bool:
        """Return True where both arrays are there, and nothing else."""
        return {PurePosixPath(path).name for path in export.paths} == {_FEATURES, _MASK} and all(
            export.head(path).startswith(_MAGIC) for path in export.paths
        )

    def people(self, export: Export, options: ReadingOptions, ledger: Ledger) -> People:
        """Return the people, who are called after their place: 0, 1, ..."""
        features, mask = (_array(export, name) for name in (_FEATURES, _MASK))
        width = schema.FEATURE_COUNT
        if (
            features.ndim != 3
            or features.shape[2] != width
            or mask.shape
            != (
                *features.shape[:2],
                1,
            )
        ):
            raise DataError(
                f"features of shape (users, days, {width}) and a mask of (users, days, 1)",
                f"{features.shape} and {mask.shape} in {export.path.name}",
                "Name the fitness_tracker_data.npz of human-wm.",
            )
        if not np.isin(mask, (0, 1)).all():
            raise DataError(
                "a mask of 0 (observed) and 1 (missing)",
                f"other values in {export.path.name}",
                "Name the fitness_tracker_data.npz of human-wm.",
            )
        ledger.note(
            "npz: it has no dates; days are numbered from 0001-01-01, and weekdays are unknown"
        )
        codes = {index: _codes(index, options.categories) for index in _WORDS}
        for user in range(len(features)):
            observed = (mask[user] == 0) & features[user].any(axis=1, keepdims=True)
            yield str(user), partial(_read, user, features[user], observed, codes, ledger)


def _array(export: Export, name: str) -> np.ndarray:
    """Return an array of numbers; what is no whole one, or would be an object, is refused."""
    path = next((path for path in export.paths if PurePosixPath(path).name == name), None)
    if path is None:
        raise DataError(f"an array {name}", export.path.name, "Name the npz of human-wm.")
    content = export.read(path)
    stream = io.BytesIO(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a header that another version wrote
            first_version = np.lib.format.read_magic(stream) == (1, 0)
            header = "read_array_header_1_0" if first_version else "read_array_header_2_0"
            shape, by_columns, dtype = getattr(np.lib.format, header)(stream)
        if dtype.kind not in "fiub" or min(shape, default=0) < 0:
            raise ValueError(f"an array of {dtype}, of shape {shape}")
        if math.prod(shape) * dtype.itemsize != len(content) - stream.tell():
            raise ValueError("it has another size than it says")
        found = np.frombuffer(content, dtype, offset=stream.tell())
        return found.reshape(shape, order="F" if by_columns else "C")
    except (
        ValueError,
        TypeError,
        SyntaxError,
        OverflowError,
        RecursionError,
        tokenize.TokenError,  # of numpy's second reading of a header
    ) as error:
        raise DataError(
            "a whole array of numbers", f"{path} ({error})"[:300], "Write the npz again."
        ) from error


def _codes(index: int, categories: Mapping[str, Mapping[str, str]]) -> np.ndarray:
    """Return our code of each of theirs: NaN for "None", which is missing, infinity for none.

    "None" may be named in `categories`.
    """
    name, known = schema.FEATURE_NAMES[index], category_codes(index, categories)
    if "none" not in {word.strip().lower() for word in categories.get(name, {})}:
        known["none"] = math.nan
    return np.array([known.get(word.lower(), math.inf) for word in _WORDS[index]])


def _read(
    user: int,
    features: np.ndarray,
    observed: np.ndarray,
    codes: Mapping[int, np.ndarray],
    ledger: Ledger,
) -> DayLog | None:
    """Return a person's log; masked rows are missing, what cannot be used is quarantined."""
    values = np.where(observed, features, np.nan).astype(np.float64)
    bad = np.isinf(values)
    for index, of_code in codes.items():
        column = values[:, index]
        told = ~np.isnan(column)
        place = np.where(told & (column >= 0) & (column < len(of_code)), column, 0)
        whole = told & (place == column) & (place == np.floor(place))
        values[whole, index] = of_code[place[whole].astype(np.int64)]
        bad[:, index] = told & (~whole | np.isinf(values[:, index]))
    for index in range(schema.FEATURE_COUNT):
        ledger.read(index, int(np.count_nonzero(~np.isnan(values[:, index]))))
    for day, index in np.argwhere(bad).tolist():
        text, name = f"{features[day, index]:g}", schema.FEATURE_NAMES[index]
        why = "it should be a finite number"
        if index in codes:
            words = _WORDS[index]
            code = float(features[day, index])
            text = words[int(code)] if code in range(len(words)) else text
            names = ", ".join(schema.categories(index))
            why = f"it should be one of {names}, or be named in `categories`"
        ledger.reject(index, Where("features", f"user {user} row {day}"), name, text, why)
    values[bad] = np.nan
    has = ~np.isnan(values)
    if not has.any():
        return None
    reasons = np.full(values.shape, Reason.NOT_IN_EXPORT, np.uint8)
    reasons[bad], reasons[has] = Reason.QUARANTINED, Reason.OBSERVED
    return DayLog(
        Npz.name, FIRST_UNDATED_DAY, values, reasons, has.astype(np.int64), f"features, user {user}"
    )
