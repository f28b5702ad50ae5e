"""`humanwm`, `python -m human_wm_cli` and `python scripts/NAME.py` are one command."""

from __future__ import annotations

import importlib.metadata
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from human_wm_cli.config import CONFIGS_FOLDER
from human_wm_cli.main import COMMANDS, main

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted((ROOT / "scripts").glob("*.py"))


def test_help_has_a_line_for_each_command(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--help"])
    text = capsys.readouterr().out
    assert text.startswith("usage: humanwm COMMAND")
    for name, about in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(about)}$", text, flags=re.MULTILINE)
    assert max(len(line) for line in text.splitlines()) <= 100
    main([])
    assert capsys.readouterr().out == text


def test_there_is_a_module_for_each_command_and_no_other() -> None:
    folder = ROOT / "human_wm_cli" / "commands"
    modules = {file.stem.replace("_", "-") for file in folder.glob("[a-z]*.py")}
    assert modules == set(COMMANDS)


def test_an_unknown_command_gets_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["pretrian", "model=mini"])
    assert caught.value.code == 2
    assert capsys.readouterr().err == (
        "ConfigError: expected a command of humanwm; received 'pretrian'. "
        "Did you mean 'pretrain'?\n"
    )


def test_python_m_is_the_command() -> None:
    command = [sys.executable, "-m", "human_wm_cli", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("usage: humanwm COMMAND")


def test_the_entry_point_is_main() -> None:
    (entry,) = importlib.metadata.entry_points(group="console_scripts", name="humanwm")
    assert entry.load() is main


def test_every_command_has_a_script() -> None:
    named = [re.search(r"humanwm ([a-z-]+)", script.read_text()) for script in SCRIPTS]
    assert sorted(found[1] for found in named if found) == sorted(COMMANDS)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_script_takes_the_words_of_its_command(
    script: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = re.search(r"humanwm ([a-z-]+)", script.read_text(encoding="utf-8"))
    assert found is not None
    for words in (["json=true", "--help"], ["jsn=true"]):
        said = []
        for begin in (
            lambda words=words: main([found[1], *words]),
            lambda words=words: run_as_script(script, words, monkeypatch),
        ):
            try:
                begin()
            except SystemExit as stopped:
                assert stopped.code == 2
            said.append(capsys.readouterr())
        assert said[0] == said[1]
        text = said[0].out if "--help" in words else said[0].err
        wanted = f"usage: humanwm {found[1]} [" if "--help" in words else "ConfigError: "
        assert text.startswith(wanted)


def run_as_script(script: Path, words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [str(script), *words])
    runpy.run_path(str(script), run_name="__main__")


def test_the_settings_are_inside_the_package() -> None:
    assert CONFIGS_FOLDER == ROOT / "human_wm_cli" / "configs"
    assert CONFIGS_FOLDER.resolve() == ROOT / "configs"
