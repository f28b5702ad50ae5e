from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from human_wm_cli.console import (
    PRINTED_WIDTH,
    print_report,
    run_script,
    say,
    table,
    to_json,
    with_paths,
)
from human_wm_env import ConfigError
from human_wm_env.errors import DataError

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Toy:
    steps: int = 1
    json: bool = False


@pytest.fixture
def configs(tmp_path: Path) -> Path:
    (tmp_path / "toy.yaml").write_text("steps: 3\n", encoding="utf-8")
    return tmp_path


def report_steps(config: Toy) -> None:
    """Report the steps."""
    say("working")
    print("a library's chatter")
    print_report([{"steps": config.steps}], json=config.json, result={"steps": config.steps})


def test_a_table_aligns_numbers_right_and_text_left() -> None:
    rows = [
        {"agent": "habit", "return": 1.23456, "days": 30},
        {"agent": "ppo", "return": np.float32(20), "best": True, "days": None},
    ]
    assert table(rows).splitlines() == [
        "agent  return  days  best",
        "-----  ------  ----  ----",
        "habit   1.235    30  -",
        "ppo        20     -  yes",
    ]


def test_a_table_shows_the_columns_asked_for() -> None:
    assert table([{"a": 1, "b": 2}], ["b"]).split() == ["b", "-", "2"]
    assert table([]) == "(no rows)"


def test_a_wide_table_goes_on_below_itself() -> None:
    rows = [{"agent": "habit", "steps": 8000, "sleep": "7.5 h"}, {"agent": "ppo", "steps": 9}]
    assert table(rows, width=12).splitlines() == [
        "agent  steps",
        "-----  -----",
        "habit   8000",
        "ppo        9",
        "",
        "agent  sleep",
        "-----  -----",
        "habit  7.5 h",
        "ppo    -",
    ]
    assert table(rows, width=19) == table(rows)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=20))
def test_no_printed_line_is_wider_than_a_hundred_columns(widths: list[int]) -> None:
    row = {f"{number}": "x" * width for number, width in enumerate(widths)}
    lines = table([row], width=PRINTED_WIDTH).splitlines()
    assert max(map(len, lines)) <= PRINTED_WIDTH
    cells = [cell for line in lines for cell in line.split() if "x" in cell]
    assert sorted(cells) == sorted([*row.values(), *[row["0"]] * lines.count("")])


def test_titles_are_wrapped(capsys: pytest.CaptureFixture[str]) -> None:
    print_report([{"a": 1}], title="\n" + "word " * 30)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "" and len(lines) == 6 and max(map(len, lines)) <= PRINTED_WIDTH


def test_large_integers_keep_their_digits() -> None:
    assert table([{"n": 123456}]).split()[-1] == "123456"


def test_json_keeps_floats_exactly_and_takes_numpy() -> None:
    value = {"x": 0.1 + 0.2, "y": np.float64(1 / 3), "z": np.arange(2), "p": Path("a"), "n": None}
    assert json.loads(to_json(value)) == {
        "x": 0.1 + 0.2,
        "y": 1 / 3,
        "z": [0, 1],
        "p": "a",
        "n": None,
    }


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), np.float32("nan"), [np.nan]])
def test_json_refuses_what_is_not_finite(bad: object) -> None:
    with pytest.raises(DataError, match="a finite number for 'loss'"):
        to_json({"metrics": {"loss": bad}})


def test_json_refuses_unknown_types() -> None:
    with pytest.raises(DataError, match="received set"):
        to_json({"x": {1}})


def test_print_report_prints_a_title_and_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    print_report([{"a": 1}], title="Returns")
    assert capsys.readouterr().out == "Returns\na\n-\n1\n"


def test_print_report_prints_the_rows_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    print_report([{"a": 1}], json=True)
    assert json.loads(capsys.readouterr().out) == {"rows": [{"a": 1}]}


