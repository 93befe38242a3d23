"""When the canvas's data are built: once for all that a step of the user's changes, and once for all that one request's
answers bring. A build goes over every edge shown; most of what comes in one turn would be drawn for nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal

from views.canvas.data import CanvasData

PATIENCE = 250  # milliseconds: answers that come apart are shown without those that are missing


class CanvasFeed(QObject):
    """Builds the data and sends them on. build: of the present state; None while there is nothing to draw."""

    changed = Signal(object)  # CanvasData

    def __init__(self, build: Callable[[], CanvasData | None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._build = build
        self._sent: CanvasData | None = None
        self._steps = 0  # that go on, one inside the other
        self._due = False
        self._waiting = QTimer(self)
        self._waiting.setSingleShot(True)
        self._waiting.setInterval(PATIENCE)
        self._waiting.timeout.connect(self.flush)

    @property
    def sent(self) -> CanvasData | None:
        """What was sent last."""
        return self._sent

    @contextmanager
    def as_one(self) -> Iterator[None]:
        """All that is sent meanwhile goes as one, at the end."""
        self._steps += 1
        try:
            yield
        finally:
            self._steps -= 1
            if not self._steps:
                self.flush()

    def send(self) -> None:
        """Something has changed that the canvas shows."""
        self._due = True
        if not self._steps:
            self.flush()

    def send_later(self) -> None:
        """An answer has brought something; others of the same request may follow at once."""
        if not self._due:
            self._due = True
            self._waiting.start()

    def flush(self) -> None:
        """No more comes soon."""
        if not self._due or self._steps:
            return
        self._waiting.stop()
        self._due = False
        data = self._build()
        if data is not None:
            self._sent = data
            self.changed.emit(data)

    def dim(self) -> None:
        """What was sent last is of an earlier state by now."""
        if self._sent is not None and not self._sent.stale:
            self._sent = replace(self._sent, stale=True)
            self.changed.emit(self._sent)
