"""What the dialog shows of places where work can be done."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PlaceRow:
    """A node of a cluster, in words. gpus_to_be_had: on how many GPUs of it the work can be done."""

    machine: str
    processors: str
    memory: str
    gpus: str
    gpus_to_be_had: int = 0
