"""How a command ends that was interrupted, or that cannot write: in one sentence."""

from __future__ import annotations

import contextlib
import errno
import sys
from collections.abc import Iterator

INTERRUPTED = 130  # as shells report SIGINT
#: what no change of ours can mend: the disk or its rights
_OF_THE_DISK = (
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO),
    *(errno.EACCES, errno.EPERM),
)


@contextlib.contextmanager
def plain_endings() -> Iterator[None]:
    """Turn Ctrl-C into exit code 130 and a full or read-only disk into 1, with a sentence each.

    Notes of the exception are appended: a run folder says how the run is gone on with.
    """
    try:
        yield
    except KeyboardInterrupt as stop:
        _say("Interrupted.", stop)
        raise SystemExit(INTERRUPTED) from None
    except OSError as error:
        if error.errno not in _OF_THE_DISK:
            raise
        where = f" ({error.filename})" if error.filename else ""
        _say(f"{error.strerror or 'The disk cannot be written'}{where}.", error)
        raise SystemExit(1) from None


def _say(sentence: str, error: BaseException) -> None:
    print(" ".join([sentence, *getattr(error, "__notes__", [])]), file=sys.stderr, flush=True)
