"""One BLAS thread, unless the caller's environment says otherwise. Import it first.

Training alternates between NumPy's and MLX's products, each with a thread pool that spins
while it waits for the other: on 2 cores one thread is 2.5 times as fast as two (0.4 against
1.0 s an epoch), and does not stall beside other loads.
"""

from __future__ import annotations

import os

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")
