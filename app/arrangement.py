"""Where the window's parts are, how wide they are, which are shown; remembered between starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from views import theme

if TYPE_CHECKING:
    from app.window import Window

PANELS = ("inputs", "inspector", "predictions")


def arrange(window: Window) -> None:
    """Put the window's panels in their places."""
    window.centre = QStackedWidget()
    window.canvas_card = QWidget()
    theme.as_card(window.canvas_card)
    column = QVBoxLayout(window.canvas_card)
    column.setContentsMargins(1, 1, 1, 1)
    column.addWidget(window.canvas)
    window.centre.addWidget(window.canvas_card)
    window.centre.addWidget(window.welcome)
    window.middle = QSplitter(Qt.Orientation.Vertical)
    window.middle.addWidget(window.centre)
    window.middle.addWidget(window.predictions)
    window.middle.setStretchFactor(0, 1)
    window.middle.setSizes([620, 170])
    window.columns = QSplitter(Qt.Orientation.Horizontal)
    for panel in (window.inputs, window.middle, window.inspector):
        window.columns.addWidget(panel)
    window.columns.setStretchFactor(1, 1)
    for splitter in (window.middle, window.columns):
        splitter.setChildrenCollapsible(False)
        splitter.setHandleWidth(theme.SPACE)
    body = QWidget()
    rows = QVBoxLayout(body)
    rows.setContentsMargins(0, 0, 0, 0)
    rows.setSpacing(0)
    rows.addWidget(window.top_bar)
    padded = QWidget()
    inner = QVBoxLayout(padded)
    inner.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, 0)
    inner.addWidget(window.columns)
    rows.addWidget(padded, 1)
    rows.addWidget(window.status)
    window.setCentralWidget(body)


class Arrangement:
    """The sizes and the visibility of the panels."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._columns_kept = False  # until the user, or an earlier session, has said how wide they are
        window.columns.splitterMoved.connect(self._keep_columns)

    def _keep_columns(self) -> None:
        self._columns_kept = True

    def fit(self) -> None:
        """Side panels take their share of the width while nobody has said otherwise."""
        if not self._columns_kept:
            width = self._window.width()
            left, right = max(225, min(290, width // 5)), max(240, min(320, width * 2 // 9))
            self._window.columns.setSizes([left, width - left - right, right])

    def show_panel(self, name: str) -> None:
        """Show or hide a panel, as its menu entry says."""
        window = self._window
        shown = window.commands[f"show_{name}"].isChecked()
        getattr(window, name).setVisible(shown)
        window.settings.set_shown(name, shown)

    def restore(self) -> None:
        """As it was when the window was closed."""
        window = self._window
        geometry = window.settings.layout("window")
        if geometry is not None:
            window.restoreGeometry(geometry)
        for name, splitter in (("columns", window.columns), ("middle", window.middle)):
            state = window.settings.layout(name)
            if state is not None:
                splitter.restoreState(state)
                self._columns_kept = self._columns_kept or splitter is window.columns
        for name in PANELS:
            shown = window.settings.shown(name)
            window.commands[f"show_{name}"].setChecked(shown)
            getattr(window, name).setVisible(shown)

    def save(self) -> None:
        """Remember it."""
        window = self._window
        window.settings.set_layout("window", window.saveGeometry())
        if self._columns_kept:
            window.settings.set_layout("columns", window.columns.saveState())
        window.settings.set_layout("middle", window.middle.saveState())
