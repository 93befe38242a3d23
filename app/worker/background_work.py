"""Work that takes too long for the worker's thread, and for which the window does not wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from core.errors import Cancelled

Told = Callable[[str, float], None]  # the phase, and the share of it that is done
Stopped = Callable[[], bool]


class BackgroundWork:
    """Something that runs once, in a thread of its own. phase, share: where it is."""

    def __init__(self, stopped: Stopped) -> None:
        """stopped: asked now and then; True: give it up."""
        self._stopped = stopped
        self._ending = threading.Event()
        self.phase, self.share = "", 0.0
        self.over = threading.Event()
        self._thread: threading.Thread | None = None
        self._result: Any = None
        self._error: BaseException | None = None

    def begin(self, do: Callable[[Told, Stopped], Any]) -> None:
        """Start it, unless it runs already."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, args=(do,), name="wirescope-background", daemon=True)
            self._thread.start()

    def result(self) -> Any:
        """What it came to, when it is over. Raises what it raised."""
        if self._error is not None:
            raise self._error
        return self._result

    def end(self, seconds: float = 10.0) -> None:
        """Stop it and wait for its end."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join(seconds)

    def _stop(self) -> bool:
        return self._ending.is_set() or self._stopped()

    def _tell(self, phase: str, share: float) -> None:
        self.phase, self.share = phase, share

    def _run(self, do: Callable[[Told, Stopped], Any]) -> None:
        try:
            self._result = do(self._tell, self._stop)
        except BaseException as error:
            self._error = error
        if self._stop():
            self._error = Cancelled()
        self.over.set()
