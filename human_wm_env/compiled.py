"""Loops over the slots of a batch, compiled by numba: how, in one place.

A day of 125 slots is some thousand small sums. As NumPy calls, each of which costs a
microsecond whatever it does, they take longer than the nets' products; as compiled loops they
cost next to nothing, for one slot as for many. Products of matrices stay with NumPy's BLAS.

What a loop needs of other modules (columns of the schema, sizes of effects) must reach it as
an argument, or as a local of the function that makes it: numba keeps compiled code in
`__pycache__`, and sees there when such a value changes, but not when a global of another module
does. For the same reason no loop calls one that has such locals. Nothing checks bounds: callers
check lengths and categories first (NUMBA_BOUNDSCHECK=1 checks all). With NUMBA_DISABLE_JIT=1
the same loops run in plain Python, slowly.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


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
