"""How a command ends that was interrupted, or that cannot write: in one sentence at most."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator

INTERRUPTED, PIPE_CLOSED = 130, 141  # as shells report SIGINT and SIGPIPE
#: what no change of ours can mend: the disk or its rights
_OF_THE_DISK = (
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO),
    *(errno.EACCES, errno.EPERM),
)


@contextlib.contextmanager
def plain_endings() -> Iterator[None]:
    """Turn Ctrl-C into exit code 130 and a full disk or memory into 1, with a sentence each.

    Notes of the exception are appended: a run folder says how the run is gone on with. Where
    nobody reads on, as in `humanwm audit | head -1`, nothing is said, and the code is 141.
    """
    try:
        yield
        sys.stdout.flush()  # or Python does at its end, and nobody hears of what goes wrong
    except KeyboardInterrupt as stop:
        _say("Interrupted.", stop)
        raise SystemExit(INTERRUPTED) from None
    except MemoryError as error:
        _say(f"The memory does not hold this: {error or 'no more is free'}. Ask for less.", error)
        raise SystemExit(1) from None
    except OSError as error:
        if error.errno == errno.EPIPE and _drop_output():
            raise SystemExit(PIPE_CLOSED) from None
        if error.errno not in _OF_THE_DISK:
            raise
        if error.filename is None:
            _drop_output()
        where = f" ({error.filename})" if error.filename else ""
        _say(f"{error.strerror or 'The disk cannot be written'}{where}.", error)
        raise SystemExit(1) from None


def _drop_output() -> bool:
    """Return whether stdout cannot be written; then all that is left for it is thrown away."""
    try:
        print(flush=True)  # what failed before may have left nothing to be written
    except OSError:
        with contextlib.suppress(OSError, ValueError):  # no file of the system
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True
    return False


def _say(sentence: str, error: BaseException) -> None:
    print(" ".join([sentence, *getattr(error, "__notes__", [])]), file=sys.stderr, flush=True)
