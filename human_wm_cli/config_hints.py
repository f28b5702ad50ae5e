"""What the annotations of settings say of the values that fit them."""

from __future__ import annotations

import types
import typing
from typing import Any, Literal

# What an annotation evaluates to, such as a class, a union or a Literal: it has no type.
Hint = Any


def options_of(hint: Hint) -> list[Hint]:
    """List the alternatives of a union, without None; any other type is its own."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return [option for option in typing.get_args(hint) if option is not types.NoneType]
    return [hint]


def is_dict(hint: Hint) -> bool:
    """Say whether it is a mapping."""
    return hint is dict or typing.get_origin(hint) is dict


def is_list(hint: Hint) -> bool:
    """Say whether it is a sequence of settings."""
    return hint in (list, tuple) or typing.get_origin(hint) in (list, tuple)


def is_text_literal(hint: Hint) -> bool:
    """Say whether it is one of some words."""
    words = typing.get_args(hint)
    return all(isinstance(word, str) for word in words) and typing.get_origin(hint) is Literal


def type_name(hint: Hint) -> str:
    """Return what messages call it."""
    if isinstance(hint, type) and not typing.get_args(hint):
        return hint.__name__
    return str(hint).replace("typing.", "")
