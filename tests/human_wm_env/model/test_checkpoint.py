from __future__ import annotations

import hashlib
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from human_wm_env.errors import CheckpointError
from human_wm_env.files.sealed_folder import (
    MANIFEST_FILE,
    MANIFEST_SEAL,
    WEIGHTS_FILE,
    manifest_seal,
)
from human_wm_env.model.checkpoint import load_checkpoint, save_checkpoint
from human_wm_env.model.checkpoint_folder import read_arrays, read_folder_manifest, write_folder
from human_wm_env.person import schema
from human_wm_env.runtime.world_model import load_world_model
from tests.world_model import tiny


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "runs" / "one" / "checkpoint"
    source = tiny.checkpoint()
    save_checkpoint(
        made,
        architecture=source.architecture,
        weights=source.weights,
        weather_transitions=source.weather_transitions,
        details={"command": "pretrain", "data": {"seed": 3}},
    )
    return made


def edit(folder: Path, **changes: Any) -> None:
    file = folder / MANIFEST_FILE
    manifest = json.loads(file.read_text()) | changes
    manifest = {name: value for name, value in manifest.items() if value is not None}
    file.write_text(json.dumps({**manifest, MANIFEST_SEAL: manifest_seal(manifest)}))


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_what_is_saved_is_loaded(folder: Path) -> None:
    source, loaded = tiny.checkpoint(), load_checkpoint(folder)
    assert loaded.architecture == source.architecture
    assert set(loaded.weights) == set(source.weights)
    for name, value in source.weights.items():
        assert loaded.weights[name].dtype == np.float32
        np.testing.assert_array_equal(loaded.weights[name], value)
    np.testing.assert_array_equal(loaded.weather_transitions, source.weather_transitions)
    assert loaded.manifest["data"] == {"seed": 3}
    assert loaded.manifest["features"] == list(schema.FEATURE_NAMES)
    assert loaded.manifest["normaliser"]["sleep_hours"] == {"centre": 7.0, "scale": 1.5}
    assert loaded.folder == folder


@pytest.mark.parametrize("version", ["7ec45b0b6932575f", 1, 2])
def test_people_of_any_version_are_loaded(folder: Path, version: int | str) -> None:
    """Earlier manifests have a text of hexadecimal digits in place of the number."""
    edit(folder, data={"generator_version": version})
    assert load_checkpoint(folder).manifest["data"] == {"generator_version": version}


def test_a_manifest_without_a_kind_is_of_people(folder: Path) -> None:
    assert load_checkpoint(folder).manifest["kind"] == "people"
    edit(folder, kind=None)
    assert "kind" not in load_checkpoint(folder).manifest


def test_a_folder_holds_any_kind(tmp_path: Path) -> None:
    write_folder(
        tmp_path,
        kind="pendulum",
        schema_version=3,
        architecture={"hidden": 8},
        arrays={"w": np.arange(4.0)},
        details={"seed": 1},
    )
    manifest = read_folder_manifest(tmp_path, "pendulum", {"schema_version": 3, "seed": 1})
    assert manifest["architecture"] == {"hidden": 8}
    assert read_arrays(tmp_path, manifest)["w"].tolist() == [0, 1, 2, 3]
    with pytest.raises(CheckpointError, match="a checkpoint of kind 'people'"):
        load_checkpoint(tmp_path)


def test_saving_again_replaces(folder: Path) -> None:
    source = tiny.checkpoint(tiny.MARKOV)
    save_checkpoint(
        folder,
        architecture=source.architecture,
        weights=source.weights,
        weather_transitions=source.weather_transitions,
        details={},
    )
    assert load_checkpoint(folder).architecture == tiny.MARKOV


def no_folder(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))


def no_manifest(folder: Path) -> None:
    (folder / MANIFEST_FILE).unlink()


def no_weights(folder: Path) -> None:
    (folder / WEIGHTS_FILE).unlink()


def broken_json(folder: Path) -> None:
    (folder / MANIFEST_FILE).write_text('{"format_version": 1,')


def binary_manifest(folder: Path) -> None:
    (folder / MANIFEST_FILE).write_bytes(b"\xff\xfe\x00\x80")


def other_json(folder: Path) -> None:
    (folder / MANIFEST_FILE).write_text("[1, 2]")


def other_version(folder: Path) -> None:
    edit(folder, format_version=99)


def other_schema(folder: Path) -> None:
    edit(folder, schema_version=0)


def other_kind(folder: Path) -> None:
    edit(folder, kind="humanoid")


def other_features(folder: Path) -> None:
    edit(folder, features=[*schema.FEATURE_NAMES[::-1]])


