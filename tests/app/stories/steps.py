"""What every story has in common: it begins on the welcome page and ends with a file, and figures on the screen are
read as written."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from tests.app.figure_dialog import save_figure
from tests.app.person import Person


def begin(person: Person, title: str) -> Person:
    """Help > Welcome Page, and a click on the guided example of that title; its strip is closed."""
    person.window.resize(1440, 900)
    person.choose("Help", "Welcome Page")
    page = person.panel("welcome")
    assert page.isVisible()
    (button,) = [b for b in page.example_buttons.values() if title in f"{b.text()} {b.accessibleName()}"]
    person.click(button)
    person.rest()
    assert person.window.canvas.isVisible()
    assert not person.dialogs()
    person.click(person.controller("welcome").guides.strip.close_button)
    return person


def export(person: Person, monkeypatch, entry: str, path: Path) -> bytes:
    """File > Export, with a file dialog that is answered; what the file holds."""
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    if entry == "Figure":
        save_figure(person, path.suffix[1:])
    else:
        person.choose("File/Export", entry)
    assert person.message() == f"Saved {path.name}"
    return path.read_bytes()


def svg_words(content: bytes) -> str:
    """All text of a figure."""
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", content.decode())
    return " ".join(" ".join(texts).split()).replace("&quot;", '"').replace("&gt;", ">").replace("&lt;", "<")


def says(text: str, value: float) -> bool:
    """Whether a figure as written is a value, rounded."""
    plain = text.replace("−", "-").replace(",", "").strip()
    digits = len(plain.partition(".")[2])
    return abs(float(plain) - value) <= 0.5 * 10**-digits + 1e-4


def metric(person: Person) -> str:
    """The big figure of the predictions."""
    return person.panel("predictions").metric_value.text()


def drag(widget: QWidget, *points: QPoint) -> None:
    """Press at the first point, go through the others, let go at the last."""
    QTest.mousePress(widget, Qt.MouseButton.LeftButton, pos=points[0])
    for point in points[1:]:
        QTest.mouseMove(widget, point)
        QApplication.processEvents()
    QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=points[-1])
