"""Names that a package hands on, each imported when somebody asks for it."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Callable
from pathlib import Path


def lazy_names(package: str, file: str) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` of a package (PEP 562).

    Importing a package stays fast: it loads numba, MLX or torch with the first name that
    needs them. The names are those that the file imports under `if TYPE_CHECKING`, so that
    they stand once, where type checkers read them, too.

    Args:
        package: its `__name__`.
        file: its `__file__`.
    """
    places = {
        one.asname or one.name: (str(node.module), one.name)
        for branch in ast.parse(Path(file).read_text(encoding="utf-8")).body
        if isinstance(branch, ast.If)
        for node in branch.body
        if isinstance(node, ast.ImportFrom)
        for one in node.names
    }

    def get(name: str) -> object:
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module, own = places[name]
        return getattr(importlib.import_module(module), own)

    return get, lambda: sorted(places)
