"""What somebody has written to a part of the work, and the names that they gave its nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

About = Literal["node", "edge", "circuit", "step", "project"]


@dataclass(frozen=True)
class Note:
    """target: the name of a node or an edge; of a step, and of a circuit the step that shows it, its number; else
    empty. name: the user's own for a node. model: that the node or the edge belongs to; empty: of any."""

    about: About
    target: str
    text: str = ""
    name: str = ""
    model: str = ""
