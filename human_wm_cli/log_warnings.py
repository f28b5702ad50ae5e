"""Warnings about logs, of which a command makes several environments."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from typing import Any

from human_wm_env import LogWarning


@contextlib.contextmanager
def each_shown_once() -> Iterator[None]:
    """Show a warning about logs at its first time only; other warnings are shown as they come."""
    shown: set[str] = set()
    show = warnings.showwarning

    def once(message: Warning | str, *where: Any, **more: Any) -> None:
        if not (isinstance(message, LogWarning) and str(message) in shown):
            shown.add(str(message))
            show(message, *where, **more)

    warnings.showwarning = once
    try:
        yield
    finally:
        warnings.showwarning = show
