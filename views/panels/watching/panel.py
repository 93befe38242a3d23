"""The line on a card that says whether its input is unlike the usual ones, and the line under the cards that says what
is watched."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from views.panels.watching.data import CardVerdict, WatchingData
from views.widgets.buttons import LinkButton
from views.widgets.text import ElidedLabel, TintedLabel


class VerdictLabel(TintedLabel):
    """Hidden while nothing is watched."""

    def __init__(self) -> None:
        super().__init__("", "muted")
        self.hide()

    def set_verdict(self, verdict: CardVerdict) -> None:
        self.setText(verdict.words, *verdict.shorter)
        self.set_tip(verdict.tip)
        self.set_color("faint" if verdict.stale else "negative" if verdict.unusual else "muted")
        self.setVisible(bool(verdict.words))


class WatchingRow(QWidget):
    """What is watched, with *Export* and *Stop*."""

    def __init__(self) -> None:
        super().__init__()
        self.words = ElidedLabel(role="muted")
        self.export = LinkButton("Export…")
        self.export.setAccessibleName("Export the Monitor")
        self.export.setToolTip("Write what was learnt as a small module that works without Wirescope")
        self.stop = LinkButton("Stop")
        self.stop.setAccessibleName("Stop Watching")
        self.stop.setToolTip("Watch no longer; what was learnt is forgotten")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.words, 1)
        for button in (self.export, self.stop):
            layout.addWidget(button)
        self.hide()

    def set_data(self, data: WatchingData) -> None:
        self.words.setText(data.words, *data.shorter)
        self.words.set_tip(data.tip)
        self.export.setVisible(data.able)
        self.setVisible(bool(data.words))
