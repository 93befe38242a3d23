"""The end of the window: whoever keeps what the user has made is asked first."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

MayLeave = Callable[[Callable[[], None]], bool]


class Closing(QObject):
    """Of one window. asks: there is somebody to ask."""

    closed = Signal()  # the window closes, and nothing keeps it

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self.asks = False
        self._sure = False
        self._may_leave: MayLeave | None = None

    def ask_first(self, may_leave: MayLeave) -> None:
        """may_leave: whether the window can close at once; else the user is asked, and what may_leave is given is
        called after a yes."""
        self._may_leave = may_leave

    def may_close(self) -> bool:
        """Whether the window can close now."""
        return self._sure or not self.asks or self._may_leave is None or self._may_leave(self.at_once)

    def at_once(self) -> None:
        """Close without a question: it is answered, or somebody has asked for it in the terminal."""
        self._sure = True
        self._window.close()
