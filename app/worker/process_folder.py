"""A folder of a process among the temporary ones of its machine. It goes with the process: by `close`, or, where that
was killed, as the next one looks what was left."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

PREFIX = "wirescope-files-"
LOCK = "lock"  # in each folder: held as long as its process lives, also in another container with the same /tmp


class ProcessFolder:
    """Readable for this user alone. Raises OSError where it cannot be made."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._lock = FileLock(self.path / LOCK, thread_local=False)  # another thread may close it
        self._lock.acquire(timeout=1.0)

    def close(self) -> None:
        self._lock.release()
        shutil.rmtree(self.path, ignore_errors=True)


def remove_left() -> None:
    """Remove the folders of processes of this user that are no more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        if not _is_of_this_user(folder) or not (folder / LOCK).exists():  # one that is being made has none yet
            continue
        lock = FileLock(folder / LOCK)
        with suppress(Timeout, OSError, RuntimeError):
            lock.acquire(timeout=0)
            lock.release()
            shutil.rmtree(folder, ignore_errors=True)


def _is_of_this_user(folder: Path) -> bool:
    """Whether it is a folder, and no link that somebody else has put there."""
    try:
        said = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(said.st_mode) and (not hasattr(os, "getuid") or said.st_uid == os.getuid())
