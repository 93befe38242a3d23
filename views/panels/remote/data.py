"""What the dialog shows of places where work can be done."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PlaceRow:
    """A node of a cluster, in words."""

    machine: str
    processors: str
    memory: str
    gpus: str
