"""What a node of a cluster is, and what is free on it: run there. Imports no model library."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from typing import Any

import psutil

from core.free_memory import free_bytes

MEBIBYTE = 1 << 20
QUERY = ("--query-gpu=name,memory.total,memory.free", "--format=csv,noheader,nounits")


def node_facts() -> dict[str, Any]:
    """The fields of a `Place`, but for the node's name and what its cluster lends."""
    gpus = _gpus()
    return {
        "machine": platform.node(),
        "processors": os.cpu_count() or 1,
        "memory": psutil.virtual_memory().total,
        "free": free_bytes(),
        "gpus": len(gpus),
        "gpu_memory": sum(total for _, total, _ in gpus) * MEBIBYTE,
        "gpu_free": sum(free for _, _, free in gpus) * MEBIBYTE,
        "gpu_most_free": max((free for _, _, free in gpus), default=0) * MEBIBYTE,
        "gpu_names": ", ".join(dict.fromkeys(name for name, _, _ in gpus)),
    }


def _gpus() -> list[tuple[str, int, int]]:
    """Of each GPU its name, and its memory and what of it is free, in MiB; none where NVIDIA's tool is not there."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    told = subprocess.run([tool, *QUERY], capture_output=True, text=True, timeout=20, check=False).stdout
    return gpu_rows(told)


def gpu_rows(told: str) -> list[tuple[str, int, int]]:
    """What the tool prints, a GPU a line: "NVIDIA A100, 40960, 40000"."""
    rows = [[part.strip() for part in line.split(",")] for line in told.splitlines()]
    return [
        (row[0], int(row[1]), int(row[2])) for row in rows if len(row) == 3 and row[1].isdigit() and row[2].isdigit()
    ]
