"""Files and folders that are whole or not there, whenever the process that writes them dies."""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

DRAFT = ".writing-"
# A draft is locked as soon as it is made; until then it is too young to be removed.
_YOUNG_SECONDS = 10.0


def write_whole(file: Path, data: bytes) -> None:
    """Replace a file in one step: a reader sees the old bytes or the new ones, never half.

    Raises:
        OSError: it cannot be written; the old file stays as it was.
    """
    _sweep(file.parent)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=DRAFT)
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            lock(stream.fileno())
            stream.write(data)
        draft.chmod(0o666 & ~_umask())  # mkstemp's own is for one user alone
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)  # gone already where all went well


@contextlib.contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Give a draft to fill, which takes the folder's name at the end of the block.

    A folder that is there already is replaced, a file is not. An exception leaves it as it was.

    Raises:
        OSError: it cannot be written or replaced.
    """
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(errno.EEXIST, "A file has the name of the folder", str(folder))
    folder.parent.mkdir(parents=True, exist_ok=True)
    _sweep(folder.parent)
    draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix=DRAFT))
    try:
        with locked(draft):
            yield draft
            draft.chmod(0o777 & ~_umask())
            if folder.exists():  # only an empty one can be replaced
                old = Path(tempfile.mkdtemp(dir=folder.parent, prefix=DRAFT))
                folder.rename(old / folder.name)
                draft.rename(folder)
                shutil.rmtree(old, ignore_errors=True)
            else:
                draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def remove_abandoned(folder: Path) -> None:
    """Remove the drafts of processes that died."""
    with contextlib.suppress(OSError):
        for draft in folder.glob(f"{DRAFT}*"):
            with contextlib.suppress(OSError):
                if time.time() - draft.stat().st_mtime > _YOUNG_SECONDS and not is_locked(draft):
                    shutil.rmtree(draft) if draft.is_dir() else draft.unlink()


@functools.cache
def _sweep(folder: Path) -> None:
    """Look for abandoned drafts once in the life of a process: folders can be large."""
    remove_abandoned(folder)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[bool]:
    """Hold the lock of a file or folder; False says that another process holds it.

    The lock of a process that dies goes with it. Where the system knows no locks there are none.
    """
    handle = _open(path)
    try:
        yield handle is None or lock(handle)
    finally:
        if handle is not None:
            os.close(handle)


def is_locked(path: Path) -> bool:
    """Say whether a process holds the lock of a file or folder."""
    with locked(path) as free:
        return not free


def lock(handle: int) -> bool:
    """Lock an open file until it is closed; False says that it is locked."""
    try:
        import fcntl
    except ImportError:  # Windows
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def _open(path: Path) -> int | None:
    try:
        return os.open(path, os.O_RDONLY)
    except OSError:  # Windows opens no folders
        return None


@functools.cache
def _umask() -> int:
    """Return the mask of new files; to read it is to set it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
