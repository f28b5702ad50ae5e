"""Nothing that is stored under `arrays/` may change unnoticed; see CONTRIBUTING, Golden arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.golden import recording, renew

ROOT = Path(__file__).resolve().parents[2]
LARGEST = 300_000  # bytes of all that is stored


@pytest.mark.parametrize("name", renew.CASES)
def test_the_case_is_as_stored(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    found = recording.differences(renew.to_store(name, renew.compute(name)), renew.stored(name))
    text = "\n".join(found[:20])
    assert not found, f"{name}: if it is meant to change, run {renew.COMMAND} {name}\n{text}"


def test_every_file_has_a_case_and_all_of_them_are_small() -> None:
    assert {file.stem for file in renew.ARRAYS.glob("*")} == renew.CASES.keys()
    folders = renew.ARRAYS, renew.FOLDER / "saved_agents"
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) < LARGEST


STORED = {
    "float": np.array([1.0, -0.5, np.nan], dtype=np.float32),
    "integer": np.array([[1, 2]]),
    "bool": np.array([True, False]),
    "text": np.array(["p007", "p008"]),
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("float", np.array([1.001, -0.5, np.nan], dtype=np.float32)),
        ("float", np.array([1.0, -0.5, 0.0], dtype=np.float32)),
        ("float", np.array([1.0, -0.5, np.nan], dtype=np.float64)),
        ("float", np.array([1.0, -0.5], dtype=np.float32)),
        ("integer", np.array([[1, 3]])),
        ("integer", np.array([[1.0, 2.0]])),
        ("bool", np.array([True, True])),
        ("text", np.array(["p007", "p009"])),
        ("another", np.zeros(1)),
    ],
)
def test_a_difference_is_seen(name: str, value: np.ndarray) -> None:
    (line,) = recording.differences({**STORED, name: value}, STORED)
    assert line.startswith(name)
    digests = (recording.digest(arrays) for arrays in (STORED, {**STORED, name: value}))
    assert len(set(digests)) == 2


def test_rounding_is_no_difference() -> None:
    nearly = {**STORED, "float": STORED["float"] * np.float32(1 + 1e-5)}
    assert not recording.differences(nearly, STORED)
    (missing,) = recording.differences({}, {"one": np.zeros(1)})
    assert missing == "one: stored, but not made"


def test_a_file_gives_back_what_was_written(tmp_path: Path) -> None:
    arrays = {**STORED, "number": np.array(2.5), "more": np.ones((2, 3), dtype=np.float32)}
    recording.to_file(tmp_path / "one.npz", arrays)
    back = recording.from_file(tmp_path / "one.npz")
    assert not recording.differences(back, arrays)
    assert [(a.shape, a.dtype) for a in back.values()] == [
        (a.shape, a.dtype) for a in arrays.values()
    ]


def test_what_is_thinned_meets_every_column_and_keeps_the_totals() -> None:
    rows = np.arange(4000, dtype=np.float32).reshape(-1, 10) - 100
    thinned = recording.thin({"rows": rows, "short": rows[0]}, 200)
    assert thinned["short"].shape == (10,) and thinned["rows#shape"].tolist() == [400, 10]
    assert set((thinned["rows"].astype(int) + 100) % 10) == set(range(10))
    assert thinned["rows#total"].tolist() == [rows[rows > 0].sum(dtype=float), -5050]
