from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from human_wm_cli.endings import plain_endings
from human_wm_cli.run import RunConfig, RunFolder

FULL = OSError(errno.ENOSPC, "No space left on device", "weights.safetensors")


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (KeyboardInterrupt(), 130, "Interrupted."),
        (FULL, 1, "No space left on device (weights.safetensors)."),
        (PermissionError(errno.EACCES, "Permission denied"), 1, "Permission denied."),
    ],
)
def test_one_sentence_and_how_the_run_goes_on(
    error: BaseException, code: int, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    config = RunConfig(str(tmp_path), "one")
    with pytest.raises(SystemExit) as ended, plain_endings(), RunFolder("train", config, config):
        raise error
    assert ended.value.code == code
    go_on = f"Go on with it: run.root={tmp_path} run.name=one run.resume=true."
    assert capsys.readouterr().err == f"{sentence} {go_on}\n"


def test_errors_of_ours_keep_their_traceback() -> None:
    with pytest.raises(FileNotFoundError), plain_endings():
        raise FileNotFoundError(errno.ENOENT, "No such file", "x")


# A shell's background jobs, which this test may run in, begin with Ctrl-C ignored.
WITH_CTRL_C = (
    "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    "runpy.run_module('human_wm_cli', run_name='__main__', alter_sys=True)"
)


def test_ctrl_c_ends_a_command_in_one_sentence(tmp_path: Path) -> None:
    words = ["agent.steps=100000000", "agent.warm_start=0", f"run.root={tmp_path}", "run.name=one"]
    command = [sys.executable, "-c", WITH_CTRL_C, "train", "env=simulator", *words]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ) as running:
        for _ in range(600):
            if (tmp_path / "one" / "config.yaml").exists():
                break
            time.sleep(0.1)
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "Traceback" not in errors
    assert f"Interrupted. Go on with it: run.root={tmp_path} run.name=one" in errors


def test_too_much_for_the_memory_is_one_sentence(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as ended, plain_endings():
        raise MemoryError("Unable to allocate 9 TiB")
    assert ended.value.code == 1
    said = "The memory does not hold this: Unable to allocate 9 TiB. Ask for less.\n"
    assert capsys.readouterr().err == said


def ended_with(line: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a line of a shell in which $humanwm is the command."""
    env = os.environ | settings | {"humanwm": f"{sys.executable} -m human_wm_cli"}
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line}"], env=env, capture_output=True, text=True
    )


@pytest.mark.skipif(os.name != "posix", reason="pipes of shells")
def test_nothing_is_said_where_nobody_reads_on() -> None:
    """The reader has gone before the help is written."""
    ended = ended_with("{ sleep 0.2; $humanwm futures --help; } | true")
    assert (ended.returncode, ended.stderr) == (141, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a full disk")
def test_a_full_disk_is_one_sentence_for_what_is_printed_too() -> None:
    for words in ("--version", "futures --help"):
        ended = ended_with(f"$humanwm {words} > /dev/full")
        assert (ended.returncode, ended.stderr) == (1, "No space left on device.\n")


def test_letters_that_stdout_lacks_are_written_by_number() -> None:
    words = "futures data=mini user=\u00e9"
    ended = ended_with(f"$humanwm {words} json=true", PYTHONIOENCODING="ascii")
    assert ended.returncode == 2 and "Traceback" not in ended.stderr
    assert "user '" in ended.stdout
