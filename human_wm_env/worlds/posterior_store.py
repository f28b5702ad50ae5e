"""Posteriors of people's logs, kept on disk beside the generated data.

Encoding a log of 1000 days takes milliseconds, and training asks for every person of a split:
the first reset of each would be half of a short run. A file holds one person's start days, 6 kB
of float32, 15 with a response, and their checksum. Its name is a hash of all that its numbers
depend on, the log included, and of POSTERIOR_VERSION for the code, so that nothing stale can be
found; folders of other checkpoints stay, for they may be used in turn. Logs of a user's own are
never written anywhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from functools import cached_property
from pathlib import Path

import numpy as np

from human_wm_env.errors import CheckpointError
from human_wm_env.files.cache import cache_folder
from human_wm_env.files.tensors import read_sealed, write_sealed
from human_wm_env.model.architecture import Architecture
from human_wm_env.person.history import History

# Raised by one whenever the same log and weights give other numbers than before, or the same
# ones in another order; the golden tests watch it.
POSTERIOR_VERSION: int = 1
_VALUES = "values"
_MOST_BYTES = 2**26


class PosteriorStore:
    """Arrays by history and start days, for one set of encoder weights.

    Where the folder cannot be written nothing is kept; a damaged file counts as none.

    Args:
        weights: the checkpoint's flat dictionary; the encoder matters, and the response if there
            is one.
        architecture: of the checkpoint; the same weights can be those of several.
    """

    def __init__(self, weights: Mapping[str, np.ndarray], architecture: Architecture) -> None:
        self._weights, self._architecture = weights, architecture
        self._base = cache_folder()

    @cached_property
    def folder(self) -> Path:
        """Where the files of these weights are."""
        sizes = sorted(asdict(self._architecture).items())
        digest = hashlib.sha256(f"{POSTERIOR_VERSION} {np.__version__} {sizes}".encode())
        used: tuple[str, ...] = ("encoder.",)
        if self._architecture.has_response:
            used = ("encoder.", "response.", "missingness.")
        for name in sorted(self._weights):
            if name.startswith(used):
                array = self._weights[name]
                digest.update(f"{name} {array.shape}".encode() + array.tobytes())
        assert self._base is not None
        return self._base / f"posteriors-{digest.hexdigest()[:16]}"

    def load(self, history: History, days: np.ndarray, width: int) -> np.ndarray | None:
        """Return what was kept of a history, float32 (days, width), or None.

        Args:
            history: the log before the last of the days.
            days: int (days,), start days.
            width: of the numbers of each day.
        """
        if self._base is None:
            return None
        try:
            kept = read_sealed(self._file(history, days), _MOST_BYTES)[0].get(_VALUES)
        except CheckpointError:
            return None
        if kept is None or kept.shape != (len(days), width) or kept.dtype != np.float32:
            return None
        return kept

    def save(self, history: History, days: np.ndarray, values: np.ndarray) -> None:
        """Keep float32 (days, width); readers see the whole file or none."""
        if self._base is None:
            return
        with suppress(OSError):  # what cannot be kept is worked out again
            self.folder.mkdir(parents=True, exist_ok=True)
            arrays = {_VALUES: np.asarray(values, np.float32)}
            write_sealed(self._file(history, days), arrays, {})

    def _file(self, history: History, days: np.ndarray) -> Path:
        digest = hashlib.sha256(np.asarray(days, dtype=np.int64).tobytes())
        for array in (history.rows, history.observed, history.weekday):
            digest.update(np.ascontiguousarray(array).data)
        return self.folder / f"{digest.hexdigest()[:32]}.safetensors"
