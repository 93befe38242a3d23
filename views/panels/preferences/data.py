"""What the preferences hold, and the limits of each."""

from __future__ import annotations

from dataclasses import dataclass

from core.edits import ABLATIONS, KINDS
from views.choices import MotionChoice, ThemeChoice

CUTS = (
    ("", "from B where there is one, else zero"),
    *((kind, KINDS[kind].words) for kind in ABLATIONS if not KINDS[kind].from_b),
)
LEAST_MEMORY, MOST_MEMORY = 64, 65_536  # megabytes
FEWEST_EDGES, MOST_EDGES = 1, 2000


@dataclass(frozen=True)
class Preferences:
    """text_percent: of the usual size. memory_megabytes: for runs that are kept. cut: what a cut carries at first; ""
    is B's value where there is a B, else zero. strongest: edges shown until a circuit is chosen.
    asks_before_closing: where there is work that no file holds; else it is kept. precision: that models compute in."""

    theme: ThemeChoice = "system"
    motion: MotionChoice = "system"
    text_percent: int = 100
    memory_megabytes: int = 384
    cut: str = ""
    strongest: int = 48
    asks_before_closing: bool = True
    precision: str = "fp32"
