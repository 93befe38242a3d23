"""The worker's thread of this process, as the window has it: its replies come as signals, in the window's thread."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from app.messages.request import Request
from app.messages.request_loop import LOADING, RequestLoop, Server

__all__ = ["LOADING", "Server", "WorkerThread"]


class WorkerThread(QObject):
    """Takes requests from the window's thread and emits replies there.

    make_server runs in the worker's thread, so that what it imports does not hold up the window.
    """

    replied = Signal(object)

    def __init__(self, make_server: Callable[[], Server], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._loop = RequestLoop(make_server, self.replied.emit)

    def start(self) -> None:
        self._loop.start()

    def ask(self, request: Request) -> None:
        """Take a request; it replaces whatever waits and cancels what runs."""
        self._loop.ask(request)

    def cancel(self) -> None:
        """Give up the running and the waiting request."""
        self._loop.cancel()

    def release(self) -> None:
        """Let go of all that is in memory; the next request begins anew."""
        self._loop.release()

    def stop(self, seconds: float = 10.0) -> bool:
        """End the thread. Returns whether it ended in time; a model that is being read cannot be interrupted."""
        return self._loop.stop(seconds)
