"""Names that a package hands on, each imported when it is asked for."""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Callable
from pathlib import Path

from human_wm_env.extras import extras_named


def lazy_names(package: str, file: str) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` of a package (PEP 562).

    Importing a package stays fast: it loads numba, MLX or torch with the first name that
    needs them. The names are those that the file imports under `if TYPE_CHECKING`, so that
    they stand once, where type checkers read them, too.

    Args:
        package: its `__name__`.
        file: its `__file__`.

    Raises:
        ImportError: the file cannot be read as source.
    """
    try:
        tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError) as error:  # bytecode alone, or inside an archive
        raise ImportError(
            f"{package} needs its source as a file; received {file}. "
            "Install it unzipped, with its .py files."
        ) from error
    places = {
        one.asname or one.name: (str(node.module), one.name)
        for branch in tree.body
        if isinstance(branch, ast.If)
        for node in branch.body
        if isinstance(node, ast.ImportFrom)
        for one in node.names
    }
    held = vars(sys.modules[package])

    def get(name: str) -> object:
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module, own = places[name]
        with extras_named():
            held[name] = getattr(importlib.import_module(module), own)  # found there from now on
        return held[name]

    return get, lambda: sorted({*held, *places})
