"""Whose files are whose, where the folders of several people lie in one export."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Mapping
from functools import partial
from pathlib import PurePosixPath
from typing import NamedTuple

import numpy as np

from human_wm_env.errors import DataError
from human_wm_env.exports.day_log import DayLog
from human_wm_env.person import schema

# The date of an export in a folder's name, with or without its time: it tells no people apart.
_DATE = re.compile(
    r"(?<!\d)20\d\d([-_.]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])(?:[-_T ]?\d{4,6}Z?)?(?!\d)"
)
_FEWEST_SHARED, _MOST_DIFFERENT = 3, 0.5  # days, and a share of them
_SAME = 0.1  # of a total: another clock, or a later version of the vendor's, changes it by less
_TAKEOUT = re.compile(r"takeout[\W\d_]*", re.IGNORECASE)  # of Google, with the number of a part


class Account(NamedTuple):
    """The files of one person.

    Attributes:
        name: of the person's folder; None where the export has one person.
        paths: of the files, sorted.
    """

    name: str | None
    paths: tuple[str, ...]


def accounts(folders: Mapping[str, str]) -> list[Account]:
    """Tell the people of an export apart by their folders, and name them after these.

    Folders whose names differ in the date of an export alone are of one person, and so are all
    folders of Google Takeout that lie side by side. A person's name is that of the deepest folder
    that has no equal beside it, without such a date; where two people have one name, the names of
    the folders around tell them apart.

    Args:
        folders: by the path of each file of a format, the folder in which the vendor's own
            layout begins.

    Raises:
        DataError: one of the folders lies in another, so that nothing tells whose files are whose.
    """
    mine: dict[tuple[str, ...], list[str]] = {}
    for path, folder in folders.items():
        parts = (without_date(part) for part in PurePosixPath(folder).parts)
        mine.setdefault(tuple(part for part in parts if part), []).append(path)
    names = _names_of(_without_shared_end(list(mine)))
    return [
        Account(name, tuple(sorted(paths)))
        for name, paths in zip(names, mine.values(), strict=True)
    ]


def exports_of(
    kinds: Mapping[str, Hashable],
    folders: Mapping[str, str],
    latest: Callable[[str], int],
    *,
    main: Hashable,
) -> list[list[str]]:
    """Part the files of one person into exports, the newest first.

    Each is read by itself, so that its last day, a part of a day, is not taken for the whole one
    that a newer export has.

    Args:
        kinds: what each file has, by its path.
        folders: as in `accounts`; two folders are two exports where they have files of one kind.
        latest: returns the last day that a file knows.
        main: a folder has as many exports as files of this kind.
    """
    if len(set(kinds.values())) == len(kinds):
        return [sorted(kinds)]
    age = {path: (latest(path), path) for path in kinds}
    places: dict[tuple[str, Hashable], list[str]] = {}
    for path, kind in kinds.items():
        places.setdefault((folders[path], kind), []).append(path)
    found: dict[tuple[str, int], list[str]] = {}
    for (folder, _), paths in places.items():
        oldest = max(len(places.get((folder, main), [])), 1) - 1
        for number, path in enumerate(sorted(paths, key=age.__getitem__, reverse=True)):
            found.setdefault((folder, min(number, oldest)), []).append(path)
    newest = sorted(found.values(), key=lambda paths: max(map(age.__getitem__, paths)))
    return [sorted(paths) for paths in reversed(newest)]


def tables_of_people(
    folders: Mapping[str, str],
    latest: Callable[[str], int],
    read: Callable[[list[str]], DayLog | None],
) -> Iterator[tuple[str | None, Callable[[], DayLog | None]]]:
    """Yield the people of a format of one kind of table, with a reader of each of their exports.

    Args:
        folders: see `accounts`.
        latest: see `exports_of`.
        read: reads the tables of one export.
    """
    for name, paths in accounts(folders):
        person = OnePerson()
        for mine in exports_of(dict.fromkeys(paths, "table"), folders, latest, main="table"):
            yield name, partial(person.read, mine[0], partial(read, mine))


class OnePerson:
    """Reads the exports of one person, and refuses those that are of another one.

    Exports in one folder, with no id in them, are taken for one person's. Then whole days are
    nearly the same in both.
    """

    def __init__(self) -> None:
        self._logs: list[tuple[str, DayLog]] = []

    def read(self, file: str, read: Callable[[], DayLog | None]) -> DayLog | None:
        """Return what a reader does.

        Args:
            file: what the export is called.
            read: its reader.

        Raises:
            DataError: most days that it shares with one read before have another value.
        """
        log = read()
        if log is None:
            return None
        for other, known in self._logs:
            shared, different = _compared(known, log)
            if shared >= _FEWEST_SHARED and different > _MOST_DIFFERENT * shared:
                raise DataError(
                    "exports of one person in a folder",
                    f"{other} and {file}, which differ on {different} of {shared} days",
                    "Put each into a folder with its person's name, or import each by itself "
                    "with person=NAME.",
                )
        self._logs.append((file, log))
        return log


def _compared(one: DayLog, other: DayLog) -> tuple[int, int]:
    """Return how many days two logs share, and on how many of them steps or energy differ."""
    first = max(one.first_day, other.first_day)
    last = min(one.first_day + one.days, other.first_day + other.days)
    if last <= first:
        return 0, 0
    mine, theirs = (
        log.values[first - log.first_day : last - log.first_day] for log in (one, other)
    )
    for feature in (schema.STEPS, schema.CALORIES):
        both = ~np.isnan(mine[:, feature]) & ~np.isnan(theirs[:, feature])
        if both.any():
            larger = np.maximum(mine[both, feature], theirs[both, feature])
            different = abs(mine[both, feature] - theirs[both, feature]) > _SAME * larger
            return int(both.sum()), int(different.sum())
    return 0, 0


def without_date(folder: str) -> str:
    """Return a folder's name without the date of an export in it, "" where no more is left."""
    name = _DATE.sub("", folder).strip(" _-.()")
    return "" if _TAKEOUT.fullmatch(name) else name


def _without_shared_end(people: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Leave out the last folders, the vendor's own, that all people have."""
    while len(people) > 1 and all(people) and len({one[-1] for one in people}) == 1:
        people = [one[:-1] for one in people]
    return people


def _names_of(people: list[tuple[str, ...]]) -> list[str | None]:
    if len(people) == 1:
        return [None]
    inside: dict[tuple[str, ...], set[str]] = {}
    for one in people:
        for depth, part in enumerate(one):
            inside.setdefault(one[:depth], set()).add(part)
    for one in people:
        if one in inside:
            around = "/".join(one) or "the folder itself"
            raise DataError(
                "each person's export in a folder of its own",
                f"one in {around}, and another inside it, in {sorted(inside[one])[0]}",
                "Put each into a folder with its person's name, or import each by itself "
                "with person=NAME.",
            )
    # The folders of each that have another one beside them.
    apart = [
        [part for depth, part in enumerate(one) if len(inside[one[:depth]]) > 1] for one in people
    ]
    last = [parts[-1] for parts in apart]
    return list(last if len(set(last)) == len(last) else map("/".join, apart))
