"""Runs a function in a process of its own with little time and memory, and says how it ended."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import signal
import sys
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from human_wm_env.errors import HumanWMError

SECONDS, MEMORY_BYTES = 10.0, 2**30
# How a mutant can end.
TYPED, IDENTICAL, DIFFERENT = "typed error", "identical", "accepted and different"
RAW, HANG, CRASH = "raw error", "hang", "crash"
OUTCOMES = (TYPED, IDENTICAL, DIFFERENT, RAW, HANG, CRASH)


@dataclass(frozen=True)
class Ending:
    """How a function ended.

    Attributes:
        outcome: out of OUTCOMES; IDENTICAL stands for any result, whoever compares it.
        text: the result, or the error.
    """

    outcome: str
    text: str


def isolated(function: Callable[[], str]) -> Ending:
    """Run a function in a fork of this process; it can hurt nothing but itself.

    What this process has imported and compiled is there at once. Its own threads are not: nothing
    that needs them may have run before.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _in_child(function, writer)
    os.close(writer)
    said = b""
    with os.fdopen(reader, "rb", buffering=0) as stream:
        while select.select([stream], [], [], SECONDS)[0]:
            part = stream.read(65536)
            said += part
            if not part:
                break
        else:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return Ending(HANG, f"longer than {SECONDS:g} s")
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return Ending(CRASH, signal.Signals(os.WTERMSIG(status)).name)
    try:
        outcome, text = json.loads(said)
    except ValueError:
        return Ending(CRASH, f"exit code {os.waitstatus_to_exitcode(status)}")
    return Ending(outcome, text)


def _in_child(function: Callable[[], str], writer: int) -> None:
    """Run the function, write how it ended, and leave without any clearing up."""
    code = 1
    try:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        _limit_memory()
        warnings.simplefilter("ignore")
        try:
            ending = (IDENTICAL, function())
        except HumanWMError as error:
            ending = (TYPED, type(error).__name__)
        except BaseException as error:
            last = traceback.extract_tb(sys.exc_info()[2])[-1]
            place = f"{Path(last.filename).name}:{last.lineno}"
            ending = (RAW, f"{type(error).__name__}: {error} ({place})"[:300])
        os.write(writer, json.dumps(ending).encode())
        code = 0
    finally:
        os._exit(code)


def _limit_memory() -> None:
    """Allow so much more than what this process has mapped by now."""
    with contextlib.suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + MEMORY_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
