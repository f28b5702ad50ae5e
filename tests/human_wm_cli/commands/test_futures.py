"""One's own log and 125 futures: the paragraph, the picture, and the example log."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import matplotlib.image
import pytest

from human_wm_cli.main import main

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
ME = str(EXAMPLES / "me.csv")


def test_the_example_is_as_its_command_makes_it() -> None:
    made = runpy.run_path(str(EXAMPLES / "make_me.py"))["lines"]()
    assert made == Path(ME).read_text().splitlines()


def test_a_log_of_ones_own_is_drawn_with_dates(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    main(["futures", ME, "draws=40", "days=10"])
    said = capsys.readouterr().out
    assert said.startswith("me logged something on 111 of 120 days.")
    assert "10 imagined days from 2024-04-30" in said
    assert "not about this person: weather_conditions, location." in said
    assert matplotlib.image.imread(tmp_path / "futures.png").shape[0] > 500


def test_a_start_day_may_be_a_date_and_the_numbers_come_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "me.svg"
    words = ["draws=40", "days=10", f"out={out}", "json=true"]
    found = []
    for day in ("2024-04-01", "91"):
        main(["futures", ME, f"day={day}", *words])
        found.append(json.loads(capsys.readouterr().out))
    assert found[0] == found[1]
    assert (found[0]["day"], found[0]["first_date"], found[0]["user"]) == (91, "2024-04-01", "me")
    assert sum(found[0]["moods"].values()) == pytest.approx(1.0)
    picture = out.read_text()
    assert "Apr" in picture or "2024" in picture


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([ME, "out=me.jpeg"], "out=FILE ending in .png"),
        ([ME, "day=2025-01-01"], "a start day from 14 (2024-01-15)"),
        ([ME, "user=ann"], "user 'ann'"),
        (["nothing.csv"], "data.source=nothing.csv, which is no file"),
        ([], "user=ID, one of the 999 people"),
    ],
)
def test_what_cannot_be_drawn_is_told(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["futures", *words])
    assert told in capsys.readouterr().err
