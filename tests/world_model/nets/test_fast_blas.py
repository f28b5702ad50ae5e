from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from world_model.nets import fast_blas

PRODUCT = """
import sys
import world_model
import mlx.core as mx
import numpy as np
a = mx.random.normal((3, 70, 50), key=mx.random.key(0))
b = mx.random.normal((3, 50, 60), key=mx.random.key(1))
result = np.concatenate([np.array(a @ b).ravel(), np.array(a[0].T @ a[0]).ravel()])
sys.stdout.buffer.write(bytes([world_model.FAST_BLAS]) + result.astype(np.float32).tobytes())
"""
TOO_LATE = """
import mlx.core
import world_model
assert world_model.FAST_BLAS is False
assert world_model.nets.fast_blas.enable() is False
"""


def python(code: str, **environment: str) -> bytes:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def test_results_agree_with_and_without() -> None:
    off, on = (python(PRODUCT, HUMANWM_FAST_BLAS=value) for value in "01")
    assert off[0] == 0
    if sys.platform.startswith("linux"):
        assert on[0] == 1
    slow, fast = (np.frombuffer(result[1:], dtype=np.float32) for result in (off, on))
    scale = np.abs(slow).max()
    assert scale > 1.0
    np.testing.assert_allclose(fast / scale, slow / scale, atol=1e-5)


def test_after_mlx_it_is_too_late() -> None:
    python(TOO_LATE)


def test_it_can_be_turned_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "mlx.core", raising=False)
    monkeypatch.setenv(fast_blas.SWITCH, "0")
    assert fast_blas.enable() is False


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_other_platforms_keep_their_own(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    monkeypatch.delitem(sys.modules, "mlx.core", raising=False)
    monkeypatch.setenv(fast_blas.SWITCH, "1")
    monkeypatch.setattr(sys, "platform", platform)
    assert fast_blas.enable() is False


def test_a_library_that_cannot_be_loaded_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "mlx.core", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv(fast_blas.SWITCH, "1")

    def broken(*_: object) -> None:
        raise OSError("no such library")

    monkeypatch.setattr(fast_blas.ctypes, "CDLL", broken)
    assert fast_blas.enable() is False
    monkeypatch.setattr(fast_blas.importlib.util, "find_spec", lambda _: None)
    assert fast_blas.enable() is False
