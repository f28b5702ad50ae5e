"""Files that an interrupted training goes on from: arrays, and facts beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from human_wm_env.errors import CheckpointError
from human_wm_env.files.tensors import read_sealed, write_sealed

ENDING = ".state.safetensors"
_RUN = "run"
_WRONG_FACTS = (CheckpointError, LookupError, TypeError, ValueError, AttributeError, OverflowError)


def count(of_json: object) -> int:
    """Return a number of JSON that has to be a whole one, 0 or more; raises ValueError."""
    if not isinstance(of_json, int) or isinstance(of_json, bool) or of_json < 0:
        raise ValueError(f"{of_json!r} is no count")
    return of_json


def write_state(
    file: Path, run: str, arrays: Mapping[str, np.ndarray], facts: Mapping[str, object]
) -> None:
    """Write a state whole or not at all.

    Args:
        file: where to; its folder is made if needed.
        run: fingerprint of all that the run depends on.
        arrays: by name.
        facts: JSON-able.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    write_sealed(file, dict(arrays), {**facts, _RUN: run})


def read_state(
    file: Path, run: str, wanted: Mapping[str, Callable[[Any], object]]
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return the arrays and facts of a state.

    Args:
        file: that was written.
        run: fingerprint of the run that goes on.
        wanted: facts that it needs, and what makes each of JSON, or raises.

    Raises:
        CheckpointError: it is damaged, or of another run.
    """
    try:
        arrays, facts = read_sealed(file)
        found = {name: read(facts[name]) for name, read in wanted.items()}
        of_run = facts[_RUN]
    except _WRONG_FACTS as error:
        raise CheckpointError(
            "a training state that can be read",
            f"{error} in {file}",
            "Delete the file to start this stage again.",
        ) from error
    if of_run != run:
        raise CheckpointError(
            "a training state of the same seed, settings and data",
            f"another run's in {file}",
            "Resume with that run's settings, or start a new run.",
        )
    return arrays, found
