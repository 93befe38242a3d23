"""How much memory a process may still take: what the machine has free, less where a limit stands below that, of its
control group (a container's) or of its own (`ulimit`)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import psutil

ROOT = Path("/")


def free_bytes() -> int:
    """Of this process, at least 0."""
    of_machine: int = psutil.virtual_memory().available
    return max(0, min([of_machine, *_limits(), *group_rooms(ROOT)]))


def _limits() -> Iterator[int]:
    """What is left under each of the process's own limits."""
    if not sys.platform.startswith("linux"):  # elsewhere they are not kept to
        return
    import resource

    held = psutil.Process().memory_info()
    for limit, used in ((resource.RLIMIT_AS, held.vms), (resource.RLIMIT_DATA, held.data)):
        soft = resource.getrlimit(limit)[0]
        if soft != resource.RLIM_INFINITY:
            yield soft - used


def group_rooms(root: Path) -> Iterator[int]:
    """What is left to the control group of this process, and to each of those that it is in; what the system can take
    back of files that were read counts as free. root: under which /proc and /sys are."""
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        base = root / "sys/fs/cgroup"
        if controllers == "":  # version 2
            names = "memory.max", "memory.current", "inactive_file", "active_file"
        elif "memory" in controllers.split(","):
            base /= "memory"
            names = "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file", "total_active_file"
        else:
            continue
        place = base / path.strip("/")
        for folder in (place, *place.parents):
            yield from _room(folder, *names)
            if folder == base:
                break


def _room(folder: Path, limit: str, used: str, *files: str) -> Iterator[int]:
    told = ["".join(_lines(folder / name)).strip() for name in (limit, used)]
    if not all(each.isdigit() for each in told):  # "max": there is no limit
        return
    counted = dict(line.split() for line in _lines(folder / "memory.stat") if len(line.split()) == 2)
    yield int(told[0]) - int(told[1]) + sum(int(counted.get(name, 0)) for name in files)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
