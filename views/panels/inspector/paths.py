"""The strongest ways on from an edge to the output: one line of chips a way, each node a button."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from core.formatting import percent
from views.panels.inspector.data import PathData
from views.widgets.flow import FlowLayout
from views.widgets.section import Section
from views.widgets.text import dim, wrapped

_TIP = (
    "The strongest ways on from here by the edges' scores: at each node its edges share by the size of their scores,\n"
    "and a way is as strong as the product of its shares."
)


class PathsSection(Section):
    node_selected = Signal(object)  # Node

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Way to the output", parent)
        self.hint.set_tip(_TIP)
        self.buttons: list[list[QPushButton]] = []
        self.shares: list[QLabel] = []
        self.none = wrapped("By these scores nothing of it reaches the output.")
        self.body.addWidget(self.none)
        self._lines = QVBoxLayout()
        self._lines.setSpacing(6)
        self.body.addLayout(self._lines)
        self._widgets: list[QWidget] = []

    def show_paths(self, paths: Sequence[PathData] | None, how: str = "estimated") -> None:
        """paths: None: not known yet. how: the edges' scores, "estimated", "measured", "scored", "drawn"."""
        self.hint.setText(how, {"estimated": "est."}.get(how, how))
        self.setVisible(paths is not None)
        for widget in self._widgets:
            self._lines.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self._widgets, self.buttons, self.shares = [], [], []
        self.none.setVisible(not paths)
        for path in paths or ():
            line = QWidget()
            flow = FlowLayout(line, gap=3)
            made = []
            share = QLabel(percent(path.share))
            share.setProperty("role", "muted")
            share.setToolTip(_TIP)
            share.setMinimumWidth(share.fontMetrics().horizontalAdvance("100 % "))
            flow.addWidget(share)
            for place, (node, name) in enumerate(zip(path.nodes, path.names, strict=True)):
                if place:
                    arrow = QLabel("→")
                    arrow.setProperty("role", "muted")
                    flow.addWidget(arrow)
                button = QPushButton(name)
                button.setStyleSheet("padding: 1px 6px;")
                button.setToolTip(f"Select {name}")
                button.clicked.connect(lambda _checked=False, node=node: self.node_selected.emit(node))
                flow.addWidget(button)
                made.append(button)
            self.buttons.append(made)
            self.shares.append(share)
            self._lines.addWidget(line)
            self._widgets.append(line)

    def texts(self) -> list[str]:
        """Each way as it reads: "62 % a2.h3 → m3 → logits"."""
        return [
            f"{share.text()} " + " → ".join(button.text() for button in line)
            for share, line in zip(self.shares, self.buttons, strict=True)
        ]

    def set_stale(self, stale: bool) -> None:
        for share in self.shares:
            dim(share, stale)
