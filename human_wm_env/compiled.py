"""Loops over the slots of a batch, compiled by numba: how, in one place.

A day of 125 slots is some thousand small sums. As NumPy calls, each of which costs a
microsecond whatever it does, they take longer than the nets' products; as compiled loops they
cost next to nothing, for one slot as for many. Products of matrices stay with NumPy's BLAS.

numba keeps compiled code in `__pycache__`, and sees there when the module of a loop changes, or a
local of the function that makes it, but nothing else. So what a loop needs of other modules
(columns of the schema, sizes of effects) reaches it as an argument or as such a local; and one
that calls loops of other modules, or loops that have such locals, has SOURCES among its own:
then any change of the package compiles it anew. A test reads the loops.

Nothing checks bounds: callers check lengths and categories first (NUMBA_BOUNDSCHECK=1 checks
all). With NUMBA_DISABLE_JIT=1 the same loops run in plain Python, slowly.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


def _sources() -> int:
    """Return a number that stands for the text of this package."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return int(digest.hexdigest()[:12], 16)


#: see the module
SOURCES = _sources()


def compiled(function: FunctionT) -> FunctionT:
    """Compile a loop on its first call with new types, and keep it: see the module.

    Where neither `__pycache__`, the user's cache nor NUMBA_CACHE_DIR can be written, every
    process compiles anew.

    Division by zero gives inf or nan as in NumPy, sums are not reordered, and other threads
    run meanwhile.
    """
    made = functools.partial(numba.njit, function, error_model="numpy", nogil=True)
    try:
        return cast(FunctionT, made(cache=True))
    except RuntimeError:  # nowhere to keep it
        return cast(FunctionT, made(cache=False))
