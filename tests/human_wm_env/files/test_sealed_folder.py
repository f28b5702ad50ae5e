from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from human_wm_env.errors import CheckpointError, ConfigError
from human_wm_env.files.sealed_folder import (
    MANIFEST_FILE,
    MANIFEST_SEAL,
    WEIGHTS_FILE,
    read_sealed_arrays,
    read_sealed_manifest,
    require_seal,
    write_sealed_folder,
)

ARRAYS = {"w": np.arange(4.0)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_sealed_folder(tmp_path / "made", ARRAYS, {"kind": "test", "sizes": {"a": 1}})
    return tmp_path / "made"


def test_what_is_written_is_read(folder: Path) -> None:
    manifest = read_sealed_manifest(folder, made_by="Ask.")
    require_seal(manifest, folder)
    assert manifest["sizes"] == {"a": 1}
    np.testing.assert_array_equal(read_sealed_arrays(folder, manifest)["w"], ARRAYS["w"])


@pytest.mark.parametrize("change", [{"sizes": {"a": 2}}, {"new": 1}, {"kind": None}])
def test_another_manifest_with_the_old_checksum_is_told(
    folder: Path, change: dict[str, object]
) -> None:
    file = folder / MANIFEST_FILE
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(CheckpointError, match="as it was written"):
        read_sealed_manifest(folder, made_by="Ask.")


def test_a_manifest_without_its_checksum_is_told(folder: Path) -> None:
    manifest = read_sealed_manifest(folder, made_by="Ask.")
    del manifest[MANIFEST_SEAL]
    with pytest.raises(CheckpointError, match=MANIFEST_SEAL):
        require_seal(manifest, folder)


def test_weights_may_be_no_larger_than_expected(folder: Path) -> None:
    manifest = read_sealed_manifest(folder, made_by="Ask.")
    size = (folder / WEIGHTS_FILE).stat().st_size
    assert read_sealed_arrays(folder, manifest, size)
    with pytest.raises(CheckpointError, match="at most"):
        read_sealed_arrays(folder, manifest, size - 1)


def test_other_things_in_the_folder_stay(folder: Path) -> None:
    (folder / "card.md").write_text("read me")
    write_sealed_folder(folder, {"w": np.zeros(1)}, {"kind": "other"})
    assert read_sealed_manifest(folder, made_by="Ask.")["kind"] == "other"
    assert len(list(folder.iterdir())) == 3


def test_a_file_with_the_name_of_the_folder_stays(tmp_path: Path) -> None:
    file = tmp_path / "diary.md"
    file.write_text("read me")
    with pytest.raises(ConfigError, match=r"diary\.md, which is a file"):
        write_sealed_folder(file, ARRAYS, {"kind": "test"})
    assert file.read_text() == "read me"
