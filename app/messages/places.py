"""Where the work can be done: nodes of a cluster, and what is free on them."""

from __future__ import annotations

from dataclasses import dataclass

LOCAL = "local"  # the address of a cluster on this machine, which is started for the user


@dataclass(frozen=True)
class Place:
    """A node. machine: its name. processors: of it. memory, free: in bytes. gpus: how many there are, of which
    a worker uses none; gpu_memory, gpu_free: bytes of all of them together; gpu_names: in words."""

    node: str
    machine: str
    processors: int
    memory: int
    free: int
    gpus: int = 0
    gpu_memory: int = 0
    gpu_free: int = 0
    gpu_names: str = ""
