"""What holds for values of settings in all commands: home folders, and possible numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from omegaconf import DictConfig, ListConfig, OmegaConf

from human_wm_env import ConfigError

SEEDS = ("seed", "split_seed", "sequence_seed")


def with_home(value: object) -> object:
    """Return a value whose paths that begin with ~ begin with the home folder: shells leave it."""
    if isinstance(value, str):
        return str(Path(value).expanduser()) if value.startswith("~/") else value
    if isinstance(value, list):
        return [with_home(entry) for entry in value]
    if isinstance(value, Mapping):
        return {key: with_home(entry) for key, entry in value.items()}
    return value


def check_numbers(value: object, key: str, source: str) -> None:
    """Refuse what no setting can be: NaN, infinity, and a seed below 0."""
    if isinstance(value, DictConfig):
        for name in value:
            if not OmegaConf.is_missing(value, name):
                check_numbers(value[name], f"{key}.{name!s}", source)
    elif isinstance(value, ListConfig):
        for entry in value:
            check_numbers(entry, key, source)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"a finite number for {key!r}", f"{value} (from {source})", "Give one.")
    elif isinstance(value, int) and key.split(".")[-1] in SEEDS and value < 0:
        raise ConfigError(
            f"{key} >= 0", f"{value} (from {source})", "Give a whole number from 0 on."
        )
