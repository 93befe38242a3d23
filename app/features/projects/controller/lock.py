"""One window writes to a project: who has its lock. Locks lie in a folder of the user's, not beside the projects, so
they hold for the windows of one user on one machine, and litter nothing."""

from __future__ import annotations

import hashlib
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filelock import FileLock

log = logging.getLogger(__name__)


class ProjectLock:
    """The lock of the project that a window has open. folder: of all locks."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: tuple[Path, FileLock] | None = None

    def take(self, path: Path) -> bool:
        """Have the lock of a project, in place of the one before. False where another window has it: then the one
        before stays. Where no locks can be made, every window has it."""
        from filelock import FileLock, Timeout  # the first frame does without

        place = self._place(path)
        if self._held is not None and self._held[0] == place:
            return True
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(place)
            lock.acquire(timeout=0)
        except Timeout:
            return False
        except (OSError, RuntimeError) as error:
            log.warning("there is no lock of %s: %s", path, error)
            self.release()
            return True
        self.release()
        self._held = place, lock
        return True

    def release(self) -> None:
        if self._held is not None:
            self._held[1].release()
            self._held = None

    def _place(self, path: Path) -> Path:
        real = os.path.normcase(os.path.realpath(path))
        return self._folder / f"{hashlib.sha256(real.encode('utf-8', 'surrogateescape')).hexdigest()[:32]}.lock"
