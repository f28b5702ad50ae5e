"""Loops over the slots of a batch, compiled by numba: how, in one place.

A day of 125 slots is some thousand small sums. As NumPy calls, each of which costs a
microsecond whatever it does, they take longer than the nets' products; as compiled loops they
cost next to nothing, for one slot as for many. Products of matrices stay with NumPy's BLAS.

numba keeps compiled code in `__pycache__`, and sees there when the module of a loop changes, or a
local of the function that makes it, but nothing else. So what a loop needs of other modules
(columns of the schema, sizes of effects) reaches it as an argument or as such a local; and one
that calls loops of other modules, or loops that have such locals, keeps their `stamp` among its
own, so that it is compiled anew when one of them changes. A test reads the loops.

Nothing checks bounds: callers check lengths and categories first (NUMBA_BOUNDSCHECK=1 checks
all). With NUMBA_DISABLE_JIT=1 the same loops run in plain Python, slowly.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterator
from types import FunctionType, ModuleType
from typing import Any, TypeVar, cast

import numba
import numpy as np

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


def stamp(*loops: Any) -> int:
    """Return a number that stands for what loops do: their code, and all that they call or hold.

    Args:
        *loops: compiled, in any order.
    """
    told = sorted(hashlib.sha256(b"".join(_tell(loop))).digest() for loop in loops)
    return int(hashlib.sha256(b"".join(told)).hexdigest()[:12], 16)


def _tell(value: Any) -> Iterator[bytes]:
    """Yield bytes that change with a loop, an array or a number."""
    function = getattr(value, "py_func", value)
    if isinstance(function, FunctionType):
        code = function.__code__
        yield code.co_code + repr((code.co_consts, code.co_names, code.co_varnames)).encode()
        for cell in function.__closure__ or ():
            yield from _tell(cell.cell_contents)
        for name in code.co_names:
            held = function.__globals__.get(name)
            if held is not None and not isinstance(held, ModuleType):
                yield from _tell(held)
    elif isinstance(value, np.ndarray):
        yield f"{value.dtype} {value.shape}".encode() + value.tobytes()
    else:
        yield repr(value).encode()


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
