"""What is installed without the repository."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONFIGS = {file.relative_to(ROOT).as_posix() for file in (ROOT / "configs").rglob("*.yaml")}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build from a copy, so that no leftover of an earlier build gets in."""
    source, built = tmp_path_factory.mktemp("source") / "humanwm", tmp_path_factory.mktemp("wheel")
    left_out = shutil.ignore_patterns(".*", "runs", "build", "dist", "*.egg-info", "__pycache__")
    shutil.copytree(ROOT, source, symlinks=True, ignore=left_out)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    command += ["--no-build-isolation", "--wheel-dir", str(built), str(source)]
    subprocess.run(command, check=True)
    (file,) = built.glob("*.whl")
    return file


def test_the_wheel_holds_the_packages_and_the_settings(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        (metadata,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        assert "Provides-Extra: all\n" in archive.read(metadata).decode()
    assert {name.partition("/")[0] for name in names} == {
        "human_wm_env",
        "world_model",
        "agents",
        "human_wm_cli",
    }
    assert {f"human_wm_cli/{name}" for name in CONFIGS} < names
    assert "human_wm_env/checkpoints/default/weights.safetensors" in names
    modules = {name for name in names if name.endswith(".py")}
    packages = ("human_wm_env", "world_model", "agents", "human_wm_cli")
    ours = {file for package in packages for file in (ROOT / package).rglob("*.py")}
    assert modules == {file.relative_to(ROOT).as_posix() for file in ours}


def test_nothing_is_built_where_the_link_to_the_settings_was_lost(tmp_path: Path) -> None:
    for name in ("setup.py", "setup.cfg", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "human_wm_env").mkdir()
    shutil.copy(ROOT / "human_wm_env" / "__init__.py", tmp_path / "human_wm_env")  # the version
    (tmp_path / "human_wm_cli").mkdir()
    (tmp_path / "human_wm_cli" / "__init__.py").touch()
    (tmp_path / "human_wm_cli" / "configs").write_text("../configs")
    command = [sys.executable, "setup.py", "-q", "build_py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode != 0 and "to be a link to ../configs" in done.stderr


@pytest.mark.slow
def test_the_installed_command_runs_without_the_repository(wheel: Path, tmp_path: Path) -> None:
    """Install beside this environment's libraries, in place of the packages of the repository."""
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    command = [str(python), "-m", "pip", "install", "--quiet", "--constraint"]
    command += [str(ROOT / "constraints.txt"), f"humanwm[all] @ {wheel.as_uri()}"]
    subprocess.run(command, check=True)
    empty = tmp_path / "empty"
    empty.mkdir()
    humanwm = str(tmp_path / "venv" / "bin" / "humanwm")
    demo = [humanwm, "demo", "quick=true", "run.name=first"]
    done = subprocess.run(demo, cwd=empty, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("A first impression")
    assert (empty / "runs" / "first" / "checkpoint" / "weights.safetensors").is_file()
    make = 'import gymnasium as gym; print(gym.make("human_wm_env:HumanWM-v0").reset(seed=0)[1])'
    done = subprocess.run(
        [str(python), "-c", make], cwd=empty, capture_output=True, text=True, check=True
    )
    assert "user" in done.stdout
