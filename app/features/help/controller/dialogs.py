"""Dialogs of Help: the keys, and what this is."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QLabel,
    QMessageBox,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.features.help.controller.key_list import keys_groups
from app.services.actions import Action
from views.theme import mono_font, text_scale
from views.widgets.text import heading


def show_keys(parent: QWidget, actions: Iterable[Action]) -> QDialog:
    """All keys and gestures."""
    dialog = QDialog(parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle("Keys")
    table = QWidget()
    grid = QGridLayout(table)
    grid.setHorizontalSpacing(24)
    grid.setVerticalSpacing(6)
    row = 0
    for title, entries in keys_groups(actions):
        group = heading(title)
        group.setContentsMargins(0, 10 if row else 0, 0, 0)
        grid.addWidget(group, row, 0, 1, 2)
        for keys, words in entries:
            row += 1
            label = QLabel(keys)
            label.setFont(mono_font())
            grid.addWidget(label, row, 0)
            described = QLabel(words)
            described.setWordWrap(True)
            grid.addWidget(described, row, 1)
        row += 1
    grid.setColumnStretch(1, 1)
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setAccessibleName("Keys and gestures")
    area.setWidget(table)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.reject)
    column = QVBoxLayout(dialog)
    column.addWidget(area)
    column.addWidget(buttons)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    around = parent.window().size()
    dialog.resize(min(round(860 * text_scale()), around.width() - 40), min(620, around.height() - 40))
    dialog.open()
    return dialog


def show_about(parent: QWidget) -> QMessageBox:
    """Version and what the program is."""
    try:
        number = version("wirescope")
    except PackageNotFoundError:
        number = "from source"
    text = (
        f"<h3>Wirescope {number}</h3><p>A workbench for visual circuit tracing in transformers.</p><p>MIT licence.</p>"
    )
    box = QMessageBox(QMessageBox.Icon.NoIcon, "About Wirescope", text, QMessageBox.StandardButton.Ok, parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()
    return box
