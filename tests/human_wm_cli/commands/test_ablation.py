from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from agents.ablation.task_list import TASKS
from agents.ablation.tasks import CONFIGURATIONS, Task
from human_wm_cli.commands.ablation import AblationConfig, cells_of, main
from human_wm_cli.console import run_script

SMALL = {"layers": 1, "width": 8, "heads": 2, "feed_forward": 8, "episodes": 4}


@pytest.fixture(autouse=True)
def small_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TASKS, "PatternEcho", Task("PatternEcho-v0", 2, SMALL))


def run(tmp_path: Path, *words: str) -> None:
    arguments = [f"run.root={tmp_path}", "run.name=one", "tasks=[PatternEcho]", "episodes=10"]
    arguments += ["configurations=[no head,head]", "processes=1", "bootstrap.resamples=20"]
    run_script(main, AblationConfig, "ablation", arguments=[*arguments, *words])


def test_an_ablation_goes_on_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path, "seeds=2")
    _, err = capsys.readouterr()
    assert "4/4 PatternEcho" in err
    files = sorted((tmp_path / "one" / "experiments").rglob("*.json"))
    assert [file.name for file in files] == ["seed_0.json", "seed_1.json"] * 2
    files[0].unlink()
    run(tmp_path, "seeds=2", "run.resume=true", "json=true")
    out, err = capsys.readouterr()
    assert err.count("of the optimum\n") == 1  # one was trained anew
    rows = json.loads(out)["rows"]
    assert [row["configuration"] for row in rows] == ["no head", "head", "head, planning"]
    assert (tmp_path / "one" / "figures" / "ablation.png").stat().st_size > 1000
    assert "head, planning" in (tmp_path / "one" / "table.md").read_text()
    run(tmp_path, "seeds=2", "run.resume=true")
    assert "of the optimum\n" not in capsys.readouterr().err
    with pytest.raises(SystemExit):  # a whole one has longer trainings than a quick one
        monkeypatch.setitem(TASKS, "PatternEcho", Task("PatternEcho-v0", 5, SMALL))
        run(tmp_path, "seeds=2", "quick=true", "run.resume=true")
    assert "settings that" in capsys.readouterr().err
    monkeypatch.setitem(TASKS, "PatternEcho", Task("PatternEcho-v0", 2, SMALL))
    with pytest.raises(SystemExit):
        run(tmp_path, "seeds=2", "episodes=11", "run.resume=true")
    assert "settings that" in capsys.readouterr().err
    files[0].write_text("{")
    with pytest.raises(SystemExit):
        run(tmp_path, "seeds=2", "run.resume=true")
    assert "valid JSON" in capsys.readouterr().err


def test_a_quick_one_trains_less() -> None:
    updates = {name: task.updates for name, task in TASKS.items()}
    quick = AblationConfig(quick=True)
    assert quick.task("Detour").updates == 600 and quick.task("PatternEcho").updates == 2
    cell = next(cells_of(quick, Path("folder")))
    assert cell.settings["task"]["updates"] == quick.task(cell.task).updates
    assert {name: AblationConfig().task(name).updates for name in TASKS} == updates
    assert AblationConfig(quick=True).trained() == ["no head", "head"]
    assert AblationConfig().trained() == list(CONFIGURATIONS)
    assert AblationConfig(quick=True, configurations=["head"]).trained() == ["head"]


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("tasks=[PatternEco]", "Did you mean 'PatternEcho'"),
        ("configurations=[heads]", "Did you mean 'head'"),
        ("seeds=1", "seeds >= 2"),
        ("processes=0", "processes >= 1"),
    ],
)
def test_wrong_settings_are_errors(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], word: str, message: str
) -> None:
    with pytest.raises(SystemExit):
        run(tmp_path, word)
    assert message in capsys.readouterr().err


def test_workers_end_with_a_killed_command() -> None:
    code = (
        "import time; from concurrent.futures import ProcessPoolExecutor;"
        "from multiprocessing import get_context;"
        "from human_wm_cli.commands.ablation import end_with_the_command;"
        "pool = ProcessPoolExecutor(1, get_context('spawn'), end_with_the_command);"
        "pool.submit(time.sleep, 0.0).result(); pool.submit(time.sleep, 600);"
        "print('begun', flush=True); time.sleep(600)"
    )
    command = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    try:
        assert command.stdout is not None and command.stdout.readline() == "begun\n"
    finally:
        command.kill()
    command.communicate(timeout=60)  # until the worker, too, has closed what it writes to
