"""The strip at the window's bottom: parity, device, memory, the last run, what runs, who else drives, and the last
message."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from core.formatting import percent
from core.glossary import explained
from views.theme import current
from views.widgets.buttons import LinkButton
from views.widgets.painted import Painted
from views.widgets.text import ElidedLabel, TintedLabel

_TICK_MILLISECONDS = 80  # each takes time from what is being loaded
_NARROW = 1150  # pixels
_SLIDE = 0.04  # of the width, a tick


class ThinProgress(Painted):
    """A line that fills; without a fraction, a piece that slides along."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fraction: float | None = 0.0
        self._slide = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MILLISECONDS)
        self._timer.timeout.connect(self._tick)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def set_fraction(self, fraction: float | None) -> None:
        self._fraction = fraction
        self.setAccessibleName("Progress" if fraction is None else f"Progress {percent(fraction)}")
        if fraction is None and self.isVisible():
            self._timer.start()
        elif fraction is not None:
            self._timer.stop()
        self.update()

    def fraction(self) -> float | None:
        return self._fraction

    def sizeHint(self) -> QSize:
        return QSize(150, 7)

    def minimumSizeHint(self) -> QSize:
        return QSize(40, 7)

    def showEvent(self, event: object) -> None:
        if self._fraction is None:
            self._timer.start()

    def hideEvent(self, event: object) -> None:
        self._timer.stop()

    def _tick(self) -> None:
        self._slide = (self._slide + _SLIDE) % 1.3
        self.update()

    def draw(self, painter: QPainter) -> None:
        box, theme = QRectF(self.rect()), current()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("raised"))
        painter.drawRoundedRect(box, 3, 3)
        painter.setBrush(theme.color("accent"))
        if self._fraction is None:
            left = (self._slide - 0.3) * box.width()
            piece = QRectF(left, box.y(), 0.3 * box.width(), box.height())
        else:
            piece = QRectF(box.x(), box.y(), box.width() * min(max(self._fraction, 0.0), 1.0), box.height())
        painter.drawRoundedRect(piece.intersected(box), 3, 3)


class StatusStrip(QWidget):
    cancel_requested = Signal()
    jobs_wanted = Signal()  # a click on what the queue of jobs does
    door_wanted = Signal()  # a click on the door to programs

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Status")
        self.parity = TintedLabel("", "good")
        self.parity.set_tip(explained("parity"))
        self.device = ElidedLabel("", "muted")
        self.device.set_tip("What the model runs on, and the precision of its numbers")
        self.memory = TintedLabel("", "muted")
        self.memory.set_tip("All memory of the program here, and what the engine keeps of earlier runs to be fast")
        self.run = TintedLabel("", "muted")
        self.run.set_tip("How long the last run took, and what share that is of the model's own forward pass")
        self.work = ElidedLabel("", "muted")
        self.progress = ThinProgress()
        self.cancel = LinkButton("Cancel", "selection")
        self.work.set_tip("What the engine does now")
        self.progress.setToolTip("How much of it is done")
        self.cancel.setToolTip("Stop what runs; your inputs and edits are kept")
        self.cancel.clicked.connect(self.cancel_requested)
        self.jobs = LinkButton("", "muted")
        self.jobs.clicked.connect(self.jobs_wanted)
        self.door = LinkButton("", "muted")
        self.door.clicked.connect(self.door_wanted)
        self.message = ElidedLabel("", "muted")
        self.message.set_tip("The last message")
        self.message.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(18, 3, 18, 5)
        layout.setSpacing(20)
        for widget in (self.parity, self.device, self.memory, self.run, self.work):
            layout.addWidget(widget)
        layout.addWidget(self.progress, 0, Qt.AlignmentFlag.AlignVCenter)
        layout.addWidget(self.cancel)
        layout.addWidget(self.jobs)
        layout.addWidget(self.door)
        layout.addWidget(self.message, 1)
        for widget in (self.parity, self.device, self.memory, self.run, self.jobs, self.door):
            widget.hide()
        self.clear_work()

    def sizeHint(self) -> QSize:
        """Always as high as with a button in it, so that the window does not jump when work starts."""
        return QSize(super().sizeHint().width(), self.cancel.sizeHint().height() + 8)

    def minimumSizeHint(self) -> QSize:
        return QSize(super().minimumSizeHint().width(), self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window the message keeps its room: memory is said in short, and progress takes less."""
        super().resizeEvent(event)
        narrow = self.width() < _NARROW
        self.progress.setMaximumWidth(60 if narrow else 150)
        short = self.memory.fontMetrics().horizontalAdvance("memory 0000 MB") + 4
        self.memory.setMaximumWidth(short if narrow else 16_777_215)

    def set_parity(self, text: str, good: bool = True) -> None:
        self.parity.setText(text)
        self.parity.set_color("good" if good else "negative")
        self.parity.setVisible(bool(text))

    def dim_parity(self, stale: bool) -> None:
        """Of an earlier input, until that of the new one is known."""
        self.parity.set_color("faint" if stale else "good")

    def dim_memory(self, stale: bool) -> None:
        """As it was after an earlier run."""
        self.memory.set_color("faint" if stale else "muted")

    def set_device(self, text: str) -> None:
        """`cpu · fp32`."""
        self.device.setText(text)
        self.device.setVisible(bool(text))

    def set_memory(self, text: str, shorter: str = "") -> None:
        self.memory.setText(text, *([shorter] if shorter else []))
        self.memory.setVisible(bool(text))

    def set_run(self, text: str, shorter: str = "", stale: bool = False) -> None:
        """`11 ms · 0.12 of a forward`. stale: a newer run is awaited."""
        self.run.setText(text, *([shorter] if shorter else []))
        self.run.set_color("faint" if stale else "muted")
        self.run.setVisible(bool(text))

    def set_work(self, text: str, fraction: float | None = None, left: str = "") -> None:
        """What runs, how much of it is done (None: nobody knows), and how long it still takes, in words."""
        whole = " · ".join(part for part in (text, left) if part)
        self.work.setText(whole, *([left] if left else []))
        for widget in (self.work, self.progress, self.cancel):
            widget.show()
        self.progress.set_fraction(fraction)

    def clear_work(self) -> None:
        for widget in (self.work, self.progress, self.cancel):
            widget.hide()
        self.progress.set_fraction(0.0)

    def set_jobs(self, text: str, tip: str) -> None:
        """`2 jobs: 43 %, about 12 min left`; empty where none waits or runs."""
        _show_link(self.jobs, text, f"{tip}. Click to see the queue")

    def set_door(self, text: str, tip: str = "") -> None:
        """`serving programs`, for as long as the session is served; empty where it is not."""
        _show_link(self.door, text, f"{tip}. Click to see the token or to stop serving")

    def set_message(self, text: str) -> None:
        self.message.setText(text)


def _show_link(link: LinkButton, text: str, tip: str) -> None:
    link.setText(text)
    link.setAccessibleName(text)
    link.setToolTip(tip if text else "")
    link.setVisible(bool(text))
