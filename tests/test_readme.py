"""The README's examples run, and what it names exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
LINKS = re.findall(r"\]\(([^)#]+)\)", README)


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 2


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_example_runs(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(EXAMPLES[number], f"README example {number}", "exec"), {})
    assert capsys.readouterr().out.strip()


@pytest.mark.parametrize("link", [link for link in LINKS if "://" not in link])
def test_linked_file_exists(link: str) -> None:
    assert (ROOT / link).exists()


def test_named_scripts_and_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for script in re.findall(r"python (scripts/\w+\.py)", README):
        assert (ROOT / script).is_file(), script
    for target in re.findall(r"`make ([a-z-]+)`", README):
        assert f"\n{target}:" in makefile, target
