"""What stands under a figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class FigureCaption:
    """What a reader must know: which model, on what, measured how, edited how."""

    model: str
    inputs: str
    metric: str
    edit_words: str
    lines: Sequence[str] = ()  # said after these

    def entries(self) -> list[tuple[str, str]]:
        named = [
            ("Model", self.model),
            ("Inputs", self.inputs),
            ("Metric", self.metric),
            ("Edits", self.edit_words),
        ]
        return [(name, text) for name, text in named if text] + [("", text) for text in self.lines if text]
