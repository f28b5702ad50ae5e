"""Checks of single settings; each returns the value, or raises ConfigError."""

from __future__ import annotations

import contextlib
import math
import operator
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from human_wm_env.errors import ConfigError, did_you_mean


def whole_number(value: object, name: str) -> int:
    """Return an integer setting as an int; True and False are none."""
    if not isinstance(value, bool):
        with contextlib.suppress(TypeError):
            return operator.index(value)  # type: ignore[arg-type]
    raise ConfigError(
        f"{name} as a whole number",
        repr(value),
        "Round it yourself, so that nothing is hidden."
        if isinstance(value, float | np.floating)
        else "Give a whole number.",
    )


def finite_number(value: object, name: str) -> float:
    """Return a setting as a finite float; text, True and False are none."""
    no_number = isinstance(value, str | bytes | bool | np.bool_)
    try:
        number = math.nan if no_number else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise ConfigError(f"{name} as a finite number", repr(value), "Give a number.")
    return number


def seed_number(value: object, name: str = "a seed") -> int:
    """Return a seed as an int >= 0."""
    seed = whole_number(value, name)
    if seed < 0:
        raise ConfigError(f"{name} >= 0", f"{seed}", "Give a whole number from 0 on.")
    return seed


def true_or_false(value: object, name: str) -> bool:
    """Return a setting that is True or False; text is neither."""
    if not isinstance(value, bool | np.bool_):
        raise ConfigError(f"{name} as True or False", repr(value), "Give one of them.")
    return bool(value)


def mapping_of(value: object, name: str) -> Mapping[str, Any]:
    """Return a mapping; None is an empty one."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ConfigError(f"{name} as a mapping", repr(value), "Give a dict of names and values.")
    return value


def path_of(value: object, name: str) -> Path:
    """Return a path that was given as text or as a path."""
    if not isinstance(value, str | os.PathLike):
        raise ConfigError(f"{name} as a path", repr(value), "Give the path as text.")
    return Path(value)


def one_of(value: str, known: Collection[str], name: str) -> str:
    """Return a setting that is one of the known words; `name` is what errors call it."""
    if value not in known:
        raise ConfigError(
            f"{name} out of {', '.join(known)}", repr(value), did_you_mean(value, known)
        )
    return value
