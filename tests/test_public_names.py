"""What the three packages hand on, and that documents import nothing else."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import re
import subprocess
import sys
import typing
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from human_wm_env.lazy_names import lazy_names

ROOT = Path(__file__).parents[1]
PACKAGES = ("human_wm_env", "world_model", "agents")
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_name_can_be_imported(package: str) -> None:
    module = importlib.import_module(package)
    assert len(module.__all__) > 5
    for name in module.__all__:
        value = getattr(module, name)
        assert value.__doc__, f"{package}.{name} has no docstring"


@pytest.mark.parametrize("package", PACKAGES)
def test_type_checkers_see_the_same_names(package: str) -> None:
    module = importlib.import_module(package)
    tree = ast.parse((ROOT / package / "__init__.py").read_text(encoding="utf-8"))
    (branch,) = (node for node in tree.body if isinstance(node, ast.If))
    typed = {}
    for node in branch.body:
        assert isinstance(node, ast.ImportFrom) and node.module is not None
        source = importlib.import_module(node.module)
        typed |= {one.asname or one.name: getattr(source, one.name) for one in node.names}
    assert typed == {name: getattr(module, name) for name in typed}
    assert typed.keys() <= set(module.__all__) <= set(dir(module))
    assert typed.items() <= vars(module).items()  # found at once from the second time on


@pytest.mark.parametrize("package", PACKAGES)
def test_annotations_can_be_read(package: str) -> None:
    module = importlib.import_module(package)
    for name in module.__all__:
        value = getattr(module, name)
        functions = list(vars(value).values()) if inspect.isclass(value) else [value]
        if dataclasses.is_dataclass(value):
            functions.append(value)
        for one in functions:
            if inspect.isfunction(one) or inspect.isclass(one):
                typing.get_type_hints(one, localns={"Figure": Figure})  # matplotlib is optional


def test_a_package_without_its_source_says_so(tmp_path: Path) -> None:
    with pytest.raises(ImportError, match=r"agents needs its source as a file; received .*x\.pyc"):
        lazy_names("agents", str(tmp_path / "x.pyc"))


def test_an_unknown_name_is_an_error() -> None:
    with pytest.raises(AttributeError, match="'human_wm_env' has no attribute 'PersonContex'"):
        getattr(importlib.import_module("human_wm_env"), "PersonContex")  # noqa: B009


@pytest.mark.parametrize("package", ["world_model", "agents"])
def test_a_package_loads_what_is_heavy_with_the_names_that_need_it(package: str) -> None:
    code = f"import sys, {package}; print(sorted({{'numba', 'torch'}} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: file.stem)
def test_documents_import_from_the_packages_alone(document: Path) -> None:
    for module, names in _imports(document):
        assert module in PACKAGES or module.partition(".")[0] not in PACKAGES, module
        if module in PACKAGES:
            assert names <= set(importlib.import_module(module).__all__)


def test_documents_show_the_imports_of_every_package() -> None:
    shown = {module for document in DOCUMENTS for module, _ in _imports(document)}
    assert set(PACKAGES) <= shown


def _imports(document: Path) -> list[tuple[str, set[str]]]:
    """Return the `from module import names` of a document's Python examples."""
    text = document.read_text(encoding="utf-8")
    return [
        (node.module, {one.name for one in node.names})
        for example in re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
        for node in ast.walk(ast.parse(example))
        if isinstance(node, ast.ImportFrom) and node.module is not None
    ]
