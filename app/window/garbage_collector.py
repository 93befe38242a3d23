"""Python's garbage collector in the window's thread alone, between two of its events.

Left to itself it starts wherever the next object is made: in the worker's thread, or while Qt lays out or paints. What
it frees then may be widgets of a closed dialog, and Qt crashes where a widget goes in the midst of its work. So it is
switched off, and asked for by a timer.

While the program starts it rests altogether. Importing torch and a model's library makes some 400,000 objects that
stay. The collector would go over them again and again meanwhile, a sixth of the processor's time up to the first
circuit, and once more whenever it looks at all objects later, holding up the window each time.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

from app.messages.replies import ModelReply
from app.workbench.workbench import Workbench

INTERVAL = 1000  # milliseconds between two looks
MANY = 10_000  # new objects since the last collection, with which another one is worth its time
WHOLE = 10  # collections of the young objects to one of all of them


class Collector(QObject):
    """Collects for as long as the workbench lives, from its first idle moment on.

    What is there by then is left alone: the libraries and the first model. With each further model all is looked at
    once, at its first idle moment, and what is left is left alone from then on.
    """

    def __init__(self, workbench: Workbench) -> None:
        super().__init__(workbench)
        self._models = 0
        self._settled = False
        self._collections = 0
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL)
        self._timer.timeout.connect(self.collect)
        gc.disable()
        workbench.idle.connect(self._idle)
        workbench.model_opened.connect(self._model_opened)

    @property
    def rests(self) -> bool:
        """Whether the program is still starting."""
        return not self._timer.isActive()

    def collect(self) -> None:
        """Free what nothing reaches any more, where enough has been made for it to be worth the time."""
        if gc.get_count()[0] < MANY:
            return
        self._collections += 1
        gc.collect(1 if self._collections % WHOLE else 2)

    def _idle(self) -> None:
        if self._settled:
            return
        if self._models > 1:
            gc.collect()
        gc.freeze()
        self._settled = True
        self._timer.start()

    def _model_opened(self, model: ModelReply) -> None:
        self._models += 1
        if self._models > 1:
            gc.unfreeze()  # the former model's cycles can go
            self._settled = False
