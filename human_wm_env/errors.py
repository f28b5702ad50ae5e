"""Typed errors. Each message says what was expected, what came, and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class HumanWMError(Exception):
    """Base of every error raised on purpose by this project.

    Args:
        expected: what would have been right, as the end of "expected ...".
        received: what came instead, as the end of "received ...".
        remedy: what the caller can do about it, as a sentence.

    Gymnasium raises some errors anew with a message of its own, and those of the processes of
    AsyncVectorEnv with theirs: what comes alone is a whole message.
    """

    def __init__(self, expected: str, received: str = "", remedy: str = "") -> None:
        self.expected = expected
        self.received = received
        self.remedy = remedy
        whole = not received and not remedy
        super().__init__(
            expected if whole else f"expected {expected}; received {received}. {remedy}"
        )

    def __reduce__(self) -> tuple[type[HumanWMError], tuple[str, str, str]]:
        """Rebuild from the three parts, so that the error crosses process borders."""
        return type(self), (self.expected, self.received, self.remedy)


class DataError(HumanWMError):
    """Logs, masks, ids or start days are not what they have to be."""


class ConfigError(HumanWMError):
    """A setting is unknown, has the wrong type, or does not go with another."""


class UnknownArgumentError(ConfigError, TypeError):
    """An environment does not take an argument; as of functions, a TypeError, too."""


class MissingExtraError(HumanWMError, ModuleNotFoundError):
    """A library is needed that the base installation does not hold."""


class CheckpointError(HumanWMError):
    """A checkpoint is missing, incomplete, damaged, or of another version."""


class InvalidActionError(HumanWMError):
    """An action has the wrong shape or holds NaN or infinity."""


class ResetNeededError(HumanWMError):
    """`step` was called before the first `reset`, or after the end of an episode."""


class TrainingError(HumanWMError):
    """A training came to something that it cannot go on from, such as a loss of NaN."""


class ParentError(HumanWMError):
    """Who judges an agent's actions gives no usable answer, or may not be asked any more."""


class LogWarning(UserWarning):
    """Something in a log is not what it seems; what was made of it stands in the message."""


def did_you_mean(received: object, known: Iterable[str]) -> str:
    """Name the known word nearest to what was typed, or list all of them.

    Args:
        received: the unknown word.
        known: the words that would have been right.

    Returns:
        One sentence, to be used as (part of) a remedy.
    """
    names, typed = sorted(known), str(received).lower()
    begun = [name for name in names if len(typed) > 1 and name.lower().startswith(typed)]
    if begun:  # a word cut short, such as val for validation
        return f"Did you mean {min(begun, key=len)!r}?"
    nearest = difflib.get_close_matches(str(received), names, n=1, cutoff=0.5)
    if nearest:
        return f"Did you mean {nearest[0]!r}?"
    return f"Choose one of: {', '.join(names)}."
