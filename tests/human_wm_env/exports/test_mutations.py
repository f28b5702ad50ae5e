"""Exports with bytes and lines changed at random: typed errors or balanced tables, nothing else."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from human_wm_env import HumanWMError, import_logs
from tests.human_wm_env.exports.formats import (
    test_apple_health,
    test_daily_table,
    test_daylio,
    test_fitabase,
    test_fitbit,
    test_fitbit_google_data,
    test_garmin,
    test_google_fit,
    test_health_connect,
    test_lifesnaps,
    test_long_table,
    test_mi_fit,
    test_npz,
    test_oura,
    test_samsung_health,
    test_whoop,
)
from tests.human_wm_env.exports.grids import check_balance

ALPHABET = b'0123456789-,;:"[]{}<>/ \n\x00\xffTZaen.'


def files_of(folder: Path, files: dict[str, object]) -> None:
    test_fitbit.write_json(folder, files)


FIXTURES: dict[str, Callable[[Path], object]] = {
    "daily": lambda folder: files_of(
        folder, {"a.csv": test_daily_table.HEADER + test_daily_table.ROWS}
    ),
    "long": lambda folder: files_of(folder, {"a.csv": test_long_table.ROWS}),
    "apple_health": lambda folder: files_of(folder, {"a.xml": test_apple_health.export_xml()}),
    "fitabase": lambda folder: files_of(folder, dict(test_fitabase.FILES)),
    "samsung_health": lambda folder: files_of(folder, test_samsung_health.FILES),
    "npz": lambda folder: test_npz.unpacked(folder),
    "mi_fit": lambda folder: files_of(folder, test_mi_fit.FILES),
    "google_fit": lambda folder: files_of(folder, test_google_fit.FILES),
    "health_connect": lambda folder: test_health_connect.build(folder),
    "garmin": lambda folder: files_of(folder, test_garmin.FILES),
    "lifesnaps": lambda folder: files_of(
        folder, {"a.csv": test_lifesnaps.HEADER + "\n".join(test_lifesnaps.ROWS) + "\n"}
    ),
    "whoop": lambda folder: files_of(folder, test_whoop.FILES),
    "oura": lambda folder: files_of(folder, test_oura.FILES),
    "daylio": lambda folder: files_of(folder, test_daylio.FILES),
    "fitbit google_data": lambda folder: files_of(folder, test_fitbit_google_data.FILES),
    "fitbit": lambda folder: files_of(
        folder,
        {
            path: entries[:40] if isinstance(entries, list) else entries
            for path, entries in test_fitbit.account_export().items()
        },
    ),
}


def mutated(content: bytes, rng: random.Random) -> bytes:
    """Return content with one to three of: bytes changed, lines cut, doubled or swapped, an end."""
    for _ in range(rng.randint(1, 3)):
        kind = rng.randrange(5)
        place = rng.randrange(len(content) + 1)
        if kind == 0:
            content = content[:place] + bytes([rng.choice(ALPHABET)]) + content[place + 1 :]
        elif kind == 1:
            content = content[:place] + content[place + rng.randint(1, 30) :]
        elif kind == 2:
            piece = content[place : place + rng.randint(1, 60)]
            content = content[:place] + piece + content[place:]
        elif kind == 3:
            content = content[:place]
        else:
            number = str(rng.choice([-1, 0, 1e9, "nan", "1e400", 99999, "None", ""])).encode()
            content = content[:place] + number + content[place:]
    return content


def mutants(folder: Path, rng: random.Random, count: int) -> Iterator[None]:
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    for _ in range(count):
        file = rng.choice(files)
        whole = file.read_bytes()
        file.write_bytes(mutated(whole, rng))
        yield
        file.write_bytes(whole)


def survive(folder: Path, name: str, seed: int, count: int) -> int:
    """Import mutants; return how many were accepted."""
    accepted = 0
    FIXTURES[name](folder)
    for _ in mutants(folder, random.Random(seed), count):
        try:
            logs = import_logs(folder, format=name.partition(" ")[0])
        except HumanWMError:
            continue
        check_balance(logs)
        accepted += 1
    return accepted


@pytest.mark.parametrize("name", FIXTURES)
def test_mutants_are_refused_or_balance(tmp_path: Path, name: str) -> None:
    assert survive(tmp_path, name, 0, 25) > 0
