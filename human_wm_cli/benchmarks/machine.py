"""The machine and the versions, and the fastest it multiplies matrices."""

from __future__ import annotations

import os
import platform
import time
from importlib import metadata
from pathlib import Path

import numpy as np

from human_wm_cli.benchmarks import FAST_BLAS

PACKAGES = ("numpy", "gymnasium", "mlx", "torch", "stable-baselines3")
GIGA = 1e9


def machine() -> dict[str, str | float | None]:
    """Return processor, cores, threads and versions."""
    model = platform.processor() or platform.machine()
    described = Path("/proc/cpuinfo")
    if described.is_file():
        names = [line for line in described.read_text().splitlines() if line.startswith("model n")]
        model = names[0].partition(":")[2].strip() if names else model
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "fast BLAS for MLX": FAST_BLAS,
        "blas_threads": os.environ.get("OPENBLAS_NUM_THREADS", "default"),
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in PACKAGES},
    }


def peak_gflops(size: int = 1024, repeats: int = 5) -> float:
    """Return the fastest rate of a float32 product of square matrices, GFLOP/s."""
    rng = np.random.default_rng(0)
    one, other = rng.standard_normal((2, size, size), dtype=np.float32)
    out = np.empty_like(one)
    best = float("inf")
    for _ in range(repeats):
        began = time.perf_counter()
        np.matmul(one, other, out=out)
        best = min(best, time.perf_counter() - began)
    return 2.0 * size**3 / best / GIGA
