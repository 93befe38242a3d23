"""Loading pyqtgraph while the window stays alive: it takes a second or two, most of it in Python."""

from __future__ import annotations

from importlib import import_module
from threading import Thread

from PySide6.QtCore import QObject, QTimer, Signal

LOOK = 30  # milliseconds between two looks


class Loading(QObject):
    """Imports a module in a thread of its own; it makes no objects of Qt while it is imported. Emits `done` with
    nothing, or with why it cannot be loaded."""

    done = Signal(str)

    def __init__(self, module: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._module, self._problem = module, ""
        self._thread: Thread | None = None
        self._timer = QTimer(self, interval=LOOK)
        self._timer.timeout.connect(self._look)

    def start(self) -> None:
        """Begin; nothing happens where it has begun already."""
        if self._thread is None:
            self._thread = Thread(target=self._load, name="loading of plots", daemon=True)
            self._thread.start()
            self._timer.start()

    def _load(self) -> None:
        try:
            import_module(self._module)
        except Exception as error:  # a broken installation, whatever is wrong with it
            self._problem = f"{self._module} cannot be loaded: {error}"

    def _look(self) -> None:
        if self._thread is not None and not self._thread.is_alive():
            self._timer.stop()
            self._thread.join()
            self.done.emit(self._problem)
