"""Progress on standard error."""

from __future__ import annotations

import sys

from app.cli.output import tell


class Progress:
    """A progress bar on standard error; only its stages where that is no terminal."""

    def __init__(self) -> None:
        self._stage = ""
        self._live = sys.stderr.isatty()

    def show(self, done: int, total: int, stage: str) -> None:
        if self._live:
            share = done / total if total else 0.0
            bar = "#" * int(30 * share)
            amount = f"{done / 1e6:.0f} of {total / 1e6:.0f} MB" if total > 1_000_000 else f"{done}/{total or '?'}"
            tell(f"\r{stage:<28} [{bar:<30}] {amount:<20}", end="")
        elif stage != self._stage:
            tell(stage)
        self._stage = stage

    def end(self) -> None:
        if self._live and self._stage:
            tell("")


def told(words: str) -> None:
    """Progress on a terminal's one line; nothing to a file."""
    if sys.stderr.isatty():
        tell(f"\r{words:<70}", end="" if words else "\r")
