"""Where a window's work is done: in the thread of this process, or by a worker elsewhere. The document stays here, so
that a move costs nothing but the time in which the other place finds out what is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.workbench.worker_client import WorkerClient
from app.workbench.worker_thread import WorkerThread

if TYPE_CHECKING:
    from app.workbench.remote_worker import RemoteWorker


class Homes(QObject):
    """Of one workbench. latency: seconds that a request takes to a worker elsewhere and its word back; None in this
    process, and until it is known. trouble: what is wrong with the link, in words."""

    restarted = Signal()  # the worker elsewhere: what the one before knew is gone
    changed = Signal()  # another place, the link to it, or how long that takes
    moved = Signal()  # to another place: all is to be asked anew
    place_gone = Signal(str)  # the machine, in a few words, that the worker was on and that may come back

    def __init__(self, client: WorkerClient, thread: WorkerThread, parent: QObject) -> None:
        super().__init__(parent)
        self._client, self._thread = client, thread
        self._remote: RemoteWorker | None = None
        self.latency: float | None = None
        self.trouble = ""

    @property
    def place(self) -> str:
        """Where the worker is, in a few words; empty in this process."""
        return "" if self._remote is None else self._remote.place

    def move(self, worker: RemoteWorker) -> None:
        """Have a worker elsewhere do the work from now on. What the thread here has in memory goes."""
        self.leave()
        self._remote = worker
        worker.setParent(self)
        worker.latency_changed.connect(self._take_latency)
        worker.link_changed.connect(self._take_trouble)
        worker.place_gone.connect(self._take_gone)
        worker.restarted.connect(self.restarted)
        worker.start()
        self._client.use(worker)
        self._thread.release()
        self._tell()

    def come_back(self) -> None:
        """Do the work in this process again."""
        if self._remote is not None:
            self._client.use(self._thread)
            self.leave()
            self._tell()

    def leave(self) -> None:
        """End the worker elsewhere, where there is one, and ask nobody."""
        worker, self._remote = self._remote, None
        self.latency, self.trouble = None, ""
        if worker is not None:
            worker.latency_changed.disconnect(self._take_latency)
            worker.link_changed.disconnect(self._take_trouble)
            worker.place_gone.disconnect(self._take_gone)
            worker.restarted.disconnect(self.restarted)
            worker.stop(seconds=1.0)  # it ends by itself where it takes longer
            worker.setParent(None)
            worker.deleteLater()

    def stop(self) -> None:
        """End both."""
        self.leave()
        self._thread.stop()

    def _tell(self) -> None:
        self.moved.emit()
        self.changed.emit()

    def _take_latency(self, seconds: float) -> None:
        self.latency = seconds
        self.changed.emit()

    def _take_trouble(self, words: str) -> None:
        self.trouble = words
        self.changed.emit()

    def _take_gone(self) -> None:
        self.place_gone.emit(self.place)
