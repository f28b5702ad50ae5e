"""What leaves with a model: nothing of single people, looked for in every byte."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from human_wm_cli.main import main
from human_wm_env import CheckpointError, ConfigError
from human_wm_env.model.checkpoint import BUNDLED, load_checkpoint, save_checkpoint
from human_wm_env.model.shareable import export_model

ID, FILE, DAY, FINGERPRINT = "ann-of-green-gables", "annes_diary.csv", "2021-05-24", "ab12cd34" * 8
# As their numbers stand in a file, in single and in double precision.
POSTERIOR = np.array([0.123456789, -1.987654321, 3.14159265])
ROW = np.array([8833.25, 7.125, 66.5])


@pytest.fixture
def private(tmp_path: Path) -> Path:
    """Return a run with a checkpoint that says all it can of a person."""
    bundled = load_checkpoint(BUNDLED)
    details: dict[str, Any] = {
        name: bundled.manifest[name]
        for name in ("config", "data", "posterior")
        if name in bundled.manifest
    }
    details["data"] = {
        **details["data"],
        "name": FILE,
        "sha256": FINGERPRINT,
        "import": {"file": FILE, "first_date": DAY, "people_without_value": [ID]},
        "others": {"name": FILE, "sha256": FINGERPRINT},
    }
    details["start"] = {"weights_sha256": "0" * 64, "data": details["data"], "note": ID}
    details["people"] = {ID: POSTERIOR.tolist()}
    run = tmp_path / "run"
    save_checkpoint(
        run / "checkpoint",
        architecture=bundled.architecture,
        weights=bundled.weights,
        weather_transitions=bundled.weather_transitions,
        details=details,
    )
    for name in ("card.json", "card.md"):
        (run / "checkpoint" / name).write_text(f"{ID} {DAY}")
    (run / "training_state").mkdir()
    np.savez(run / "training_state" / "posteriors.npz", mean=POSTERIOR.astype(np.float32), row=ROW)
    return run


def bytes_in(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


def secrets() -> list[bytes]:
    texts = [text.encode() for text in (ID, FILE, DAY, FINGERPRINT)]
    texts += [str(number).encode() for number in [*POSTERIOR, *ROW]]
    return [
        *texts,
        *(array.astype(kind).tobytes() for array in (POSTERIOR, ROW) for kind in ("<f4", "<f8")),
    ]


def test_nothing_of_a_person_is_in_its_bytes(private: Path, tmp_path: Path) -> None:
    out = tmp_path / "shared"
    left_out = export_model(private, out)
    assert {file.name for file in out.iterdir()} == {"weights.safetensors", "manifest.json"}
    before, after = bytes_in(private), bytes_in(out)
    as_text, as_bytes = secrets()[:7], [secrets()[10], secrets()[13]]
    assert not [secret for secret in as_text + as_bytes if secret not in before]
    assert not [secret for secret in secrets() if secret in after]
    assert {"people", "data.import", "data.sha256", "start.note", "start.data.name"} <= {*left_out}


def test_it_dreams_as_before(private: Path, tmp_path: Path) -> None:
    export_model(private / "checkpoint", tmp_path / "shared")
    old, new = load_checkpoint(private / "checkpoint"), load_checkpoint(tmp_path / "shared")
    assert old.architecture == new.architecture
    assert all(np.array_equal(old.weights[name], new.weights[name]) for name in old.weights)
    assert new.manifest["data"]["users"] == old.manifest["data"]["users"]
    again = tmp_path / "again"
    assert export_model(tmp_path / "shared", again) == []
    assert bytes_in(again) == bytes_in(tmp_path / "shared")


def test_what_cannot_be_exported(private: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="out as a new folder"):
        export_model(private, private)
    with pytest.raises(CheckpointError):
        export_model(tmp_path / "nothing", tmp_path / "shared")
    assert not (tmp_path / "shared").exists()


def test_the_command(private: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["export-model", f"checkpoint={private}", f"out={tmp_path / 'a'}"])
    assert "data.import" in capsys.readouterr().err
    main(["export-model", f"checkpoint={private}", f"out={tmp_path / 'b'}", "json=true"])
    assert "people" in json.loads(capsys.readouterr().out)["left_out"]