def test_a_script_gets_its_configuration(configs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_script(report_steps, Toy, "toy", configs_folder=configs, arguments=["steps=5"])
    captured = capsys.readouterr()
    assert captured.out.split() == ["a", "library's", "chatter", "steps", "-----", "5"]
    assert captured.err == "working\n"


def test_json_is_all_there_is_on_stdout(configs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_script(report_steps, Toy, "toy", configs_folder=configs, arguments=["json=true"])
    captured = capsys.readouterr()
    assert json.loads(captured.out) == {"steps": 3}
    assert captured.err == "working\na library's chatter\n"


def test_a_second_json_object_is_refused(configs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def twice(config: Toy) -> None:
        report_steps(config)
        report_steps(config)

    with pytest.raises(RuntimeError, match="exactly one JSON object"):
        run_script(twice, Toy, "toy", configs_folder=configs, arguments=["json=true"])
    assert json.loads(capsys.readouterr().out) == {"steps": 3}


def test_a_script_that_prints_no_json_is_told(configs: Path) -> None:
    with pytest.raises(RuntimeError, match="printed no JSON"):
        run_script(lambda _: None, Toy, "toy", configs_folder=configs, arguments=["json=true"])


def test_an_error_is_one_paragraph_and_exit_code_2(
    configs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        run_script(report_steps, Toy, "toy", configs_folder=configs, arguments=["stps=5"])
    assert caught.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        "ConfigError: expected a known setting; received 'stps' (from the override 'stps=5'). "
        "Did you mean 'steps'?\n"
    )


@pytest.mark.parametrize("arguments", [["json=true", "stps=5"], ["json=true"]])
def test_an_error_is_json_where_json_was_asked_for(
    configs: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    def fail(config: Toy) -> None:
        raise DataError("logs", "none", "Give some.")

    with pytest.raises(SystemExit) as caught:
        run_script(fail, Toy, "toy", configs_folder=configs, arguments=arguments)
    assert caught.value.code == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["type"] == ("ConfigError" if len(arguments) == 2 else "DataError")
    assert error["message"].startswith("expected")


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_shows_the_settings(
    configs: Path, capsys: pytest.CaptureFixture[str], flag: str
) -> None:
    run_script(report_steps, Toy, "toy", configs_folder=configs, arguments=[flag, "json=yes"])
    text = capsys.readouterr().out
    assert text.startswith("usage: humanwm test-console [group=NAME | ")
    assert "Report the steps." in text
    assert text.endswith("steps: 3\njson: true\n")


def test_a_script_in_a_process_of_its_own(configs: Path) -> None:
    script = configs / "toy.py"
    script.write_text(
        "import sys\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "from dataclasses import dataclass\n"
        "from human_wm_cli.console import PRINTED_WIDTH, print_report, run_script\n"
        "@dataclass(frozen=True)\n"
        "class Toy:\n"
        "    steps: int = 1\n"
        "    json: bool = False\n"
        "def main(config):\n"
        "    print_report([{'steps': config.steps}], json=config.json)\n"
        f"run_script(main, Toy, 'toy', configs_folder={str(configs)!r})\n",
        encoding="utf-8",
    )
    command = [sys.executable, str(script), "json=true"]
    good = subprocess.run([*command, "steps=4"], capture_output=True, text=True, check=False)
    assert (good.returncode, json.loads(good.stdout)) == (0, {"rows": [{"steps": 4}]})
    bad = subprocess.run([*command, "steps=x"], capture_output=True, text=True, check=False)
    assert bad.returncode == 2
    assert "Traceback" not in bad.stderr
    assert json.loads(bad.stdout)["error"]["type"] == "ConfigError"


def test_a_path_may_be_the_first_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a=[b].csv").touch()
    assert with_paths(["my.csv", "days=3"], "history") == ["history=my.csv", "days=3"]
    assert with_paths(["a=[b].csv"], "history") == ["history=a=[b].csv"]
    for words in (["days=3", "my.csv"], ["--help"], [], ["my.csv"][:0]):
        assert with_paths(words, "history") == words
    assert with_paths(["a", "steps+1"], "history") == ["history=a", "steps+1"]


@pytest.mark.parametrize("again", ["history=b.csv", "history=a.csv", "b.csv"])
def test_of_two_paths_none_is_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, again: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "b.csv").touch()
    with pytest.raises(ConfigError, match=r"history once; received 'a.csv' and '[ab].csv'"):
        with_paths(["a.csv", again], "history")


def test_several_paths_and_settings_are_one_list() -> None:
    def joined(*words: str) -> list[str]:
        return with_paths(words, "source", several=True)

    assert joined("a", "b c", "out=d") == ['source=["a", "b c"]', "out=d"]
    assert joined("a", "x=1", "source=[b, c]", "source=d") == ['source=["a", "b", "c", "d"]', "x=1"]
    assert joined("source=a", "source=b") == ['source=["a", "b"]']
    assert joined("a", "source=[b") == ['source=["a", "[b"]']
    for words in (["source=a", "out=d"], ["source=[a, b]"], ["out=d"], []):
        assert joined(*words) == words


def test_words_that_are_no_text_are_refused(
    configs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        run_script(report_steps, Toy, "toy", ["name=caf\udce9.csv"], configs_folder=configs)
    assert caught.value.code == 2
    assert "words in the encoding of this terminal" in capsys.readouterr().err
