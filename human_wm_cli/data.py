"""Which logs a command works on: the embedded people, a file of daily logs, or pure noise."""

from __future__ import annotations

import warnings
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from pathlib import Path

from human_wm_cli.console import Facts, say
from human_wm_env import (
    ConfigError,
    DataError,
    EmbeddedConfig,
    EmbeddedPeople,
    LogDataset,
    LogWarning,
    load_embedded,
    read_daily_csv,
)
from human_wm_env.data.folder import is_folder_of_logs
from human_wm_env.data.importers import Imported, ImportReport
from human_wm_env.data.logs_file import AS_ARGUMENT
from human_wm_env.data.splits import (
    HELD_OUT_SHARE,
    TimeSplit,
    everybody_trains,
    join,
    join_split,
    split_by_time,
)
from human_wm_env.data.uniform_logs import UniformConfig, uniform_logs
from human_wm_env.people.embedded import GENERATOR_VERSION
from human_wm_env.settings import one_of

EMBEDDED, UNIFORM = "embedded", "uniform"
BY_PEOPLE, BY_TIME = "people", "time"
_OF_EMBEDDED = ("users", "days", "seed", "response_gain")
_OF_UNIFORM = ("users", "days", "seed")
_OF_FILES = ("name", "repeated", "outside", "date_format", "others")
_OF_TIME = ("held_out_share", "rehearsal", "everybody_trains")


@dataclass(frozen=True)
class DataConfig:
    """The data set.

    Attributes:
        source: "embedded"; "uniform", logs without any structure
            (`human_wm_env.data.uniform_logs`); or the path of a CSV file of daily logs
            (`human_wm_env.data.importers.daily_csv`).
        users, days, seed: of the embedded people and of uniform logs.
        response_gain: of the embedded people, see `EmbeddedConfig`.
        name: of a file's data set; None is the file's name without its ending.
        repeated: what a second row of one person and date in a file is: an "error", or
            left out and counted, keeping the "first" or the "last" one.
        outside: what a file's values outside the schema's bounds are: masked and counted
            ("mask"), or an "error".
        date_format: of a file whose dates may be read in two ways, such as "%d/%m/%Y".
        others: path of a second file, whose people join the training people: few people
            learn from others, who are never judged.
        split: "people" deals people into train, validation and test; "time" holds out the
            last days of each person, for logs of few people: then what is loaded are the days
            before them, see `load_time_split`.
        held_out_share: of each person's days, with split=time.
        rehearsal: with split=time, take the held-out days away and hold out the last share
            of the others: for choosing settings.
        everybody_trains: with split=time, validation people train, too
            (`human_wm_env.data.splits.everybody_trains`).
    """

    source: str = EMBEDDED
    users: int = 999
    days: int = 1000
    seed: int = 0
    response_gain: float = 1.0
    name: str | None = None
    repeated: str = "error"
    outside: str = "mask"
    date_format: str | None = None
    others: str | None = None
    split: str = BY_PEOPLE
    held_out_share: float = HELD_OUT_SHARE
    rehearsal: bool = False
    everybody_trains: bool = False

    def __post_init__(self) -> None:
        one_of(self.split, (BY_PEOPLE, BY_TIME), "data.split")
        of_source = {EMBEDDED: _OF_EMBEDDED, UNIFORM: _OF_UNIFORM}.get(self.source, _OF_FILES)
        for field in fields(self):
            value = getattr(self, field.name)
            if value == field.default:
                continue
            if field.name in {*_OF_EMBEDDED, *_OF_FILES} - {*of_source}:
                raise ConfigError(
                    f"settings that go with data.source={self.source}",
                    f"data.{field.name}={value}",
                    f"{', '.join(_OF_EMBEDDED)} are of data.source={EMBEDDED}, all but the last "
                    f"also of {UNIFORM}; {', '.join(_OF_FILES)} are of files.",
                )
            if field.name in _OF_TIME and self.split != BY_TIME:
                raise ConfigError(
                    f"settings that go with data.split={self.split}",
                    f"data.{field.name}={value}",
                    f"{', '.join(_OF_TIME)} are of data.split={BY_TIME}.",
                )


