"""Blocks that are freed and made anew cost no new pages, in a process where nothing large was freed before."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SIZE, TIMES, PAGE = 24 * 2**20, 4, 4096
PAGES = f"""
import ctypes, resource, sys
from core.memory import keep_blocks
if "keep" in sys.argv:
    keep_blocks()
library = ctypes.CDLL(None)
library.malloc.restype, library.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range({TIMES}):
    block = library.malloc(ctypes.c_size_t({SIZE}))
    ctypes.memset(block, 1, {SIZE})
    library.free(block)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def blocks_mapped(*arguments: str, **variables: str) -> float:
    """How many blocks' pages are mapped while one is made and freed four times."""
    done = subprocess.run(
        [sys.executable, "-c", PAGES, *arguments],
        capture_output=True, text=True, check=True, env={**os.environ, **variables},
    )  # fmt: skip
    return int(done.stdout) * PAGE / SIZE


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the C library is glibc there")
def test_a_freed_block_is_kept_for_the_one_that_comes_next() -> None:
    assert blocks_mapped("keep") == pytest.approx(1, abs=0.1)
    assert blocks_mapped() > 1.5, "else this tests nothing"
    small = {"MALLOC_TRIM_THRESHOLD_": str(2**17), "MALLOC_MMAP_THRESHOLD_": str(2**17)}
    assert blocks_mapped("keep", **small) == pytest.approx(TIMES, abs=0.1), "what the user has set stands"
