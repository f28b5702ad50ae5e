from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from human_wm_cli.config import compose
from human_wm_cli.run import RunConfig, RunFolder
from human_wm_env.errors import CheckpointError, ConfigError, DataError
from tests.human_wm_cli.dashboard.reading import scalars, tags

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Toy:
    rate: float = 1e-7
    run: RunConfig = field(default_factory=RunConfig)


def make(
    root: Path, name: str | None = "one", *, resume: bool = False, overwrite: bool = False
) -> RunFolder:
    run = RunConfig(str(root), name, resume, overwrite)
    return RunFolder("pretrain", Toy(run=run), run)


def test_a_run_saves_its_configuration(tmp_path: Path) -> None:
    folder = make(tmp_path / "runs")
    assert folder.path == tmp_path / "runs/one"
    saved = compose(Toy, "config", [], folder.path)
    assert saved == Toy(run=RunConfig(str(tmp_path / "runs"), "one"))


def test_the_default_name_is_script_and_time_and_never_taken(tmp_path: Path) -> None:
    paths = {make(tmp_path, None).path for _ in range(3)}
    assert len(paths) == 3
    assert all(path.is_dir() and path.name.startswith("pretrain-20") for path in paths)


def test_metrics_keep_their_floats(tmp_path: Path) -> None:
    file = make(tmp_path).write_metrics({"nats": 0.1 + 0.2, "users": np.array([1.5])})
    assert file == tmp_path / "one/metrics.json"
    assert json.loads(file.read_text()) == {"nats": 0.1 + 0.2, "users": [1.5]}


def test_nan_in_metrics_is_refused_and_the_old_file_stays(tmp_path: Path) -> None:
    folder = make(tmp_path)
    file = folder.write_metrics({"loss": 1.0})
    with pytest.raises(DataError, match="a finite number for 'loss'"):
        folder.write_metrics({"loss": float("nan")})
    assert json.loads(file.read_text()) == {"loss": 1.0}
    assert sorted(entry.name for entry in folder.path.iterdir()) == ["config.yaml", "metrics.json"]


def test_paths(tmp_path: Path) -> None:
    folder = make(tmp_path)
    assert folder.checkpoint_path == tmp_path / "one/checkpoint"
    assert folder.figure_path("calibration") == tmp_path / "one/figures/calibration.png"
    assert folder.figure_path("fan.v2.svg").name == "fan.v2.svg"
    assert folder.figure_path("fan.v2").name == "fan.v2.png"
    assert folder.figure_path("fan").parent.is_dir()


@pytest.mark.parametrize("name", ["../up", "a/b", "", ".hidden", "a b"])
def test_names_must_be_plain(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=r"in run\.name"):
        make(tmp_path, name)
    with pytest.raises(ConfigError, match="in a figure's name"):
        make(tmp_path).figure_path(name)


def test_an_existing_run_is_refused(tmp_path: Path) -> None:
    make(tmp_path)
    with pytest.raises(ConfigError, match=r"'one', which exists.*run\.overwrite=true"):
        make(tmp_path)


def test_resume_keeps_everything(tmp_path: Path) -> None:
    make(tmp_path).write_metrics({"loss": 1.0})
    assert (make(tmp_path, resume=True).path / "metrics.json").is_file()


@pytest.mark.parametrize("refusal", [CheckpointError, ConfigError])
def test_a_refused_resume_leaves_the_old_configuration(
    tmp_path: Path, refusal: type[Exception]
) -> None:
    make(tmp_path)
    run = RunConfig(str(tmp_path), "one", resume=True)

    def resumed(error: Exception | None = None) -> float:
        with contextlib.suppress(Exception), RunFolder("pretrain", Toy(0.5, run), run):
            if error is not None:
                raise error
        return compose(Toy, "config", [], tmp_path / "one").rate

    assert resumed(refusal("this", "that", "Do so.")) == 1e-7
    assert resumed(RuntimeError("stopped long after it was accepted")) == 0.5
    assert resumed() == 0.5


