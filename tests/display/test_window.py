"""One real window on a real screen (Xvfb), a real mouse: `make display`.

The mouse and the keys are those of the X server, moved by xdotool; nothing of Qt's test tools stands between. There
is no window manager, so the window gets the focus from this test. A picture of the screen is left in
test-artefacts/window.png.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget

from core.edits import Edit
from core.models.bundled import bundled_models
from tests.app.models import CLEAN, COUNTERFACTUAL
from tests.app.person import Person

ARTEFACTS = Path(__file__).resolve().parents[2] / "test-artefacts"


def xdotool(*arguments: object) -> None:
    assert shutil.which("xdotool"), "xdotool is not installed"
    subprocess.run(["xdotool", *map(str, arguments)], check=True, timeout=30)


def click(widget: QWidget, at: QPoint | None = None) -> None:
    """Move the mouse to a place in a widget and press its left button there."""
    place = widget.mapToGlobal(at or widget.rect().center())
    xdotool("mousemove", place.x(), place.y())
    QApplication.processEvents()  # the pointer enters before it presses
    xdotool("click", 1)


@pytest.fixture
def at_the_screen(person: Person, models) -> Person:
    """The first example, or the small model where `names` is not there yet."""
    assert QGuiApplication.platformName() == "xcb"
    window = person.window
    window.move(0, 0)
    window.resize(1440, 900)
    if "names" in bundled_models():
        window.workbench.models.start(None)
        person.rest()
    else:
        person.open(models.gpt2, CLEAN, COUNTERFACTUAL)
    xdotool("windowfocus", "--sync", int(window.winId()))
    person.wait(window.isActiveWindow)
    return person


def test_a_click_with_the_cut_tool_on_a_wire_changes_the_answer(at_the_screen: Person) -> None:
    person = at_the_screen
    window, canvas = person.window, person.window.canvas
    before, figures = person.predictions(), person.figures()
    assert before

    click(window.top_bar.tools["cut"])
    person.wait(window.top_bar.tools["cut"].isChecked)
    (index,) = person.strong_edges()
    click(canvas, canvas.edge_point(index).toPoint())
    person.wait(lambda: person.edits())
    person.rest()

    assert [edit.target for edit in person.workbench.document.edits] == [person.edge(index)]
    assert person.predictions() != before
    metric, _ = person.expected([Edit(person.edge(index), "patch")])
    assert person.workbench.ran.after == pytest.approx(metric, abs=1e-4)
    _keep_a_picture(person)

    xdotool("key", "ctrl+z")
    person.wait(lambda: not person.edits())
    person.rest()
    assert person.figures() == figures
    assert person.predictions() == before

    click(canvas, canvas.edge_point(index).toPoint())
    person.wait(lambda: person.edits())
    click(canvas, canvas.edge_point(index).toPoint())
    person.wait(lambda: not person.edits())
    person.rest()
    assert person.predictions() == before


def test_x_on_the_keyboard_cuts_and_a_prompt_can_be_typed(at_the_screen: Person) -> None:
    person = at_the_screen
    canvas = person.window.canvas
    (index,) = person.strong_edges()
    click(canvas, canvas.edge_point(index).toPoint())
    person.wait(lambda: canvas.selection() == (person.edge(index),))
    xdotool("key", "x")
    person.wait(lambda: person.edits())

    card = person.card("A")
    click(card.chips, card.chips.pencil_rect().center().toPoint())
    person.wait(card.editor.isVisible)
    xdotool("key", "ctrl+a")
    xdotool("type", "--delay", "1", CLEAN)
    person.wait(lambda: card.editor.toPlainText() == CLEAN)
    xdotool("key", "Return")
    person.wait(lambda: card.chips.isVisible() and person.workbench.document.clean.text == CLEAN)
    person.rest()
    assert len(card.chips.chip_texts()) == 6
    assert len(person.edits()) == 1  # an x in the prompt would be a letter, and the edit stays


def _keep_a_picture(person: Person) -> None:
    """What is on the screen now, and that it is no empty frame."""
    QApplication.processEvents()
    window = person.window
    shot = window.screen().grabWindow(0, window.x(), window.y(), window.width(), window.height()).toImage()
    ARTEFACTS.mkdir(exist_ok=True)
    assert shot.save(str(ARTEFACTS / "window.png"))
    corner = window.canvas.mapTo(window, QPoint(0, 0))
    size = window.canvas.size()
    colors = {
        shot.pixel(x, y)
        for x in range(corner.x(), corner.x() + size.width(), 5)
        for y in range(corner.y(), corner.y() + size.height(), 5)
    }
    assert len(colors) > 20
