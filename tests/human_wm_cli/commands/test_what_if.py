"""The command: a person of the data, or a file of one's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from human_wm_cli.commands import what_if

SMALL = ["data=mini", "draws=20", "repeats=2", "days=3", "run.name=small"]
HEADER = (
    "user_id,date,steps,calories_burned,distance_km,active_minutes,sleep_hours,heart_rate_avg,"
    "workout_type,weather_conditions,location,mood\n"
)


def test_one_json_object_and_a_figure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["user=p001", "change=workout_type=Running on weekdays; steps*1.3", *SMALL]
    what_if.run(arguments=[*words, f"run.root={tmp_path}", "json=true"])
    found = json.loads(capsys.readouterr().out)
    assert found["change"] == "workout_type=Running on weekdays; steps*1.3"
    assert len(found["effects"]["mood"]["by_day"]) == 3
    assert Path(found["figure"]).stat().st_size > 10_000
    assert (tmp_path / "small" / "metrics.json").is_file()


def write_log(file: Path, people: int) -> Path:
    lines = [
        f"me{person},2026-03-{day:02d},8000,2400,5.6,240,{6 + day % 3},70,None,Clear,Home,Happy\n"
        for person in range(people)
        for day in range(1, 25)
    ]
    file.write_text(HEADER + "".join(lines), encoding="utf-8")
    return file


def test_a_file_of_ones_own_gives_a_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    history = write_log(tmp_path / "own.csv", 1)
    words = [str(history), "change=sleep_hours+1", *SMALL, f"run.root={tmp_path}"]
    what_if.run(arguments=words)
    out = capsys.readouterr().out
    assert out.startswith('"sleep_hours+1" for 3 days would move')
    metrics = json.loads((tmp_path / "small" / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["first_date"] == "2026-03-25"
    assert "no effect here may be read as advice" in out
    assert "heart_rate_avg" in out and "Uncertainty about the states" in out


@pytest.mark.parametrize(
    ("people", "word", "message"),
    [
        (2, "day=null", "user=ID"),
        (1, "day=40", "a day from 14 to 24, the end of the log (2026-03-15 to 2026-03-25)"),
        (1, "day=5", "a day from 14 to 24"),
    ],
)
def test_a_person_and_a_day_of_the_file_are_needed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], people: int, word: str, message: str
) -> None:
    history = write_log(tmp_path / "own.csv", people)
    words = ["change=sleep_hours+1", f"history={history}", *SMALL, f"run.root={tmp_path}", word]
    with pytest.raises(SystemExit):
        what_if.run(arguments=words)
    assert message in capsys.readouterr().err


def test_a_log_that_is_not_there_is_named_as_it_was_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        what_if.run(arguments=["nix.csv", "change=sleep_hours+1", f"run.root={tmp_path}"])
    errors = capsys.readouterr().err
    assert "received nix.csv, which is no file" in errors and "data.source" not in errors


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (["own.csv", "sleep_hours+1"], "Say change=sleep_hours+1."),
        (["own.csv", "sleep_hours=7"], "Say change=sleep_hours=7."),
        (["own.csv", "steps*1.5 on Mon"], "Say 'change=steps*1.5 on Mon'."),
        (["change=sleep_hours+1", "own.csv"], "Say history=own.csv."),
    ],
)
def test_the_key_of_a_word_without_one_is_named(
    words: list[str],
    remedy: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    write_log(tmp_path / "own.csv", 1)
    with pytest.raises(SystemExit):
        what_if.run(arguments=words)
    assert remedy in capsys.readouterr().err
