"""Exports with bytes and lines changed at random: typed errors or balanced tables, nothing else."""

from __future__ import annotations

import random
import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from human_wm_env import HumanWMError, import_logs
from human_wm_env.exports import xml_stream
from tests.human_wm_env.exports.formats import (
    test_apple_health,
    test_apple_records,
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
    "apple_health records": lambda folder: test_apple_records.an_export(folder, days=3),
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


def survive(folder: Path, name: str, seed: int, count: int) -> tuple[int, float]:
    """Import mutants; return how many were accepted, and the most seconds that one took."""
    accepted, longest = 0, 0.0
    FIXTURES[name](folder)
    for _ in mutants(folder, random.Random(seed), count):
        began = time.perf_counter()
        try:
            logs = import_logs(folder, format=name.partition(" ")[0])
        except HumanWMError:
            pass
        else:
            check_balance(logs)
            accepted += 1
        longest = max(longest, time.perf_counter() - began)
    return accepted, longest


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an Apple Health export be more than one piece, so that records are taken out of some."""
    monkeypatch.setattr(xml_stream, "_CHUNK", 4000)


@pytest.mark.parametrize("name", FIXTURES)
def test_mutants_are_refused_or_balance(tmp_path: Path, name: str) -> None:
    accepted, _ = survive(tmp_path, name, 0, 25)
    assert accepted > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", FIXTURES)
def test_a_thousand_mutants_take_neither_long_nor_much_memory(tmp_path: Path, name: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    accepted, longest = survive(tmp_path, name, 1, 1000)
    assert accepted > 0 and longest < 10.0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1_000_000  # kB
