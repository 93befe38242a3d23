"""Where the work can be done: nodes of a cluster, and what is free on them."""

from __future__ import annotations

from dataclasses import dataclass

LOCAL = "local"  # the address of a cluster on this machine, which is started for the user


@dataclass(frozen=True)
class Place:
    """A node. machine: its name. processors: of it. memory, free: in bytes. gpus: how many there are; gpu_memory,
    gpu_free: bytes of all of them together; gpu_names: in words; gpu_most_free: bytes of the one that has most; lent:
    how many of them its cluster reserves for those who ask."""

    node: str
    machine: str
    processors: int
    memory: int
    free: int
    gpus: int = 0
    gpu_memory: int = 0
    gpu_free: int = 0
    gpu_names: str = ""
    gpu_most_free: int = 0
    lent: int = 0

    @property
    def gpus_to_be_had(self) -> int:
        """How many GPUs a worker there may have; others may have reserved them."""
        return min(self.gpus, self.lent) if self.gpu_most_free > 0 else 0

    @property
    def rank(self) -> tuple[int, int]:
        """By which places are offered: the most free memory of a GPU that may be had, then of the machine."""
        return self.gpu_most_free if self.gpus_to_be_had else 0, self.free
