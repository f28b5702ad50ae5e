"""The README's examples run, and what it and the other documents name exists."""

from __future__ import annotations

import re
import shlex
import warnings
from pathlib import Path

import pytest

from human_wm_cli.main import COMMANDS, main
from human_wm_env.data.importers.columns import COLUMNS
from human_wm_env.person import schema

ROOT = Path(__file__).parent.parent
README_FILE = ROOT / "README.md"
README = README_FILE.read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
DOCUMENTS = [README_FILE, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
SETTINGS = sorted((ROOT / "configs").rglob("*.yaml"))
LINKS = re.findall(r"\]\(([^)#]+)\)", README)


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 2


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_example_runs(
    number: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(EXAMPLES[number], f"README example {number}", "exec"), {})
    assert capsys.readouterr().out.strip() or list(tmp_path.iterdir())


def test_the_agent_of_the_example_is_judged_as_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (code,) = (one for one in EXAMPLES if "agent.save" in one)
    (command,) = re.findall(r"# humanwm (evaluate .*)", code)
    monkeypatch.chdir(tmp_path)
    code = code.replace("learn(2_000)", "learn(64)")
    exec(compile(code, "README example", "exec"), {})
    small = ["evaluation.people=2", "evaluation.baselines=[habit]", "evaluation.replay=false"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        main([*shlex.split(command), *small, "dream.horizon=2", "simulator.horizon=2"])
    assert "mine" in capsys.readouterr().out


@pytest.mark.parametrize("link", [link for link in LINKS if "://" not in link])
def test_linked_file_exists(link: str) -> None:
    assert (ROOT / link).exists()


def test_named_scripts_and_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for script in re.findall(r"python (scripts/\w+\.py)", README):
        assert (ROOT / script).is_file(), script
    for target in re.findall(r"`make ([a-z-]+)`", README):
        assert f"\n{target}:" in makefile, target


def name(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("file", [*DOCUMENTS, *SETTINGS], ids=name)
def test_named_commands_exist(file: Path) -> None:
    named = set(re.findall(r"\bhumanwm ([a-z][a-z-]*)", file.read_text(encoding="utf-8")))
    assert named <= {*COMMANDS, "command"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_files_are_named_from_the_root(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for file in re.findall(r"[` ]([\w/]+\.(?:py|yaml))\b(?=[` ,)])", text):
        placeholder = "NAME" in file or file in ("__init__.py", "config.yaml")
        assert placeholder or (ROOT / file).is_file(), file


def test_files_that_settings_name_exist() -> None:
    for file in SETTINGS:
        for named in re.findall(r"[\w/]+\.(?:py|yaml)\b", file.read_text(encoding="utf-8")):
            assert (ROOT / named).is_file(), (name(file), named)


def test_the_table_of_columns_is_the_schema() -> None:
    text = (ROOT / "docs" / "your_own_logs.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (\w*) ?\| ([^|]*) \|", text, flags=re.MULTILINE)
    assert {name for name, *_ in rows} == {*COLUMNS} and len(rows) == len(COLUMNS)
    told = {name: (unit, values) for name, unit, values in rows}
    for feature in schema.FEATURES:
        if isinstance(feature, schema.Continuous):
            expected = feature.unit, f"{feature.low:g} to {feature.high:g}"
        else:
            expected = "", ", ".join(feature.categories)
        assert told[feature.name] == expected
