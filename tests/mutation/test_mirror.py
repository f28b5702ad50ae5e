"""Every module has tests that mirror it, found by the rule of `mirror.py`."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


mirror = load("mirror")


@pytest.mark.parametrize("module", mirror.modules(), ids=str)
def test_a_module_has_mirrored_tests(module: Path) -> None:
    assert mirror.mirrored_tests(module)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    room = tmp_path / "tests" / "agents" / "room"
    room.mkdir(parents=True)
    (room / "test_x.py").write_text("")
    (room / "test_x_long.py").write_text("")
    (room / "test_short_x.py").write_text("")
    (room / "test_xy.py").write_text("from agents.room import z\nimport agents.room.w\n")
    return tmp_path


@pytest.mark.parametrize(
    ("module", "tests"),
    [
        ("agents/room/x.py", ["test_short_x.py", "test_x.py", "test_x_long.py"]),
        ("agents/room/z.py", ["test_xy.py"]),
        ("agents/room/w.py", ["test_xy.py"]),
        ("agents/room/other.py", ["test_short_x.py", "test_x.py", "test_x_long.py", "test_xy.py"]),
        ("agents/hall/x.py", []),
    ],
)
def test_rule(tree: Path, module: str, tests: list[str]) -> None:
    assert [file.name for file in mirror.mirrored_tests(Path(module), tree)] == tests