def truncated_weights(folder: Path) -> None:
    data = (folder / WEIGHTS_FILE).read_bytes()
    (folder / WEIGHTS_FILE).write_bytes(data[: len(data) // 2])


def changed_weights(folder: Path) -> None:
    data = bytearray((folder / WEIGHTS_FILE).read_bytes())
    data[-1] ^= 1
    (folder / WEIGHTS_FILE).write_bytes(data)


def foreign_weights(folder: Path) -> None:
    (folder / WEIGHTS_FILE).write_bytes(b"not safetensors at all")
    edit(folder, weights_sha256=sha256(folder / WEIGHTS_FILE))


def weights_without_weather(folder: Path) -> None:
    arrays = load_file(folder / WEIGHTS_FILE)
    del arrays["weather_transitions"]
    save_file(arrays, folder / WEIGHTS_FILE)
    edit(folder, weights_sha256=sha256(folder / WEIGHTS_FILE))


def no_checksum(folder: Path) -> None:
    edit(folder, weights_sha256=None)


def unknown_size(folder: Path) -> None:
    edit(folder, architecture={"latent_d": 3})


def size_of_a_wrong_type(folder: Path) -> None:
    edit(folder, architecture={"members": "three"})


def size_out_of_range(folder: Path) -> None:
    edit(folder, architecture={"members": 0})


def sizes_as_a_list(folder: Path) -> None:
    edit(folder, architecture=[1, 2])


DAMAGES: list[tuple[Callable[[Path], None], str]] = [
    (no_folder, "no such folder"),
    (no_manifest, "no manifest in it"),
    (no_weights, f"expected {WEIGHTS_FILE}"),
    (broken_json, "expected valid JSON"),
    (binary_manifest, "expected valid JSON"),
    (other_json, "expected a manifest in"),
    (other_version, "expected format_version 2; received 99"),
    (other_schema, "expected schema_version 1; received 0"),
    (other_kind, "expected a checkpoint of kind 'people'; received kind 'humanoid'"),
    (other_features, "expected features"),
    (truncated_weights, "checksum"),
    (changed_weights, "checksum"),
    (foreign_weights, "SafetensorError"),
    (weights_without_weather, "weather_transitions"),
    (unknown_size, "latent_d"),
    (size_of_a_wrong_type, "members as a whole number"),
    (sizes_as_a_list, "TypeError"),
    (no_checksum, "checksum"),
    (size_out_of_range, "members >= 1"),
]


@pytest.mark.parametrize(
    ("damage", "message"), DAMAGES, ids=[damage.__name__ for damage, _ in DAMAGES]
)
def test_damage_is_told(folder: Path, damage: Callable[[Path], None], message: str) -> None:
    damage(folder)
    for load in (load_checkpoint, load_world_model):
        with pytest.raises(CheckpointError) as caught:
            load(folder)
        assert message in str(caught.value)
        assert all((caught.value.expected, caught.value.received, caught.value.remedy))


def one_missing(arrays: dict[str, np.ndarray]) -> None:
    del arrays["encoder.row.first.weight"]


def one_too_many(arrays: dict[str, np.ndarray]) -> None:
    arrays["policy.extra"] = np.zeros(3, dtype=np.float32)


def another_shape(arrays: dict[str, np.ndarray]) -> None:
    arrays["transition.offset"] = arrays["transition.offset"][:, :-1].copy()


@pytest.mark.parametrize(
    ("change", "expected", "received"),
    [
        (
            one_missing,
            "encoder.row.first.weight of shape (32, 77)",
            "no encoder.row.first.weight",
        ),
        (one_too_many, "no policy.extra", "policy.extra of shape (3,)"),
        (
            another_shape,
            "transition.offset of shape (3, 12, 7)",
            "transition.offset of shape (3, 11, 7)",
        ),
    ],
)
def test_weights_of_another_version_are_told(
    folder: Path, change: Callable[[dict[str, np.ndarray]], None], expected: str, received: str
) -> None:
    """Whole and with the right checksum, but not the arrays that the runtime needs."""
    arrays = load_file(folder / WEIGHTS_FILE)
    change(arrays)
    save_file(arrays, folder / WEIGHTS_FILE)
    edit(folder, weights_sha256=sha256(folder / WEIGHTS_FILE))
    with pytest.raises(CheckpointError) as caught:
        load_world_model(folder)
    assert caught.value.expected.endswith(f", {expected}")
    assert caught.value.received == received
    assert "train the model again" in caught.value.remedy


def test_nothing_is_unpickled(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "exploded",))

    def forbidden(*_: Any, **__: Any) -> None:
        raise AssertionError("something was unpickled")

    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, forbidden)
    load_checkpoint(folder)
    monkeypatch.undo()
    for file in (WEIGHTS_FILE, MANIFEST_FILE):
        (folder / file).write_bytes(pickle.dumps(Bomb()))
        with pytest.raises(CheckpointError):
            load_checkpoint(folder)
    assert not (tmp_path / "exploded").exists()


def test_runtimes_are_shared_until_the_weights_change(folder: Path) -> None:
    first = load_world_model(folder)
    assert load_world_model(str(folder)) is first
    assert load_world_model(first) is first
    source = tiny.checkpoint()
    save_checkpoint(
        folder,
        architecture=source.architecture,
        weights={name: 2.0 * value for name, value in source.weights.items()},
        weather_transitions=source.weather_transitions,
        details={},
    )
    assert load_world_model(folder) is not first


def test_manifests_hold_no_nan(tmp_path: Path) -> None:
    source = tiny.checkpoint()
    with pytest.raises(ValueError, match="not JSON compliant"):
        save_checkpoint(
            tmp_path,
            architecture=source.architecture,
            weights=source.weights,
            weather_transitions=source.weather_transitions,
            details={"score": float("nan")},
        )
