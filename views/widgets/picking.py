"""Which of a row of things are picked, and how clicks and keys change that: tokens, patches."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt

_TOGGLE = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.MetaModifier
_EXTEND = Qt.KeyboardModifier.ShiftModifier


class Picking:
    """Indices from 0 on. `cursor` is where keys act; `anchor` is where a range begins."""

    def __init__(self) -> None:
        self.picked: tuple[int, ...] = ()
        self.cursor = -1
        self.anchor = -1

    def set(self, picked: Iterable[int]) -> None:
        """As somebody else says."""
        self.picked = tuple(sorted(set(picked)))
        if self.picked and self.cursor not in self.picked:
            self.cursor = self.anchor = self.picked[0]

    def clear(self) -> None:
        self.picked = ()
        self.anchor = -1

    def click(self, index: int, modifiers: Qt.KeyboardModifier) -> None:
        """One alone; with Ctrl it is added or taken away; with Shift all from the last one on."""
        self.cursor = index
        if modifiers & _EXTEND and self.anchor >= 0:
            first, last = sorted((self.anchor, index))
            self.picked = tuple(range(first, last + 1))
            return
        self.anchor = index
        self.picked = tuple(sorted(set(self.picked) ^ {index})) if modifiers & _TOGGLE else (index,)

    def add(self, index: int) -> None:
        """A brush passes over one."""
        self.cursor = index
        self.picked = tuple(sorted({*self.picked, index}))

    def toggle_cursor(self) -> None:
        """The space bar."""
        if self.cursor >= 0:
            self.anchor = self.cursor
            self.picked = tuple(sorted(set(self.picked) ^ {self.cursor}))

    def move(self, to: int, modifiers: Qt.KeyboardModifier) -> None:
        """An arrow key: the cursor alone with Ctrl, a range with Shift, else one picked thing."""
        if modifiers & _TOGGLE:
            self.cursor = to
        else:
            self.click(to, modifiers & _EXTEND)
