"""Give MLX a fast matrix product on Linux CPU.

The `mlx[cpu]` wheel links the reference BLAS (about 7 GFLOP/s for a 1024^3 product); its
`cblas_sgemm` calls `sgemm_`. Torch's CPU library exports a fast `sgemm_` (over 100
GFLOP/s), and torch is a dependency anyway: loading that library with global symbols
before `mlx.core` makes MLX use it. Results agree to 1e-5.

Set HUMANWM_FAST_BLAS=0 to turn it off, and OMP_NUM_THREADS for more than one thread.
It never fails: where it cannot be done, MLX
keeps its own product.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
from pathlib import Path

SWITCH = "HUMANWM_FAST_BLAS"


def enable() -> bool:
    """Load the fast product, once, before the first import of `mlx.core`.

    Returns:
        True where it was loaded; False where it was turned off, came too late, or
        cannot be done on this machine.
    """
    if os.environ.get(SWITCH, "1") == "0" or not sys.platform.startswith("linux"):
        return False
    if "mlx.core" in sys.modules:
        return False
    found = importlib.util.find_spec("torch")
    if found is None or found.origin is None:
        return False
    # One thread: these nets are small. Two gain a quarter on an idle 2-core machine, and lose
    # tenfold beside any other load, when every product waits for the slower thread.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    library = Path(found.origin).parent / "lib" / "libtorch_cpu.so"
    try:
        ctypes.CDLL(str(library), ctypes.RTLD_GLOBAL)
    except OSError:
        return False
    return True
