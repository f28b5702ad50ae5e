from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from human_wm_env.errors import CheckpointError
from human_wm_env.files.tensors import bytes_of, read_sealed, tensors_of, write_sealed

ARRAYS = {
    "turned": np.arange(6, dtype=np.float32).reshape(2, 3).T,
    "single": np.array(4, dtype=np.int64),
    "none": np.zeros((0, 3)),
    "flags": np.array([True, False]),
}


def test_a_sealed_file_comes_back_exactly(tmp_path: Path) -> None:
    write_sealed(tmp_path / "state", ARRAYS, {"epoch": 3, "loss": 0.1})
    arrays, facts = read_sealed(tmp_path / "state")
    assert facts == {"epoch": 3, "loss": 0.1}
    assert arrays.keys() == ARRAYS.keys()
    for name, value in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], value)
        assert arrays[name].dtype == value.dtype


def test_every_flipped_bit_and_every_cut_is_told(tmp_path: Path) -> None:
    file = tmp_path / "state"
    write_sealed(file, ARRAYS, {"epoch": 3})
    whole = file.read_bytes()
    for place in range(len(whole)):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << place % 8
        file.write_bytes(flipped)
        with pytest.raises(CheckpointError):
            read_sealed(file)
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        with pytest.raises(CheckpointError):
            read_sealed(file)


def test_tensors_without_a_seal_are_told(tmp_path: Path) -> None:
    (tmp_path / "state").write_bytes(bytes_of(ARRAYS))
    with pytest.raises(CheckpointError, match="checksum"):
        read_sealed(tmp_path / "state")


def test_a_dtype_that_numpy_lacks_is_told() -> None:
    data = bytes_of({"a": np.zeros(4, dtype=np.int16)}).replace(b'"I16"', b'"BF16"')
    data = (int.from_bytes(data[:8], "little") + 1).to_bytes(8, "little") + data[8:]
    with pytest.raises(CheckpointError, match="safetensors in here"):
        tensors_of(data, "here")
