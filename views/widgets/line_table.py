"""How tables of lines look and are walked on: whole lines are selected, a click on a head sorts."""

from __future__ import annotations

from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView


def as_line_table(view: QTableView, name: str, columns: str) -> None:
    """name, columns: for screen readers, of the table and of its heads."""
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
    view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setTabKeyNavigation(False)  # Tab goes on to the next panel
    view.setShowGrid(False)
    view.setWordWrap(False)
    view.setCornerButtonEnabled(False)
    view.setMinimumSize(120, 60)
    view.setFrameShape(QFrame.Shape.NoFrame)
    view.setAccessibleName(name)
    vertical, header = view.verticalHeader(), view.horizontalHeader()
    vertical.hide()
    vertical.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    vertical.setDefaultSectionSize(QFontMetrics(view.font()).height() + 5)
    header.setAccessibleName(columns)
    header.setStretchLastSection(True)
    header.setHighlightSections(False)
    header.setSectionsClickable(True)
