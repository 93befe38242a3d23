"""Memory that was freed: kept by the C library for what comes next, or given back to the system.

glibc maps each large block anew and unmaps it when it is freed, and keeps those alone that are smaller than the largest
one freed so far. Runs that make and free tensors of some megabytes a layer spent an eighth of their time on new pages.
"""

from __future__ import annotations

import ctypes
import functools
import os
import sys
from collections.abc import Callable

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # glibc's numbers for mallopt
LARGEST_KEPT = 32 * 2**20  # what glibc itself comes to
SET_BY_USER = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES")  # variables of the environment


@functools.cache
def keep_blocks() -> None:
    """From the start on let the C library (glibc) keep freed blocks of up to 32 MB, twice as much in all at the end of
    its heap, for those that come next. Nothing where the user has set it."""
    if not any(name in os.environ for name in SET_BY_USER):
        keep_blocks_up_to(LARGEST_KEPT)


def keep_blocks_up_to(largest: int) -> None:
    """The same with blocks of so many bytes, whatever the user has set."""
    mallopt = _of_c_library("mallopt", [ctypes.c_int, ctypes.c_int])
    if mallopt is not None:
        mallopt(MMAP_THRESHOLD, largest)
        mallopt(TRIM_THRESHOLD, 2 * largest)


def give_back() -> None:
    """Give back what is free, where the C library can (glibc). It takes some milliseconds."""
    trim = _of_c_library("malloc_trim", [ctypes.c_size_t])
    if trim is not None:
        trim(0)


def _of_c_library(name: str, arguments: list[type[ctypes._SimpleCData[int]]]) -> Callable[..., int] | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        function = getattr(ctypes.CDLL(None), name)
    except (OSError, AttributeError):  # another C library
        return None
    function.argtypes, function.restype = arguments, ctypes.c_int
    return function  # type: ignore[no-any-return]
