"""Which test files mirror a module."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("human_wm_env", "world_model", "agents")


def modules(root: Path = ROOT) -> list[Path]:
    """Return the product's modules, relative to `root`; `__init__.py` only hands names on."""
    found = (file for package in PACKAGES for file in (root / package).rglob("*.py"))
    return sorted(file.relative_to(root) for file in found if file.name != "__init__.py")


def mirrored_tests(module: Path, root: Path = ROOT) -> list[Path]:
    """Return the test files that have to notice a fault of a module, relative to `root`.

    Of `package/room/x.py` these are, in `tests/package/room`, the first of
    1. `test_x.py`, `test_x_*.py` and `test_*_x.py`,
    2. the test files that import the module,
    3. all test files of the room,
    which there are. The list is empty where no room mirrors the module's.
    """
    room = root / "tests" / module.parent
    names = ("test_{}.py", "test_{}_*.py", "test_*_{}.py")
    named = {file for name in names for file in room.glob(name.format(module.stem))}
    whole = list(room.glob("test_*.py"))
    importing = [] if named else [file for file in whole if _imports(file, module)]
    return sorted(file.relative_to(root) for file in named or importing or whole)


def _imports(test: Path, module: Path) -> bool:
    dotted = ".".join(module.with_suffix("").parts)
    for node in ast.walk(ast.parse(test.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            if dotted in (node.module, *(f"{node.module}.{name.name}" for name in node.names)):
                return True
        elif isinstance(node, ast.Import) and dotted in [name.name for name in node.names]:
            return True
    return False
