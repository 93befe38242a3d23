"""The console dock: Python beside the live session."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.features.console.controller import NAMES_GONE
from app.features.console.handlers.console import METRIC_IS_THE_WINDOWS
from core.edits import Edit
from core.nodes import Node


class Console:
    """A person at the console."""

    def __init__(self, person) -> None:
        self.person, self.panel = person, person.window.panels["console"]
        person.window.commands["show_console"].trigger()
        person.wait(self.panel.field.isVisible)

    def enter(self, code: str) -> None:
        QTest.keyClicks(self.panel.field, code)
        QTest.keyClick(self.panel.field, Qt.Key.Key_Return)

    def run(self, code: str) -> str:
        """Run code to its end; what stands below it."""
        before = len(self.text())
        self.enter(code)
        self.person.wait(lambda: not self.panel.field.running)
        self.person.rest()
        return self.text()[before:].lstrip("\n").partition("\n")[2]

    def text(self) -> str:
        text: str = self.panel.output.toPlainText()
        return text


def test_it_runs_beside_the_session_and_its_edits_are_steps(reader) -> None:
    console, workbench = Console(reader), reader.workbench
    assert console.run("float(session.clean.metric)") == repr(workbench.ran.before)
    assert console.run("session.pair.length, scores is not None, circuit")
    assert console.run('edits.append(ws.Edit("a1.h0", "zero")); edit("m0", "scale", value=0.5, positions=[-1])') == ""
    first, second = workbench.document.edits
    assert first == Edit(Node("head", 1, 0), "zero")
    assert (second.target, second.positions) == (Node("mlp", 0), (len(workbench.labels) - 1,))
    assert workbench.history.current.words.startswith("Console: edits.append(")
    assert console.run("float(session.run(edits).metric)") == repr(workbench.ran.after)
    steps = len(list(workbench.history.steps()))
    assert "neither" in console.run('edit("->m1")')
    assert "no list of ws.Edit" in console.run("edits = 3")
    assert "There is no edit called" in console.run('edit("m1", "burn")')
    assert "['m1'] cannot be edited" in console.run('edit(["m1"])')
    broken = (
        'edits.append(e := ws.Edit("m1", "zero")); object.__setattr__(e, "target", 3); n = globals().get("n", 0) + 1'
    )
    assert "The edits are as they were: " in console.run(broken)
    assert console.run("n") == "1"
    metric = console.run("float(session.clean.metric)")
    assert console.run("session.with_metric(ws.kl())") == METRIC_IS_THE_WINDOWS.strip()
    assert console.run("float(session.clean.metric)") == metric
    console.run("session")
    assert "NameError" in console.run("_")
    assert console.run("len(edits)") == "2"
    assert len(list(workbench.history.steps())) == steps
    assert console.run("edits.clear()") == ""
    assert workbench.document.edits == ()
    reader.window.commands["undo"].trigger()
    reader.rest()
    assert workbench.document.edits == (first, second)


def test_the_window_lives_while_it_runs_and_escape_stops_it(reader) -> None:
    console, workbench = Console(reader), reader.workbench
    console.enter("n = globals().get('n', 0) + 1; print('begun')")
    reader.wait(lambda: not console.panel.field.running)
    console.enter("n = n + 1")
    reader.wait(lambda: not console.panel.field.running)
    console.enter("while True: session.graph")
    QTest.keyClick(console.panel.field, Qt.Key.Key_Return)  # the empty line ends the loop
    reader.wait(lambda: console.panel.field.running)
    reader.wait(lambda: workbench.busy)
    workbench.select((Node("head", 1, 0),))  # another request: it waits, and the code is not run twice
    QTest.qWait(50)
    assert console.panel.stop.isVisible()
    QTest.keyClick(console.panel.field, Qt.Key.Key_Escape)
    reader.wait(lambda: not console.panel.field.running)
    assert console.text().endswith("Interrupted.")
    reader.rest()
    assert workbench.selection == (Node("head", 1, 0),)
    assert console.run("n") == "2"
    console.enter("while True: session.graph")
    QTest.keyClick(console.panel.field, Qt.Key.Key_Return)
    reader.wait(lambda: workbench.busy)
    workbench.cancel()  # as the status bar does
    assert console.text().endswith("Interrupted.")
    reader.rest()
    assert "ZeroDivisionError" in console.run("1 / 0")


def test_names_complete_and_keys_bring_back(reader) -> None:
    console = Console(reader)
    field = console.panel.field
    QTest.keyClicks(field, "session.run_c")
    QTest.keyClick(field, Qt.Key.Key_Tab)
    reader.wait(lambda: field.toPlainText() == "session.run_circuit")
    assert "run_circuits" in console.text()
    field.clear()
    assert console.run("6 * 7") == "42"
    QTest.keyClick(field, Qt.Key.Key_Up)
    assert field.toPlainText() == "6 * 7"
    QTest.keyClick(field, Qt.Key.Key_Down)
    assert field.toPlainText() == ""


def test_without_a_model_it_says_what_is_missing(person) -> None:
    console = Console(person)
    assert "Open a model" in console.panel.field.placeholderText()
    assert console.panel.field.isReadOnly()


def test_that_names_are_gone_with_a_worker_elsewhere_is_said_once(reader) -> None:
    console, restarted = Console(reader), reader.workbench.homes.restarted
    restarted.emit()
    assert NAMES_GONE not in console.text(), "nothing was set"
    console.run("n = 1")
    restarted.emit()
    restarted.emit()
    assert console.text().count(NAMES_GONE) == 1
