"""Logs of a path, with the options of reading them, for whoever takes a `dataset`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from human_wm_env.data.dataset import LogDataset
from human_wm_env.data.folder import is_folder_of_logs
from human_wm_env.data.frames import Frame
from human_wm_env.errors import ConfigError, DataError, did_you_mean

PATH = "path"
OPTIONS = ("repeated", "outside", "date_format", "name", "split_seed")
AS_ARGUMENT = re.compile(r"load the file with read_daily_csv\(\.\.\., (\w+)='([^']*)'\)")


def is_logs(given: object) -> bool:
    """Return True for the path of a .csv or of an imported folder, or a mapping with a path."""
    if isinstance(given, Mapping):
        return True
    if not isinstance(given, str | Path):
        return False
    return Path(given).suffix.lower() == ".csv" or is_folder_of_logs(Path(given))


def read_logs(given: str | Path | Mapping[str, Any]) -> LogDataset:
    """Return the logs.

    Args:
        given: a path, or a mapping of `path` (or in its place a DataFrame) and options of
            `read_daily_csv`: repeated, outside, date_format, name, split_seed.

    Raises:
        ConfigError: an unknown option, or no path.
        DataError: see `read_daily_csv`; the remedy is one for a `dataset`.
    """
    from human_wm_env.data.importers.daily_csv import read_daily_csv

    options = {PATH: given} if isinstance(given, str | Path) else dict(given)
    known = (PATH, *OPTIONS)
    for name in options:
        if name not in known:
            raise ConfigError(
                f"a dataset of {', '.join(known)}", repr(name), did_you_mean(str(name), known)
            )
    path = options.pop(PATH, None)
    if not isinstance(path, str | Path | Frame):
        raise ConfigError(
            "a dataset with a path", repr(path), 'For instance {"path": "my_logs.csv"}.'
        )
    try:
        return read_daily_csv(path, **options).dataset
    except DataError as error:
        shown = "frame" if isinstance(path, Frame) else f"'{Path(path).name}'"
        remedy = (
            rf"say dataset={{'path': {shown}, '\1': '\2'}} in Python, or read the file "
            "once with `humanwm import`, which sets aside what cannot be used"
        )
        received, told = (AS_ARGUMENT.sub(remedy, one) for one in (error.received, error.remedy))
        raise DataError(error.expected, received, told) from error
