"""How much memory the program has in use."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path


def resident_megabytes() -> float | None:
    """Memory of this process that is in RAM; on macOS the most that it has been. None where the system does not say."""
    try:
        if sys.platform == "win32":
            return _working_set() / 2**20
        if sys.platform == "darwin":
            import resource

            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    except (OSError, ValueError, IndexError, AttributeError):
        return None


class _Counters(ctypes.Structure):
    """PROCESS_MEMORY_COUNTERS of the Windows API."""

    _fields_ = (
        ("size", ctypes.c_ulong),
        ("page_faults", ctypes.c_ulong),
        *((name, ctypes.c_size_t) for name in ("peak_working_set", "working_set", "a", "b", "c", "d", "e", "f")),
    )


def _working_set() -> int:
    """Bytes. Raises OSError."""
    windows = ctypes.windll  # type: ignore[attr-defined]
    process, counters = windows.kernel32.GetCurrentProcess, _Counters()
    process.restype = ctypes.c_void_p
    size = ctypes.sizeof(counters)
    if not windows.psapi.GetProcessMemoryInfo(ctypes.c_void_p(process()), ctypes.byref(counters), size):
        raise OSError("GetProcessMemoryInfo failed")
    return int(counters.working_set)


def memory_words(megabytes: float) -> str:
    """ "1.2 GB", "21 MB" """
    return f"{megabytes / 1024:.1f} GB" if megabytes >= 1000 else f"{megabytes:.0f} MB"
