from __future__ import annotations

import pickle

import pytest

import human_wm_env
from human_wm_env.errors import HumanWMError, did_you_mean

TYPES = ["CheckpointError", "ConfigError", "DataError", "InvalidActionError", "ResetNeededError"]


@pytest.mark.parametrize("name", TYPES)
def test_every_error_has_three_parts_and_crosses_processes(name: str) -> None:
    error = getattr(human_wm_env, name)("a spoon", "a fork", "Look in the drawer.")
    assert isinstance(error, HumanWMError)
    assert str(error) == "expected a spoon; received a fork. Look in the drawer."
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert type(again) is type(error)
    assert (again.expected, again.received, again.remedy) == (
        "a spoon",
        "a fork",
        "Look in the drawer.",
    )


@pytest.mark.parametrize("name", [*TYPES, "HumanWMError"])
def test_a_message_alone_is_kept(name: str) -> None:
    """As Gymnasium raises the errors of other processes anew: with their text alone."""
    text = "expected a spoon; received a fork. Look in the drawer."
    assert str(getattr(human_wm_env, name)(text)) == text


def test_the_nearest_word_is_named() -> None:
    assert did_you_mean("horizn", ["horizon", "masking"]) == "Did you mean 'horizon'?"


@pytest.mark.parametrize("received", ["zzz", None, 7])
def test_all_words_are_named_where_none_is_near(received: object) -> None:
    assert did_you_mean(received, ["masking", "horizon"]) == "Choose one of: horizon, masking."
