"""The parts of a window and how they lie in each other: the tool bar above, the desk with its docks around the centre,
the status strip below."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from app.services.panels import DOCKS, DockRow
from views import theme
from views.panels.toolbar.panel import TopBar
from views.widgets.docks import Desk, Dock


@dataclass(frozen=True)
class Parts:
    """body: all of them. panels: by the keys of their features. centre: the page of the canvas, and those that take its
    place. docks: of the panels that have one, in the order of `rows`, which a plugin's are added to."""

    body: QWidget
    toolbar: TopBar
    panels: dict[str, Any]
    centre: QStackedWidget
    canvas_page: QWidget
    desk: Desk
    docks: dict[str, Dock]
    rows: dict[str, DockRow]

    def add_dock(self, row: DockRow) -> Dock:
        """A dock for a panel that is there already."""
        dock = Dock(row.key, row.words, self.panels[row.key], self.desk, row.tab)
        self.docks[row.key], self.rows[row.key] = dock, row
        return dock


def put_together(toolbar: TopBar, panels: Mapping[str, Any]) -> Parts:
    """Put panels, by their keys, in their places."""
    canvas_page, centre, desk = QWidget(), QStackedWidget(), Desk()
    page = QVBoxLayout(canvas_page)
    page.setContentsMargins(0, 0, 0, 0)
    page.setSpacing(theme.SPACE)
    card = QWidget()
    theme.as_card(card)
    inner = QVBoxLayout(card)
    inner.setContentsMargins(1, 1, 1, 1)
    inner.addWidget(panels["canvas"])
    page.addWidget(card, 1)
    page.addWidget(panels["circuit"])  # a strip of the canvas's width
    centre.addWidget(canvas_page)
    for key in ("welcome", "compare"):  # each in the canvas's place
        centre.addWidget(panels[key])
    desk.setCentralWidget(centre)
    body, padded = QWidget(), QWidget()
    rows = QVBoxLayout(body)
    rows.setContentsMargins(0, 0, 0, 0)
    rows.setSpacing(0)
    rows.addWidget(toolbar)
    around = QVBoxLayout(padded)
    around.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, 0)
    around.setSpacing(theme.SPACE)
    around.addWidget(panels["projects"])  # strips that concern all of the window
    around.addWidget(desk)
    rows.addWidget(padded, 1)
    rows.addWidget(panels["status"])
    parts = Parts(body, toolbar, dict(panels), centre, canvas_page, desk, {}, {})
    for row in DOCKS:
        parts.add_dock(row)
    return parts
