"""From exports to a folder of logs, or straight to a data set."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.data.folder import ids_in, is_folder_of_logs, read_manifest, read_reasons
from human_wm_env.data.importers.daily_csv import Frame, read_daily_csv
from human_wm_env.data.importers.numbers import COMMA, POINT
from human_wm_env.errors import ConfigError, DataError
from human_wm_env.exports.day_log import DayLog
from human_wm_env.exports.files import Export, open_exports
from human_wm_env.exports.folder_writer import FolderWriter, new_folder, read_rejected, read_salt
from human_wm_env.exports.formats.format import Format, ReadingOptions
from human_wm_env.exports.formats.registry import format_of
from human_wm_env.exports.ledger import Ledger
from human_wm_env.exports.merging import (
    BY_CELL,
    MERGES,
    Impossible,
    merge_sources,
    quarantine,
)
from human_wm_env.exports.reasons import WORDS
from human_wm_env.exports.stamps import check_zone
from human_wm_env.person import schema
from human_wm_env.settings import one_of

SOMEBODY = "me"
FOLDER_OF_LOGS = "humanwm"
SALTED, PLAIN = "salted", "plain"
Source = Path | str | Frame
_Reader = tuple[str, Callable[[], DayLog | None]]


@dataclass(frozen=True)
class ImportedLogs:
    """Logs out of exports.

    Attributes:
        dataset: the logs.
        reasons: str (users, days, 10), why a cell is missing, empty where it is observed.
        rejected: one mapping a line of what was set aside: file, place, column, value,
            reason, why, and how many values of the export it stands for.
        manifest: counts, shares and notes, as in the folder's `manifest.json`.
    """

    dataset: LogDataset
    reasons: np.ndarray
    rejected: list[dict[str, str]]
    manifest: dict[str, Any]


def import_logs(
    source: Source | Sequence[Source], out: Path | str | None = None, **options: Any
) -> ImportedLogs:
    """Read exports of trackers and diaries as one data set.

    Args:
        source: paths of exports, see `write_logs`.
        out: folder to write; None leaves no files.
        options: those of `write_logs`. Without a folder, ids are as in the exports.

    Raises:
        DataError, ConfigError: see `write_logs`.
    """
    if out is not None:
        return _read_folder(Path(out), write_logs(source, out, **options))
    with tempfile.TemporaryDirectory(prefix="humanwm-") as scratch:
        manifest = write_logs(source, scratch, **{"ids": PLAIN, **options})
        return _read_folder(Path(scratch), manifest)


def _read_folder(folder: Path, manifest: dict[str, Any]) -> ImportedLogs:
    dataset = read_daily_csv(folder, name="logs").dataset
    return ImportedLogs(dataset, read_reasons(folder, dataset), read_rejected(folder), manifest)


def write_logs(
    source: Source | Sequence[Source],
    out: Path | str,
    *,
    format: str | None = None,
    person: str | None = None,
    timezone: str | None = None,
    naps: bool = False,
    merge: str = BY_CELL,
    repeated: str = "first",
    strict: bool = False,
    ids: str = SALTED,
    replace: bool = False,
    columns: Mapping[str, str] | None = None,
    categories: Mapping[str, Mapping[str, str]] | None = None,
    decimal: str | None = None,
    date_format: str | None = None,
) -> dict[str, Any]:
    """Write a folder of logs from exports.

    Args:
        source: a path or several, each a folder, a zip or a file as the vendor gives it, or a
            pandas DataFrame with the columns of a table (`exports/formats/daily_table.py`);
            where several know the same person, the first has the highest priority.
        out: folder to write, new or of an earlier import; it stays as it was if anything fails.
        format: name of the format of all sources; None recognises each by its content.
        person: id of whom exports that name nobody are of; "me" unless there are several.
        timezone: the person's zone, such as Europe/Oslo; None infers it where possible.
        naps: add naps to the night before.
        merge: "cell": a cell is from the first source that has it; "day": a whole day is
            from the first source that has any of it.
        repeated: which of two different values of one cell within a source stays, "first"
            or "last"; the other is rejected.
        strict: fail at the first value that cannot be used.
        ids: "salted" digests, or "plain" as in the exports.
        replace: let people of an earlier import go who are not in these sources.
        columns: for tables, our column by the name of theirs, with the unit of theirs where it is
            another: `{"Schlaf": "sleep_hours (min)"}`.
        categories: for tables and diaries, our category by their word, by feature.
        decimal: for tables, what stands before decimals, "," or ".", where the other parts
            thousands; None finds out.
        date_format: for tables, of `datetime.strptime`, where dates may be read in two ways.

    Returns:
        The manifest.

    Raises:
        DataError: a source is missing, broken, of no known format or without any value; a
            column is in another unit; people would be lost; or, if strict, a value is refused.
        ConfigError: an option is none of its choices.
    """
    one_of(merge, MERGES, "merge")
    one_of(repeated, ("first", "last"), "repeated")
    one_of(ids, (SALTED, PLAIN), "ids")
    check_zone(timezone)
    if decimal is not None:
        one_of(decimal, (COMMA, POINT), "decimal")
    reading = ReadingOptions(
        timezone, naps, repeated, columns or {}, categories or {}, decimal, date_format
    )
    named = [source] if isinstance(source, str | Path | Frame) else list(source)
    if not named:
        raise ConfigError("at least one source", "none", "Name the path of an export.")
    with tempfile.TemporaryDirectory(prefix="humanwm-") as scratch:
        sources = [_path_of(one, Path(scratch, str(place))) for place, one in enumerate(named)]
        exports = open_exports(sources)
        formats = [format_of(export, format) for export in exports]
        salt = _salt_of(exports, formats)
        with new_folder(Path(out), salted=ids == SALTED, salt=salt) as writer:
            ledger = Ledger(writer.rejected, strict=strict)
            impossible = Impossible()
            groups = _by_person(exports, formats, reading, ledger, writer, person)
            for person_id in list(groups):  # each let go of with all that its readers hold
                readers = groups.pop(person_id)
                _write_person(person_id, readers, writer, ledger, impossible, merge)
            impossible.check_units()
            ledger.check_balance()
            _check_people(writer, ledger, replace)
            writer.finish(_manifest(writer, ledger, formats, ids))
    return read_manifest(Path(out))


def _salt_of(exports: Sequence[Export], formats: Sequence[Format]) -> str | None:
    """Return the salt of the folders of logs among the sources: their people keep their ids."""
    salts = {
        salt
        for export, one in zip(exports, formats, strict=True)
        if one.name == FOLDER_OF_LOGS and (salt := read_salt(export.path)) is not None
    }
    return salts.pop() if len(salts) == 1 else None


def _path_of(source: Source, scratch: Path) -> Path:
    """Return the path of a source; a DataFrame is written to a file in a new folder."""
    if not isinstance(source, Frame):
        return Path(source)
    scratch.mkdir()
    file = scratch / "DataFrame.csv"
    file.write_text(source.to_csv(index=False), encoding="utf-8", newline="")
    return file


def _by_person(
    exports: Sequence[Export],
    formats: Sequence[Format],
    reading: ReadingOptions,
    ledger: Ledger,
    writer: FolderWriter,
    person: str | None,
) -> dict[str, list[_Reader]]:
    """Return the readers of each person's sources by id, in order of priority."""
    groups: dict[str, list[_Reader]] = {}
    for export, one in zip(exports, formats, strict=True):
        ledger.format = one.name
        if export.left_out:
            ledger.note(f"left out: {', '.join(export.left_out[:5])}")
        for name, read in one.people(export, reading, ledger):
            key = name if name is not None else person or SOMEBODY
            if one.name != FOLDER_OF_LOGS:  # whose ids are those of the folder already
                key = _id_in(writer, key, named=name is not None or person is not None)
            groups.setdefault(key, []).append((one.name, read))
    return groups


