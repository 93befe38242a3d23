"""What a person does to trace, for several files of tests."""

from __future__ import annotations

import threading
from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

import wirescope as ws
from app.messages.request import ProgressReply
from app.workbench.worker_thread import WorkerThread
from core.models.loading import load_model
from tests.app.models import CLEAN, COUNTERFACTUAL
from tests.app.person import PATIENCE, Person

ROWS = (
    f"{CLEAN}\t{COUNTERFACTUAL}\t Mary\t John\n"
    "When John gave a drink to\tWhen Tom gave a drink to\t John\t Tom\n"
    "When Tom gave a drink to\tWhen Mary gave a drink to\t Tom\t Mary\n"
    "When Tom gave the store a drink to\tWhen John gave the store a drink to\t Tom\t John\n"
    "When Mary gave\tWhen John gave a\t Mary\t John\n"
)


def choose(person: Person, name: str) -> None:
    """A method, from the menu beside Trace."""
    bar = person.window.top_bar
    person.click(bar.method)
    action = bar.method_menu.methods[name]
    assert action.isEnabled(), action.text()
    action.trigger()
    bar.method_menu.close()
    person.window.activateWindow()  # as the window manager does when a menu closes
    person.wait(person.window.isActiveWindow)
    person.rest()


def over_dataset(person: Person) -> None:
    person.window.top_bar.method_menu.over[True].trigger()
    person.rest()


def trace(person: Person) -> None:
    person.press(Qt.Key.Key_T, widget=person.window.canvas)


def paste(person: Person, text: str) -> None:
    person.window.docks["dataset"].raise_()
    QApplication.clipboard().setText(text)
    person.press(Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier, widget=person.panel("dataset"))


def dataset(person: Person) -> ws.Dataset:
    """The rows that can be traced, made beside the window."""
    model = load_model(person.workbench.document.model)
    rows = [
        row for row in person.workbench.document.dataset if row.target != " Mary" or row.clean.text != "When Mary gave"
    ]
    pairs = [model.pair(row.clean.text, row.counterfactual.text) for row in rows]
    return ws.Dataset(pairs, [(row.target, row.foil) for row in rows])


def solid(person: Person) -> set[int]:
    return {mark.index for mark in person.window.canvas.scene.data.edges if mark.measured}


def cancel_when(
    person: Person,
    is_time: Callable[[str, float | None], bool],
    begin: Callable[[], object],
    hear: Callable[[object], object] | None = None,
) -> float | None:
    """Begin something and click Cancel at a word of its progress, whose fraction is returned. The engine stands still
    until the click: it might be done before it. hear: is told every answer, in the engine's thread."""
    given_up: list[float | None] = []
    clicked = threading.Event()

    def hold(answer: object) -> None:
        """In the engine's thread."""
        if hear is not None:
            hear(answer)
        if isinstance(answer, ProgressReply) and is_time(answer.words, answer.fraction):
            clicked.wait(PATIENCE / 1000)

    def give_up(words: str, fraction: float | None) -> None:
        if is_time(words, fraction) and not given_up:
            given_up.append(fraction)
            person.panel("status").cancel.click()
            clicked.set()

    engine = person.window.findChild(WorkerThread)
    engine.replied.connect(hold, Qt.ConnectionType.DirectConnection)
    person.workbench.working.connect(give_up)
    begin()
    person.wait(lambda: given_up)
    person.rest()
    engine.replied.disconnect(hold)
    person.workbench.working.disconnect(give_up)
    return given_up[0]


def trace_until_given_up(person: Person, after: Callable[[object], bool] | None = None) -> None:
    """Start a scan, and cancel it when a third is done and such an answer has come."""
    come: list[object] = []

    def is_time(words: str, fraction: float | None) -> bool:
        third = fraction is not None and fraction > 0.3 and words.startswith("Exact scan")
        return third and (after is None or bool(come))

    cancel_when(
        person,
        is_time,
        lambda: QTest.keyClick(person.window.canvas, Qt.Key.Key_T),
        lambda answer: come.append(answer) if after is not None and after(answer) else None,
    )


def score(person: Person, level: str) -> None:
    """What is scored, from the menu beside Trace."""
    action = person.window.top_bar.method_menu.levels[level]
    assert action.isEnabled(), action.text()
    action.trigger()
    person.rest()


def type_into(person: Person, field: QLineEdit, text: str) -> None:
    """Over what is there, and Enter."""
    person.click(field)
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)
    person.rest()


def type_size(person: Person, size: int | str) -> None:
    """How many edges the circuit keeps, into the strip."""
    type_into(person, person.panel("circuit").field, str(size))


def type_share(person: Person, text: str) -> None:
    """How much the smallest circuit is to recover, into the strip."""
    type_into(person, person.panel("circuit").least, text)


def open_trust(person: Person) -> None:
    person.window.docks["trust"].raise_()
    person.wait(person.panel("trust").isVisible)


def evaluate(person: Person) -> list[str]:
    """Press Evaluate and wait for the end; what is then said."""
    person.click(person.panel("trust").evaluate)
    person.wait(lambda: not person.panel("trust").data().waiting)
    person.rest()
    return person.panel("trust").texts()
