"""What the trust panel shows: what is known of how far a circuit can be trusted, a statement each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tone = Literal["plain", "against", "unknown"]


@dataclass(frozen=True)
class Statement:
    """title: what was asked. figure: the number, short; empty where there is none. words: a whole sentence. tone:
    whether it speaks against the circuit, or cannot be said."""

    title: str
    figure: str
    words: str
    tone: Tone = "plain"


@dataclass(frozen=True)
class TrustData:
    """subject: what the statements are of. waiting: the titles of those that are still to come. stale: of an earlier
    size, other scores or other inputs. problem: why nothing can be evaluated. lacks: what a dataset is needed for;
    tasks: that it can be filled from, name and title."""

    subject: str = ""
    statements: tuple[Statement, ...] = ()
    waiting: tuple[str, ...] = ()
    left: str = ""  # "about 3 min left"
    stale: bool = False
    problem: str = ""
    lacks: str = ""
    tasks: tuple[tuple[str, str], ...] = ()
    able: bool = False  # there is a circuit to evaluate

    @property
    def text(self) -> str:
        """For the clipboard."""
        lines = [f"{one.title}: {one.figure}. {one.words}" if one.figure else f"{one.title}: {one.words}"
                 for one in self.statements]  # fmt: skip
        return "\n".join([self.subject, "", *lines])