def _id_in(writer: FolderWriter, person: str, *, named: bool) -> str:
    """Return a person's id in the folder: salted, but for somebody whom nobody has named."""
    salted = writer.public_id(person)
    if named or (is_folder_of_logs(writer.folder) and salted in ids_in(writer.folder)):
        return salted  # a folder of before salted them, too
    return person


def _write_person(
    person_id: str,
    readers: Sequence[_Reader],
    writer: FolderWriter,
    ledger: Ledger,
    impossible: Impossible,
    merge_by: str,
) -> None:
    logs = []
    for format_name, read in readers:
        ledger.format = format_name
        log = read()
        if log is not None:
            logs.append(quarantine(log, ledger, impossible))
    days = merge_sources(logs, ledger, by=merge_by)
    if days is None:
        ledger.note("people without a single usable value are left out")
        return
    writer.write(person_id, days)


def _check_people(writer: FolderWriter, ledger: Ledger, replace: bool) -> None:
    if not writer.ids:
        why = ledger.commonest()
        raise DataError(
            "at least one usable value",
            f"none; rejected were {'; '.join(why)}" if why else "none, in any of the files",
            "Correct them, or say how they are to be read (date_format=..., map=...)."
            if why
            else "See which files the vendor's page names.",
        )
    if replace or not is_folder_of_logs(writer.folder):
        return
    old = ids_in(writer.folder)
    lost = sorted(old - set(writer.ids))
    if lost:
        raise DataError(
            f"the {len(old)} people that are in {writer.folder} already",
            f"{len(writer.ids)} people, without {lost[0]!r}",
            "Write to another folder, name this one as a source, too, or say replace=true.",
        )


def _manifest(
    writer: FolderWriter, ledger: Ledger, formats: Sequence[Format], ids: str
) -> dict[str, Any]:
    return {
        "schema_version": schema.SCHEMA_VERSION,
        "sources": [one.name for one in formats],
        "ids": ids,
        "people": len(writer.ids),
        "person_days": writer.person_days,
        "counts": ledger.table(),
        "rejected": ledger.commonest(examples=False),
        "unused": ledger.commonest_unused(),
        "notes": [
            text if times == 1 else f"{text} ({times} times)"
            for text, times in ledger.notes.items()
        ],
        "cells": {
            name: {
                word or "observed": int(count)
                for word, count in zip(WORDS, writer.shares[index], strict=True)
            }
            for index, name in enumerate(schema.FEATURE_NAMES)
        },
        "shareable": [],
        "personal": ["days", "reasons", "rejected", "private/salt"],
    }
