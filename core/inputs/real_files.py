"""Files that can be read: plain ones that end.

A pipe without a writer, a device or a file of the kernel's (/proc/kmsg) can keep who opens it waiting for ever, and in
the window's thread the window with it. So a path that somebody chose, dropped or pasted is looked at first and opened
only then; that asks the file system, and opens nothing.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from core.errors import InputError

KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
    stat.S_IFDIR: "a folder",
}
KERNEL = ("/proc", "/sys")  # what they hold is made while it is read
MEGABYTE = 2**20


def check_real_file(path: str | Path, most_megabytes: float | None = None) -> None:
    """Raise InputError, with what it is, for what is there but no plain file, and for one that is too large. What is
    not there at all passes: who opens it says so."""
    file = Path(path)
    try:
        status = os.stat(file)
        place = os.path.realpath(file)
    except (OSError, ValueError):
        return
    kind = KINDS.get(stat.S_IFMT(status.st_mode))
    if kind is None and any(place.startswith(f"{folder}/") for folder in KERNEL):
        kind = "a file of the system's, which need not end"
    if kind is not None:
        raise InputError(f"{file.name or file} is {kind}, not a file that can be opened here.", "Choose a plain file.")
    if most_megabytes is not None and status.st_size > most_megabytes * MEGABYTE:
        raise InputError(
            f"{file.name} has {status.st_size / MEGABYTE:,.0f} MB; at most {most_megabytes:,.0f} MB are read here.",
            "Choose a smaller file.",
        )
