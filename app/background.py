"""Small jobs beside the engine: getting a model pack, fetching a picture from an address. One Python thread
each."""

from __future__ import annotations

import http.client
import logging
import threading
import urllib.request
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from core.errors import Cancelled, InputError, WirescopeError

log = logging.getLogger(__name__)

FETCH_SECONDS = 15.0
FETCH_BYTES = 50 * 2**20

Report = Callable[[int, int, str], None]
Cancel = Callable[[], bool]


class Job(QObject):
    """Runs `work(report, cancelled)` in a thread and tells the window's thread how it goes. Ends once, in one of
    three ways."""

    progressed = Signal(int, int, str)  # done, total (0: unknown), words
    finished = Signal(object)  # what work returned
    failed = Signal(str, str)  # message, hint
    cancelled = Signal()

    def __init__(self, work: Callable[[Report, Cancel], object], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="wirescope-job", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def cancel(self) -> None:
        self._stop.set()

    def wait(self, seconds: float = 10.0) -> bool:
        if self._thread.is_alive():
            self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            made = self._work(self.progressed.emit, self._stop.is_set)
        except Cancelled:
            self.cancelled.emit()
        except WirescopeError as error:
            self.failed.emit(error.message, error.hint)
        except Exception as error:
            log.exception("a background job failed")
            self.failed.emit(f"Something went wrong: {error}", "Nothing of your work is lost.")
        else:
            self.finished.emit(made)


def fetch(address: str, report: Report, cancelled: Cancel) -> bytes:
    """The bytes at a web address. Raises InputError when it cannot be had or is too large, Cancelled."""
    if not address.startswith(("http://", "https://")):
        raise InputError(f"{address} is no web address.", "Drop a file, a picture or an http address.")
    request = urllib.request.Request(address, headers={"User-Agent": "wirescope"})
    try:
        with urllib.request.urlopen(request, timeout=FETCH_SECONDS) as response:
            total = int(response.headers.get("Content-Length") or 0)
            parts: list[bytes] = []
            size = 0
            while part := response.read(65536):
                if cancelled():
                    raise Cancelled
                parts.append(part)
                size += len(part)
                if max(size, total) > FETCH_BYTES:
                    raise InputError("The picture at this address is larger than 50 MB.", "Save and shrink it first.")
                report(size, total, "Fetching the picture")
            if not size:
                raise InputError(f"{address} gave nothing.", "Save the picture and drop the file.")
            return b"".join(parts)
    except (http.client.HTTPException, OSError, ValueError) as error:  # URLError is an OSError
        raise InputError(
            f"{address} could not be fetched: {getattr(error, 'reason', error)}",
            "Check the network, or save the picture and drop the file.",
        ) from None
