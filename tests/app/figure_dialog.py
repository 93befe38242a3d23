"""A person at the dialog of a figure."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox

from tests.app.person import Person
from views.panels.figure.panel import FigureDialog


def choose(box: QComboBox, key: str) -> None:
    """As a person does."""
    place = box.findData(key)
    assert place >= 0, key
    box.setCurrentIndex(place)
    box.activated.emit(place)


def open_figure(person: Person, form: str, drawing: str = "", opened: bool = False) -> FigureDialog:
    """The dialog, with a figure that is made. drawing: else what shows, as it shows. opened: already."""
    if not opened:
        person.choose("File/Export", "Figure")
    dialog = person.controller("canvas").figures.dialog
    choose(dialog.drawing, drawing or ("positions" if dialog.drawing.findData("positions") >= 0 else "graph"))
    choose(dialog.form, form)
    person.wait(lambda: dialog.save.isEnabled() and not dialog.cancel.isVisible())
    return dialog


def save_figure(person: Person, form: str, drawing: str = "", opened: bool = False) -> None:
    """Choose, save and close."""
    dialog = open_figure(person, form, drawing, opened)
    person.click(dialog.save)
    person.wait(lambda: person.controller("canvas").figures.idle)
    person.click(dialog.close_button)
    person.window.activateWindow()  # as the window manager does when a dialog closes
    person.wait(person.window.isActiveWindow)
