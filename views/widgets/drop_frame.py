"""A panel that files, addresses and text can be dropped on."""

from __future__ import annotations

from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QFrame, QWidget

from views.widgets.drops import Dropped, accept_copy, can_read, read


class DropFrame(QFrame):
    """A subclass says in `take_dropped` what it does with what is let go over it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)

    def take_dropped(self, dropped: Dropped) -> bool:
        """Whether there is something in it for this panel."""
        raise NotImplementedError

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if can_read(event.mimeData()):
            accept_copy(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        dropped = read(event.mimeData())
        if dropped is not None and self.take_dropped(dropped):
            accept_copy(event)
