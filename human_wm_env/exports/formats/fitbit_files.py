"""The files of Fitbit's exports: what each has, by its name, and whose it is, by its folders."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import PurePosixPath

from human_wm_env.exports.accounts import without_date
from human_wm_env.exports.formats import fitbit_google_data as google
from human_wm_env.exports.listing import Part

WELLNESS = "wellness.csv"
_FILE = re.compile(
    r"(steps|calories|distance|heart_rate|resting_heart_rate|sleep|exercise|"
    r"(?:sedentary|lightly_active|moderately_active|very_active)_minutes)"
    r"(?:-[\w-]*)?\.json"
)
# Folders of an export, or with one kind of files each; what is above them is the person's.
_FOLDERS = {
    *("physical activity", "sleep", "global export data", "fitbit", "pmsys", "heart rate"),
    *("user-site-export", "personal & account", "stress", "googlefit", "google data"),
    *("physical activity_googledata", "health fitness data_googledata"),
    *("steps", "calories", "distance", "heart_rate", "exercise"),
}
# A second download is unpacked beside the first as "Takeout 2" or "Takeout (1)".
_TAKEOUT = re.compile(r"takeout(?: \d+| ?\(\d+\))?", re.IGNORECASE)
# What is left of a folder's name without its date; less may be of somebody named by a date.
_FEWEST_LETTERS = 3
_PART = re.compile(r"(takeout-\d{8}T\d{6}Z(?:-\d+)?)-\d{3}", re.IGNORECASE)


def kind_of(path: str) -> str | None:
    """Return what a JSON file or a diary has, None for any other file."""
    name = path.rpartition("/")[2]
    if name == WELLNESS:
        return WELLNESS
    found = _FILE.fullmatch(name)
    return found.group(1) if found else None


def files_by_person(paths: Sequence[str]) -> tuple[dict[str, Part], Part]:
    """Tell whose each file is.

    A person is a folder with files of Fitbit's, in it or in an export's folders below it. Files
    of other names are those of the nearest person around them.

    Returns:
        The paths by the person's folder ("" is the whole export), and those of nobody.
    """
    people = {
        folder for path, folder in _with_folders(paths) if kind_of(path) or google.kind_of(path)
    }
    found = {folder: Part(paths) for folder in sorted(people)}
    nobodys = Part(paths)
    for place, (_, folder) in enumerate(_with_folders(paths)):
        while folder and folder not in people:
            folder = folder.rpartition("/")[0]
        found.get(folder, nobodys).add(place)
    return found, nobodys


def _with_folders(paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each path with its person's folder, looked up once for files beside each other."""
    around, folder = None, ""
    for path in paths:
        parent = path.rpartition("/")[0]
        if parent != around:
            around, folder = parent, _person_folder(parent)
        yield path, folder


def _person_folder(folder: str) -> str:
    """Return the folder around an export's own folders; parts of one download share it.

    So do exports whose folders differ in their date alone, of which the newer one knows better;
    but dates without a name beside them may be how people are named.
    """
    parts = list(PurePosixPath(folder).parts)
    for place, (outer, inner) in enumerate(pairwise(parts)):
        if _TAKEOUT.fullmatch(outer) and inner.lower() == "fitbit":
            del parts[place:]  # with folders of any name and language below
            break
    while parts and (parts[-1].lower() in _FOLDERS or _TAKEOUT.fullmatch(parts[-1])):
        parts.pop()
    names = (_name_of(_PART.sub(r"\1", part)) for part in parts)
    return "/".join(name for name in names if name)


def _name_of(part: str) -> str:
    name = without_date(part)
    is_name = sum(letter.isalpha() for letter in name) >= _FEWEST_LETTERS
    return name if is_name or _TAKEOUT.match(part) else part
