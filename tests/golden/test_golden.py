"""Nothing that is stored under `arrays/` may change unnoticed; see CONTRIBUTING, Golden arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.golden import guarded, recording, renew

ROOT = Path(__file__).resolve().parents[2]
LARGEST = 300_000  # bytes of all that is stored


@pytest.mark.parametrize("name", renew.CASES)
def test_the_case_is_as_stored(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    wrong = renew.complaint(name, renew.compute(name))
    assert not wrong, wrong


@pytest.mark.parametrize(
    ("case", "number"),
    [("people_few", "GENERATOR_VERSION"), ("posteriors_fixed", "POSTERIOR_VERSION")],
)
def test_a_changed_output_needs_a_new_number_and_a_new_number_new_arrays(
    case: str, number: str
) -> None:
    def said(**made: Any) -> str:
        kept = {"values": np.array([5]), guarded.VERSION: np.array(3)}
        return guarded.complaint(
            case, {name: np.array(value) for name, value in made.items()}, kept, "renew.py"
        ).partition("\n")[0]

    values: dict[str, Any] = {"same": [5], "other": [6]}
    assert said(values=values["same"], version=3) == ""
    assert f"raise {number} and renew the golden arrays: renew.py" in said(
        values=values["other"], version=3
    )
    for value in values.values():
        message = said(values=value, version=4)
        assert message.startswith(f"{case}: {number} is ")
        assert message.endswith(": renew the golden arrays: renew.py")


def test_a_renewal_without_a_new_number_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = "people_faint"
    made = {"values": np.array([5])}
    monkeypatch.setattr(renew, "ARRAYS", tmp_path)
    monkeypatch.setitem(renew.CASES, case, lambda: made)
    assert renew._renew(case) == "renewed" and renew._renew(case) == "as stored"
    made["values"] = np.array([6])
    with pytest.raises(SystemExit, match="raise GENERATOR_VERSION"):
        renew._renew(case)
    monkeypatch.setattr("human_wm_env.people.embedded.GENERATOR_VERSION", 10)
    assert renew._renew(case) == "renewed" and renew._renew(case) == "as stored"


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
