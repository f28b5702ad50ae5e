"""Which logs a script works on: the embedded people, or a file of daily logs."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from human_wm_env.dataset import LogDataset
from human_wm_env.errors import ConfigError, DataError
from human_wm_env.importers import Imported, ImportReport, read_daily_csv
from human_wm_env.people.embedded import (
    EmbeddedConfig,
    EmbeddedPeople,
    generator_version,
    load_embedded,
)
from report import say

EMBEDDED = "embedded"
_OF_EMBEDDED = ("users", "days", "seed", "response_gain")
_OF_FILES = ("name", "repeated", "outside")


@dataclass(frozen=True)
class DataConfig:
    """The data set.

    Attributes:
        source: "embedded", or the path of a CSV file of daily logs
            (`human_wm_env.importers.daily_csv`).
        users, days, seed, response_gain: of the embedded people, see `EmbeddedConfig`.
        name: of a file's data set; None is the file's name without its ending.
        repeated: what a second row of one person and date in a file is: an "error", or
            left out and counted, keeping the "first" or the "last" one.
        outside: what a file's values outside the schema's bounds are: "keep" or "mask"
            them (and count them), or "error".
    """

    source: str = EMBEDDED
    users: int = 999
    days: int = 1000
    seed: int = 0
    response_gain: float = 1.0
    name: str | None = None
    repeated: str = "error"
    outside: str = "keep"

    def __post_init__(self) -> None:
        idle = _OF_FILES if self.source == EMBEDDED else _OF_EMBEDDED
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in idle and value != field.default:
                raise ConfigError(
                    f"settings that go with data.source={self.source}",
                    f"data.{field.name}={value}",
                    f"{', '.join(_OF_EMBEDDED)} are of data.source={EMBEDDED}; "
                    f"{', '.join(_OF_FILES)} are of files.",
                )


def load_dataset(config: DataConfig) -> LogDataset:
    """Return the logs.

    Raises:
        DataError: the file is missing, or is not a file of daily logs.
    """
    people = load_people(config)
    return people.dataset if people else _read(config).dataset


def load_people(config: DataConfig) -> EmbeddedPeople | None:
    """Return the people with their truth, or None where nobody knows it: a file's."""
    if config.source != EMBEDDED:
        return None
    return load_embedded(
        EmbeddedConfig(config.users, config.days, config.seed, config.response_gain)
    )


def import_report(config: DataConfig) -> ImportReport | None:
    """Return what was noticed when the file was read, or None for the embedded people."""
    return None if config.source == EMBEDDED else _read(config).report


def provenance(config: DataConfig, dataset: LogDataset) -> dict[str, Any]:
    """Return what a manifest says about the data; no paths of this machine."""
    described = {
        "name": dataset.name,
        "users": dataset.users,
        "days": dataset.days,
        "observed_share": round(float(dataset.observed.mean()), 4),
        "sha256": dataset.fingerprint,
    }
    report = import_report(config)
    if report is None:
        return described | {
            "seed": config.seed,
            "response_gain": config.response_gain,
            "generator_version": generator_version(),
        }
    return described | {"import": asdict(report)}


@lru_cache(maxsize=2)
def _read(config: DataConfig) -> Imported:
    """Read a file once a process, and say on stderr what was noticed."""
    if not Path(config.source).is_file():
        raise DataError(
            f"data.source={EMBEDDED}, or the path of a CSV file of daily logs",
            f"data.source={config.source}, which is no file",
            "Check the path.",
        )
    imported = read_daily_csv(
        config.source, name=config.name, repeated=config.repeated, outside=config.outside
    )
    say(imported.report.summary())
    return imported
