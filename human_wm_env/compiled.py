"""Loops over the slots of a batch, compiled by numba: how, in one place.

A day of 125 slots is some thousand small sums. As NumPy calls, each of which costs a
microsecond whatever it does, they take longer than the nets' products; as compiled loops they
cost next to nothing, for one slot as for many. Products of matrices stay with NumPy's BLAS.

numba keeps compiled code in files named after the loop's qualified name and line, and by itself
compiles anew only when the loop's own module changes. So `compiled` appends to that name a digest
of all that the loop does: its code, the constants that it reads (its module's or another's, as
`schema.MOOD`), and the loops that it calls. A change of any of these gives another file, and the
old one is removed; nothing else is compiled again. What a loop names has to be defined above it.

The digests take about a millisecond. One digest of all sources would be simpler and was not taken:
each edit of a comment would compile every loop again; docs/speed.md says how long that takes.

No loop takes more than 8 arguments; what belongs together is a tuple, unpacked in the first
lines. An argument costs 0.04 us a call, a tuple of arrays 0.05 more; a NamedTuple would cost
0.7 us, as Python looks at its type.

LLVM compiles a called loop again with each loop above it. What one or two loops call is therefore
`inlined`: a part of them, compiled by itself only where Python calls it, too.

Nothing checks bounds: callers check lengths and categories first (NUMBA_BOUNDSCHECK=1 checks
all). With NUMBA_DISABLE_JIT=1 the same loops run in plain Python, slowly.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import ParamSpec, TypeVar, cast

import numba
import numpy as np
from numba.core.caching import FunctionCache
from numba.core.dispatcher import Dispatcher

ParametersT = ParamSpec("ParametersT")
ResultT = TypeVar("ResultT")

_DIGITS = 12
_NOT_IN_FILES = str.maketrans("", "", "<>")  # numba leaves them out


def compiled(function: Callable[ParametersT, ResultT]) -> Callable[ParametersT, ResultT]:
    """Compile a loop on its first call with new types, and keep it: see the module.

    Where neither `__pycache__`, the user's cache nor NUMBA_CACHE_DIR can be written, every
    process compiles anew.

    Division by zero gives inf or nan as in NumPy, sums are not reordered, and other threads
    run meanwhile.
    """
    return _compile(function, inline="never")


def inlined(function: Callable[ParametersT, ResultT]) -> Callable[ParametersT, ResultT]:
    """Compile a loop as `compiled` does, but as a part of each loop that calls it."""
    return _compile(function, inline="always")


def _compile(
    function: Callable[ParametersT, ResultT], inline: str
) -> Callable[ParametersT, ResultT]:
    function.__qualname__ += f"_{digest(function)}"
    make = functools.partial(
        numba.njit, function, error_model="numpy", nogil=True, no_cfunc_wrapper=True, inline=inline
    )
    try:
        loop = make(cache=True)
    except RuntimeError:  # nowhere to keep it
        loop = make(cache=False)
    else:
        if isinstance(loop, Dispatcher):  # not with NUMBA_DISABLE_JIT
            loop._cache = _MendedCache(function)  # type: ignore[attr-defined]
            _remove_stale(loop)
    return cast(Callable[ParametersT, ResultT], loop)


class _MendedCache(FunctionCache):
    """Compiles anew what cannot be read: a full disk leaves index files that are empty."""

    def load_overload(self, sig: object, target_context: object) -> object:
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # whatever unpickling half of a file raises
            self.flush()
            return None


def digest(function: object) -> str:
    """Return hexadecimal digits that stand for what a loop does; see the module."""
    return hashlib.sha256(b"\0".join(_describe(function))).hexdigest()[:_DIGITS]


def _describe(value: object) -> Iterator[bytes]:
    """Yield bytes that change with a function, a compiled loop, an array, a type or a number."""
    if isinstance(value, Dispatcher):
        yield value.py_func.__qualname__.encode()  # ends in its digest
    elif isinstance(value, FunctionType):
        code = value.__code__
        constants = code.co_consts[1:] if value.__doc__ else code.co_consts
        yield code.co_code + repr((constants, code.co_names, code.co_varnames)).encode()
        for cell in value.__closure__ or ():
            yield from _describe(cell.cell_contents)
        held = [value.__globals__[name] for name in code.co_names if name in value.__globals__]
        for each in held:
            if not isinstance(each, ModuleType):
                yield from _describe(each)
            elif each.__name__.startswith("human_wm_env."):
                for name in code.co_names:  # what it reads of the module is among them
                    yield from _describe(getattr(each, name, None))
    elif isinstance(value, np.ndarray):
        yield f"{value.dtype} {value.shape}".encode() + value.tobytes()
    elif isinstance(value, type):
        yield f"{value.__qualname__} {getattr(value, '_fields', ())}".encode()
    else:
        yield f"{type(value).__name__} {value!r}".encode()


def _remove_stale(loop: Dispatcher) -> None:
    """Remove the files of a loop of the same name that did something else."""
    function = loop.py_func
    module = Path(function.__code__.co_filename).stem
    own = f"{module}.{function.__qualname__}-".translate(_NOT_IN_FILES)
    name, end = own[: -_DIGITS - 1], len(own)
    for file in _files(Path(loop.stats.cache_path or "")):
        kept = file.name
        if kept.startswith(name) and kept[end - 1 : end] == "-" and not kept.startswith(own):
            with contextlib.suppress(OSError):  # not ours to remove, or gone meanwhile
                file.unlink()


@functools.cache
def _files(folder: Path) -> tuple[Path, ...]:
    """Return what a folder holds when the process first looks."""
    return tuple(folder.iterdir()) if folder.is_dir() else ()
