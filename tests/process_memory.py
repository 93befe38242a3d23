"""The memory that this process has, and has had at most, as the system tells it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")


def resident() -> int:
    """Bytes that the process has; 0 elsewhere than on Linux."""
    return _told("VmRSS")


def forget_peak() -> None:
    """Have the peak begin anew, on Linux."""
    if STATUS.exists():
        STATUS.with_name("clear_refs").write_text("5")


def peak_since() -> int:
    """Bytes that the process has had at most since then; elsewhere than on Linux since it began."""
    return _told("VmHWM") or peak()


def peak() -> int:
    """Bytes that the process has had at most since it began; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # KiB, on a Mac bytes
    return most if sys.platform == "darwin" else most * 1024


def _told(what: str) -> int:
    line = re.search(what + r":\s+(\d+) kB", STATUS.read_text()) if STATUS.exists() else None
    return int(line[1]) * 1024 if line else 0