def test_overwrite_removes_the_runs_own_entries_alone(tmp_path: Path) -> None:
    first = make(tmp_path)
    first.write_metrics({"loss": 1.0})
    first.figure_path("fan").touch()
    (first.path / "page.md").touch()
    first.checkpoint_path.mkdir()
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "weights").touch()
    (first.path / "tensorboard").symlink_to(kept)
    (first.path / "notes.txt").touch()
    first.close()
    second = make(tmp_path, overwrite=True)
    entries = sorted(entry.name for entry in second.path.iterdir())
    assert entries == ["config.yaml", "notes.txt"]
    assert (kept / "weights").is_file()


@pytest.mark.parametrize("mode", ["resume", "overwrite"])
def test_a_folder_that_is_no_run_is_left_alone(tmp_path: Path, mode: str) -> None:
    (tmp_path / "one/checkpoint").mkdir(parents=True)
    with pytest.raises(ConfigError, match=r"the folder of a run.*has no config\.yaml"):
        make(tmp_path, resume=mode == "resume", overwrite=mode == "overwrite")
    assert (tmp_path / "one/checkpoint").is_dir()


def test_resume_and_overwrite_exclude_each_other(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="both"):
        make(tmp_path, resume=True, overwrite=True)


def test_resume_needs_a_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"run\.name=NAME"):
        make(tmp_path, None, resume=True)


def test_scalars_and_figures_reach_tensorboard(tmp_path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().plot([0, 1])
    with make(tmp_path) as folder:
        assert not (folder.path / "tensorboard").exists()
        for step in range(3):
            folder.dashboard.scalar("nets/train/nats", 0.5 * step, step)
        file = folder.figure("fan", figure)
    assert file.read_bytes().startswith(b"\x89PNG")
    curves = scalars(folder.path / "tensorboard/nets")
    assert curves == {"nets/train/nats": [(0, 0.0), (1, 0.5), (2, 1.0)]}
    assert tags(folder.path / "tensorboard/figures") == {"fan"}


def test_a_run_without_events_imports_no_torch(tmp_path: Path) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from human_wm_cli.run import RunConfig, RunFolder\n"
        f"run = RunConfig({str(tmp_path)!r}, 'one')\n"
        "with RunFolder('pretrain', run, run): pass\n"
        "assert not {'torch', 'tensorboard', 'matplotlib', 'mlx'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("change", [{"overwrite": True}, {"resume": True}])
def test_a_run_that_is_alive_is_left_alone(tmp_path: Path, change: dict[str, bool]) -> None:
    first = RunConfig(str(tmp_path), "one")
    again = RunConfig(str(tmp_path), "one", **change)
    with RunFolder("train", first, first) as run:
        (run.path / "metrics.json").write_text("{}")
        with pytest.raises(ConfigError, match="another process is at work on"):
            RunFolder("train", again, again)
        assert (run.path / "metrics.json").exists()
    with RunFolder("train", again, again) as run:
        assert (run.path / "metrics.json").exists() is again.resume


def test_a_new_run_that_fails_at_once_does_not_block_its_name(tmp_path: Path) -> None:
    def fail(*, after: str | None = None, resume: bool = False) -> None:
        with make(tmp_path, resume=resume) as run:
            if after is not None:
                (run.path / after).mkdir()
            raise DataError("a log", "none", "Give one.")

    for _ in range(2):
        with pytest.raises(DataError, match="a log"):
            fail()
    assert not any(tmp_path.iterdir())
    with pytest.raises(DataError, match="a log"):
        fail(after="training_state")
    with pytest.raises(DataError, match="a log"):
        fail(resume=True)
    assert {entry.name for entry in (tmp_path / "one").iterdir()} == {
        "config.yaml",
        "training_state",
    }


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for root in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(ConfigError, match=r"run\.root as a folder that can be made"):
            make(root)
    with pytest.raises(ConfigError, match=r"run\.name as a folder that can be made"):
        make(tmp_path, "n" * 300)
