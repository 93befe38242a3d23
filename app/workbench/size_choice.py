"""How many edges the circuit keeps, as somebody drags it. The newest size is taken up as soon as the engine is free, so
that every figure on the way is seen, and none is waited for; a drag is one step of the history."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, QTimer

from app.workbench.workbench_like import WorkbenchLike
from core.formatting import best_edges, counted
from core.tracing.selection import USUAL

LONGEST_WAIT = 250  # milliseconds that a dragged size waits for the engine


class SizeChoice(QObject):
    """Of one handle of a workbench."""

    def __init__(self, workbench: WorkbenchLike, parent: QObject) -> None:
        super().__init__(parent)
        self._workbench = workbench
        self._pending: int | None = None
        self._wait = QTimer(self, singleShot=True, interval=LONGEST_WAIT)
        self._wait.timeout.connect(self._take_pending)
        workbench.idle.connect(self._take_pending)

    def want(self, size: int) -> None:
        """The handle is there now."""
        self._pending = size
        if not self._workbench.busy:
            self._take_pending()
        elif not self._wait.isActive():
            self._wait.start()

    def let_go(self) -> None:
        """The drag has ended."""
        self._take_pending()
        self._workbench.history.seal()

    def commit(self, size: int | None) -> None:
        """Keep so many edges; None: no circuit."""
        scored = self._workbench.scored
        kept = best_edges if scored is None or scored.rule == USUAL else partial(counted, name="edge")
        words = "Show the strongest edges" if size is None else f"Keep {kept(size)}"
        merge = "" if size is None else "size"
        self._workbench.commit(words, replace(self._workbench.document, size=size), merge)

    def _take_pending(self) -> None:
        self._wait.stop()
        size, self._pending = self._pending, None
        if size is not None:
            self.commit(size)
