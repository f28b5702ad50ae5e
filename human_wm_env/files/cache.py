"""Where generated data are kept between runs."""

from __future__ import annotations

import os
from pathlib import Path

CACHE_VARIABLE = "HUMANWM_CACHE"


def cache_folder() -> Path | None:
    """Return where generated data are kept: $HUMANWM_CACHE, else the user's cache folder.

    None where there is neither: a user without a home.
    """
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "humanwm"
    except RuntimeError:
        return None
