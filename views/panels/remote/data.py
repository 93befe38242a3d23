"""What the dialog shows of places where work can be done."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PlaceRow:
    """A node of a cluster, in words. has_free_gpu: whether the work can be done on a GPU of it."""

    machine: str
    processors: str
    memory: str
    gpus: str
    has_free_gpu: bool = False
