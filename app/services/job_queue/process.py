"""The processes of jobs: they are started at low priority, outlive the window, and are ended politely first. psutil is
imported with the first of them: most windows have none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from core.code_path import python_path
from core.errors import WirescopeError

PATIENCE = 8.0  # seconds to end politely: what it computes just now has an end
SAME = 2.0  # seconds that two readings of when a process began may differ
NEW_GROUP = 0x200 if sys.platform == "win32" else 0
NICE, LEAST = 10, 19  # others come first, the window too; of -20 to 19
MOST_WORDS, MOST_BYTES = 300, 8192  # of the end of what a process said
SAYS = "wirescope: "  # before the last that a command says


def program() -> tuple[str, ...]:
    """What runs a command of the terminal, in whatever way this program was installed."""
    return (sys.executable,) if getattr(sys, "frozen", False) else (sys.executable, "-m", "app")


def start(command: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    """Start a command whose words go into a file. Raises WirescopeError."""
    import psutil

    try:
        with log.open("wb") as words:
            process = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=words,
                env=os.environ | {"PYTHONPATH": python_path()},
                start_new_session=True,  # Ctrl+C in the terminal of the window is not for it
                creationflags=NEW_GROUP,  # the same on Windows
            )
    except OSError as error:
        raise WirescopeError(f"{command[0]} cannot be started: {error.strerror or error}.") from None
    with suppress(psutil.Error, OSError):
        windows = sys.platform == "win32"
        idle = psutil.BELOW_NORMAL_PRIORITY_CLASS if windows else min(psutil.Process().nice() + NICE, LEAST)
        psutil.Process(process.pid).nice(idle)
    return process


def began(pid: int) -> float:
    """When a process began, in seconds since 1970; now, where it is gone already."""
    import psutil

    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return time.time()


def is_alive(pid: int, since: float) -> bool:
    """Whether a process that began then is still there, and not another one with its number."""
    import psutil

    try:
        process = psutil.Process(pid)
        return bool(abs(process.create_time() - since) < SAME and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def ask_to_end(pid: int) -> None:
    """As Ctrl+C does, so that it says that it was stopped; where there is no such thing, at once."""
    if sys.platform == "win32":
        kill(pid)
    else:
        with suppress(OSError):
            os.kill(pid, signal.SIGINT)


def kill(pid: int) -> None:
    """A process with all that it has started. What it has done stays in its folder."""
    import psutil

    with suppress(psutil.Error):
        process = psutil.Process(pid)
        for each in (*process.children(recursive=True), process):
            with suppress(psutil.Error):
                each.kill()


def wait_for_end(processes: Iterable[tuple[int, float]], patience: float = PATIENCE) -> None:
    """Wait for processes, with when they began, that were asked to end, and kill those that do not. Blocks: not for the
    window's thread."""
    import psutil

    there = []
    for pid, since in processes:
        with suppress(psutil.Error):
            if is_alive(pid, since):
                there.append(psutil.Process(pid))
    _, left = psutil.wait_procs(there, timeout=patience)
    for each in left:
        kill(each.pid)


def last_words(log: Path) -> str:
    """Why a process failed: the last that it said."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - MOST_BYTES))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    said = [line.strip() for line in lines if line.strip()]
    message = next((line.removeprefix(SAYS) for line in reversed(said) if line.startswith(SAYS)), "")
    return (message or " ".join(said[-2:]))[-MOST_WORDS:]
