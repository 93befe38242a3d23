"""What the command palette lists."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PaletteRow:
    """words: what it does. place: where it is otherwise found. keys: its shortcuts. why: it cannot be done now.
    chosen: a choice that is the one in use. effect: what a choice will change, "dark → light"."""

    words: str
    place: str = ""
    keys: str = ""
    enabled: bool = True
    why: str = ""
    chosen: bool = False
    effect: str = ""

    def spoken(self) -> str:
        """For screen readers, and for whoever reads the list's text."""
        effect = self.effect.replace("→", "to") or ("in use" if self.chosen else "")
        parts = (self.words, self.place, self.keys, effect, self.why)
        return ", ".join(part for part in parts if part)
