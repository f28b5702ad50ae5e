"""Arrays in a file without a name, whose memory is given back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from human_wm_env.data.disk_arrays import DiskArray, in_parts, is_mapped, let_go
from human_wm_env.errors import DataError


def test_rows_are_written_in_any_order_and_read_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    wanted = rng.standard_normal((5, 3, 2)).astype(np.float32)
    wanted[2] = 0.0
    with DiskArray(wanted.shape, np.float32, str(tmp_path)) as file:
        file.write(3, wanted[3:])
        file.write(0, wanted[:2].astype(np.float64))
        mapped = file.mapped()
    assert is_mapped(mapped) and not is_mapped(wanted) and not is_mapped(mapped[[1, 3]])
    np.testing.assert_array_equal(mapped, wanted)
    assert not list(tmp_path.iterdir())
    with pytest.raises(ValueError, match="read-only"):
        mapped[0] = 1.0


def test_memory_that_is_let_go_is_read_anew() -> None:
    rows = np.random.default_rng(1).integers(0, 9, (400, 64, 1024)).astype(np.float32)
    with DiskArray(rows.shape, np.float32) as file:
        file.write(0, rows)
        mapped = file.mapped()

    def resident() -> int:
        told = Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) for line in told if line.startswith("Rss")) // 1024

    total = float(mapped.sum(dtype=np.float64))
    before = resident()
    let_go(mapped, rows)
    assert before - resident() > 60  # of 100 MB
    assert float(mapped.sum(dtype=np.float64)) == total == float(rows.sum(dtype=np.float64))


def test_no_room_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="HUMANWM_CACHE"):
        DiskArray((2, 3), np.float32, str(tmp_path / "missing"))
    with DiskArray((2, 3), np.float32, str(tmp_path)) as file:
        pass
    with pytest.raises(ValueError, match="closed file"):
        file.write(0, np.zeros((1, 3)))
    with DiskArray((2, 3), np.float32, str(tmp_path)) as full:
        full._file.close()
        full._file = Path("/dev/full").open("r+b", buffering=0)  # noqa: SIM115
        with pytest.raises(DataError, match="No space left"):
            full.write(0, np.zeros((1, 3)))


def test_parts_cover_everybody_once() -> None:
    assert list(in_parts(7, 3)) == [slice(0, 3), slice(3, 6), slice(6, 7)]
    assert list(in_parts(0, 3)) == []
    assert list(in_parts(256)) == [slice(0, 256)]