def load_dataset(config: DataConfig) -> LogDataset:
    """Return the logs; split by time, only the days before the held-out ones.

    Raises:
        DataError: the file is missing, or is not a file of daily logs.
    """
    return load_time_split(config).before if config.split == BY_TIME else _load_whole(config)


def load_time_split(config: DataConfig) -> TimeSplit:
    """Return the logs with their last days, for those who judge forecasts of them.

    Raises:
        ConfigError: they are split by people.
    """
    if config.split != BY_TIME:
        raise ConfigError(
            f"logs that are split by time, data.split={BY_TIME}",
            f"data.split={config.split}",
            "Train the checkpoint with it, too.",
        )
    split = split_by_time(_load_own(config), config.held_out_share, rehearsal=config.rehearsal)
    if config.everybody_trains:
        split = everybody_trains(split)
    others = _load_others(config)
    return split if others is None else join_split(split, others)


def _load_whole(config: DataConfig) -> LogDataset:
    own, others = _load_own(config), _load_others(config)
    return own if others is None else join(own, others)


def _load_others(config: DataConfig) -> LogDataset | None:
    if config.others is None:
        return None
    return _read_file(config.others, None, *_how(config)).dataset


def _load_own(config: DataConfig) -> LogDataset:
    if config.source == UNIFORM:
        return uniform_logs(UniformConfig(config.users, config.days, config.seed))
    people = load_people(config)
    return people.dataset if people else _read(config).dataset


def load_people(config: DataConfig) -> EmbeddedPeople | None:
    """Return the people with their truth, or None where it is unknown, or there are no people."""
    if config.source != EMBEDDED:
        return None
    return load_embedded(
        EmbeddedConfig(config.users, config.days, config.seed, config.response_gain)
    )


def day_setting(text: str | None) -> int | str | None:
    """Return a day as it was given: counted from 0, or as a date."""
    return int(text) if text is not None and text.isdecimal() else text


def import_report(config: DataConfig) -> ImportReport | None:
    """Return what was noticed when the file was read, or None where there is no file."""
    return None if config.source in (EMBEDDED, UNIFORM) else _read(config).report


def provenance(config: DataConfig, dataset: LogDataset) -> Facts:
    """Return what a manifest says about the data; no paths of this machine.

    `generator_version` is a number; manifests from before there were numbers, the bundled
    checkpoint's among them, have 16 hexadecimal digits there. Nothing is decided by it:
    data are recognised by `sha256`.
    """
    facts: Facts = {**dataset.described(), "split": _described_split(config)}
    if config.source == UNIFORM:
        return facts | {"seed": config.seed}
    report = import_report(config)
    if report is None:
        return facts | {
            "seed": config.seed,
            "response_gain": config.response_gain,
            "generator_version": GENERATOR_VERSION,
        }
    others = _load_others(config)
    if others is not None:
        kept = {"name": others.name, "users": others.users, "sha256": others.fingerprint}
        facts["others"] = kept
    return facts | {"import": asdict(report)}


def _described_split(config: DataConfig) -> Facts:
    if config.split == BY_PEOPLE:
        return {"by": BY_PEOPLE}
    return {"by": BY_TIME, **{name: getattr(config, name) for name in _OF_TIME}}


def _read(config: DataConfig) -> Imported:
    return _read_file(config.source, config.name, *_how(config))


def _how(config: DataConfig) -> tuple[str, str, str | None]:
    return config.repeated, config.outside, config.date_format


@lru_cache(maxsize=2)
def _read_file(
    source: str, name: str | None, repeated: str, outside: str, date_format: str | None
) -> Imported:
    """Read a file once a process, and say on stderr what was noticed."""
    if not (Path(source).is_file() or is_folder_of_logs(Path(source))):
        raise DataError(
            f"data.source={EMBEDDED} or {UNIFORM}, or the path of a CSV file of daily logs "
            "or of an imported folder",
            f"data.source={source}, which is no file and no such folder",
            "Check the path.",
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LogWarning)  # the summary says it
        try:
            imported = read_daily_csv(
                source, name=name, repeated=repeated, outside=outside, date_format=date_format
            )
        except DataError as error:
            received, remedy = (
                AS_ARGUMENT.sub(r"set data.\1=\2", part) for part in (error.received, error.remedy)
            )
            raise DataError(error.expected, received, remedy) from error
    say(imported.report.summary())
    return imported
