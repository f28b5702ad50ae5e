"""Checks of single settings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from human_wm_env.errors import ConfigError
from human_wm_env.settings import (
    finite_number,
    mapping_of,
    path_of,
    seed_number,
    true_or_false,
    whole_number,
)

NAN = float("nan")


@pytest.mark.parametrize(
    ("check", "value", "kept"),
    [
        (whole_number, np.int8(3), 3),
        (seed_number, np.uint8(0), 0),
        (finite_number, np.float32(0.5), 0.5),
        (finite_number, 2, 2.0),
        (true_or_false, np.True_, True),
        (mapping_of, None, {}),
        (mapping_of, {"user": "p007"}, {"user": "p007"}),
        (path_of, "folder", Path("folder")),
        (path_of, Path("folder"), Path("folder")),
    ],
)
def test_what_is_right_is_returned(
    check: Callable[[object, str], object], value: object, kept: object
) -> None:
    found = check(value, "it")
    assert found == kept and type(found) is type(kept)


@pytest.mark.parametrize(
    ("check", "values", "message"),
    [
        (whole_number, (1.0, "1", None), "it as a whole number"),
        (seed_number, (-1, np.int64(-5)), "it >= 0"),
        (seed_number, (1.0, "1", None), "it as a whole number"),
        (finite_number, (NAN, np.inf, "0.5", None, [1], 10**400), "it as a finite number"),
        (true_or_false, ("false", 0, None), "it as True or False"),
        (mapping_of, ([("user", "p007")], "user", 5), "it as a mapping"),
        (path_of, (3, None, ["folder"]), "it as a path"),
    ],
)
def test_what_is_wrong_is_refused_by_name(
    check: Callable[[object, str], object], values: tuple[object, ...], message: str
) -> None:
    for value in values:
        with pytest.raises(ConfigError, match=message):
            check(value, "it")


@pytest.mark.parametrize("check", [whole_number, finite_number, seed_number])
@pytest.mark.parametrize("truth", [True, False, np.True_])
def test_truths_are_no_numbers(check: Callable[[object, str], object], truth: object) -> None:
    with pytest.raises(ConfigError, match="horizon as a"):
        check(truth, "horizon")


@pytest.mark.parametrize(
    ("value", "remedy"), [(1.5, "Round it yourself"), (None, "Give a whole number")]
)
def test_only_what_can_be_rounded_is_told_so(value: object, remedy: str) -> None:
    with pytest.raises(ConfigError, match=remedy):
        whole_number(value, "horizon")
