"""Checks of single settings; each returns the value, or raises ConfigError."""

from __future__ import annotations

import math
import operator
from collections.abc import Collection

from human_wm_env.errors import ConfigError, did_you_mean


def whole_number(value: object, name: str) -> int:
    """Return an integer setting as an int."""
    try:
        return operator.index(value)  # type: ignore[arg-type]
    except TypeError as error:
        raise ConfigError(
            f"{name} as a whole number",
            repr(value),
            "Round it yourself, so that nothing is hidden.",
        ) from error


def finite_number(value: object, name: str) -> float:
    """Return a setting as a finite float."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ConfigError(f"{name} as a finite number", repr(value), "Give a number.")
    return number


def one_of(value: str, known: Collection[str], name: str) -> str:
    """Return a setting that is one of the known words; `name` is what errors call it."""
    if value not in known:
        raise ConfigError(
            f"{name} out of {', '.join(known)}", repr(value), did_you_mean(value, known)
        )
    return value
