"""What is known of how far a circuit can be trusted, a statement each, and the sentences of a verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tone = Literal["plain", "against", "unknown"]
MARK = "!"  # before what speaks against the circuit


@dataclass(frozen=True)
class Statement:
    """title: what was asked, and tip: the same in a sentence. figure: the number, short; empty where there is none.
    words: what came, and what it means for the circuit. detail: the statistic behind it. tone: whether it speaks
    against the circuit, or cannot be said; verdict: then the sentence of it at the head, and severity: how far up.
    input: the A that it names, which can be looked at."""

    title: str
    figure: str
    words: str
    tone: Tone = "plain"
    detail: str = ""
    tip: str = ""
    verdict: str = ""
    severity: float = 0.0
    input: str = ""

    @property
    def shown_figure(self) -> str:
        """The figure; marked where it speaks against the circuit, so that it is told without its colour too."""
        return f"{MARK} {self.figure}".rstrip() if self.tone == "against" else self.figure

    @property
    def line(self) -> str:
        """All of it as text: "! Recovered 72 %: …", with the statistic on a line below."""
        mark = f"{MARK} " if self.tone == "against" else ""
        head = f"{mark}{self.title} {self.figure}".rstrip()
        return f"{head}: {self.words}" + (f"\n    {self.detail}" if self.detail else "")


@dataclass(frozen=True)
class VerdictLine:
    """One sentence of the verdict; against: it speaks against the circuit."""

    words: str
    against: bool = False

    @property
    def line(self) -> str:
        return f"{MARK} {self.words}" if self.against else self.words
