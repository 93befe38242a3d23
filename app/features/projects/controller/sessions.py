"""Folders of work that is not saved yet, one for each window that runs or ran.

A session's folder holds `work.wire`, the work as it was last, and `about.json`, what it is called; while its window
runs it is locked. One that is not locked was left by a window that ended unexpectedly, or by one that kept its work
without a question. What is discarded stays for a month under another name.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from app.features.projects.presenter import Left
from core.saving import save_bytes, save_text

if TYPE_CHECKING:
    from filelock import FileLock

WORK, ABOUT, LOCK = "work.wire", "about.json", "lock"
DISCARDED = "discarded-"
MONTH = 30 * 24 * 3600  # seconds that what was discarded stays


class Session:
    """A session's folder, locked."""

    def __init__(self, folder: Path, lock: FileLock) -> None:
        self.folder, self._lock = folder, lock

    @property
    def work(self) -> Path:
        return self.folder / WORK

    @property
    def changed(self) -> datetime:
        """When its work was written last."""
        return datetime.fromtimestamp(self.work.stat().st_mtime)

    def about(self) -> Left:
        """As far as that can be read."""
        try:
            fields = json.loads((self.folder / ABOUT).read_text(encoding="utf-8"))
            path, model, steps, kept = (fields[name] for name in ("path", "model", "steps", "kept"))
            state = fields.get("state")
            known = (int(state[0]), int(state[1])) if state else None
            return Left(str(path), str(model), int(steps), bool(kept), known)
        except (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
            return Left()

    def say(self, about: Left) -> None:
        """Write what it is about. Raises WirescopeError."""
        save_text(self.folder / ABOUT, json.dumps(vars(about)))

    def forget(self) -> None:
        """There is no work that is not saved."""
        self.work.unlink(missing_ok=True)

    def leave(self) -> None:
        """The window does not write to it any more; without work it goes."""
        there = self.work.exists()
        self._lock.release()
        if not there:
            shutil.rmtree(self.folder, ignore_errors=True)

    def discard(self) -> Path:
        """Put it aside for a month. Returns where it lies now."""
        self._lock.release()
        aside = self.folder.with_name(DISCARDED + self.folder.name)
        self.folder.rename(aside)
        os.utime(aside)
        return aside


def new_session(root: Path) -> Session:
    """Raises OSError where nothing can be written."""
    from filelock import FileLock

    folder = root / f"{datetime.now():%Y-%m-%d-%H%M%S}-{secrets.token_hex(4)}"
    folder.mkdir(parents=True)
    lock = FileLock(folder / LOCK)
    lock.acquire(timeout=0)
    return Session(folder, lock)


def sessions_left(root: Path) -> list[Session]:
    """Sessions with work whose windows are gone, the newest first; they are locked for who asks. Empty ones go, and
    what was discarded a month ago."""
    from filelock import FileLock, Timeout

    sessions = []
    for folder in _folders(root):
        with contextlib.suppress(OSError):
            if folder.name.startswith(DISCARDED):
                if time.time() - folder.stat().st_mtime > MONTH:
                    shutil.rmtree(folder, ignore_errors=True)
                continue
            lock = FileLock(folder / LOCK)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                continue
            session = Session(folder, lock)
            if session.work.exists():
                sessions.append(session)
            else:
                session.leave()
    return sorted(sessions, key=lambda session: session.changed, reverse=True)


def _folders(root: Path) -> Iterator[Path]:
    try:
        yield from sorted(each for each in root.iterdir() if each.is_dir())
    except OSError:
        return


def write(session: Session, content: bytes, about: Left) -> None:
    """Write the work of a session whole. Raises WirescopeError."""
    session.say(about)
    save_bytes(session.work, content, lasting=True)
