"""The button that traces: it says by which method it will, and over what, as far as there is room."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QResizeEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from views.panels.tracing.data import TraceData
from views.theme import theme_changes, ui_font

FRAME = 30  # pixels beside the words
VERBS = {
    "edges": "Trace",
    "edge-spans": "Trace edges at positions",
    "nodes": "Trace nodes",
    "positions": "Trace positions",
}
SCORED = {
    "edges": "every edge",
    "edge-spans": "every edge at every position",
    "nodes": "every node",
    "positions": "every node at every position",
}


class TraceButton(QPushButton):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("primary", True)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._forms: tuple[str, ...] = ("Trace",)  # the longest first
        theme_changes().resized.connect(self._fit)
        self._fit()

    def set_tracing(self, data: TraceData) -> None:
        """Say what the next trace will do."""
        chosen = data.chosen
        if chosen is None:
            return
        over = f"{data.pairs} pair{'s' * (data.pairs != 1)}" if data.over_dataset else "this pair"
        verb = VERBS[data.level]
        self._forms = (f"{verb} · {chosen.title}, {over}", f"{verb} · {chosen.title}", verb)
        whole = f"the dataset, {over}" if data.over_dataset else over
        cost = f"; {chosen.cost}" if chosen.cost else ""
        self.setToolTip(f"Score {SCORED[data.level]} by {chosen.title}, over {whole}{cost} (T)")
        self.setAccessibleName(self._forms[0])
        self.updateGeometry()
        self._fit()

    def forms(self) -> tuple[str, ...]:
        """What it says, and shorter."""
        return self._forms

    def sizeHint(self) -> QSize:
        return QSize(_width(self._forms[0]), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(_width(self._forms[-1]), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        words = next((form for form in self._forms[:2] if _width(form) <= self.width()), "")
        if not words:
            elided = _metrics().elidedText(self._forms[-2:][0], Qt.TextElideMode.ElideRight, self.width() - FRAME)
            words = elided if len(elided) > len(self._forms[-1]) + 4 else self._forms[-1]
        if words != self.text():
            self.setText(words)


def _width(words: str) -> int:
    return round(_metrics().horizontalAdvance(words)) + FRAME


def _metrics() -> QFontMetricsF:
    return QFontMetricsF(ui_font(weight=QFont.Weight.DemiBold))
