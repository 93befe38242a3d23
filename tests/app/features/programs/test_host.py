"""What the window's work and that of a program do to each other: what is given up for whom, and who is told that memory
is short."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from threading import Event
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.features.programs.controller.host import WindowHost
from app.presenters.programs.table import TOOLS
from app.worker import runs
from core.door.tool import Call, Door
from core.errors import Cancelled, InputError
from core.project.trace_choice import TraceChoice
from tests.app.person import Person
from tests.app.short_room import answer, box_of, leave_little_room


class Program:
    """Calls the tools of a window, beside whose event loop it runs."""

    def __init__(self, reader: Person) -> None:
        self.reader = reader
        self.host = WindowHost(reader.workbench, reader.window)
        self._door = Door(TOOLS, self.host)

    def begin(self, method: str, /, **params: Any) -> tuple[Future[Any], Event]:
        """A call, and what hangs up."""
        gone = Event()
        return self._door.begin(method, params, Call(gone.is_set)), gone

    def call(self, method: str, /, **params: Any) -> Any:
        future, _ = self.begin(method, **params)
        self.reader.wait(future.done)
        return future.result()

    def hang_up(self, future: Future[Any], gone: Event) -> None:
        """In the middle of a call."""
        self.reader.wait(lambda: self.host._search is not None)
        gone.set()
        self.reader.wait(future.done)
        assert isinstance(future.exception(), Cancelled)
        self.reader.wait(lambda: self.host._search is None)

    def close(self) -> None:
        if not self.host.is_closed:
            self.host.close()
        self._door.close()


@pytest.fixture
def program(reader: Person) -> Iterator[Program]:
    program = Program(reader)
    yield program
    program.close()


class Held:
    """Traces that are asked for do not go on until they may."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.may_go_on = Event(), Event()
        self._score = runs.score
        monkeypatch.setattr(runs, "score", self.score)

    def score(self, request: Any, cache: Any, send: Any, cancelled: Any) -> Any:
        if request.recover:
            self.begun.set()
            while not self.may_go_on.wait(0.01):
                if cancelled():
                    raise Cancelled
        return self._score(request, cache, send, cancelled)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    held = Held(monkeypatch)
    yield held
    held.may_go_on.set()


def steps(reader: Person) -> list[str]:
    return [step.words for step in reader.workbench.history.current.path()]


@pytest.mark.parametrize(("method", "params"), [("predict", {}), ("evaluate", {"size": 5}), ("edit", {"target": "m0"})])
def test_who_hangs_up_leaves_what_the_user_has_begun(
    reader: Person, program: Program, held: Held, method: str, params: dict[str, Any]
) -> None:
    QTest.keyClick(reader.window.canvas, Qt.Key.Key_T)
    reader.wait(held.begun.is_set)
    traced = steps(reader)
    program.hang_up(*program.begin(method, **params))
    assert (reader.workbench.traces.running, steps(reader)) == (True, traced)
    held.may_go_on.set()
    reader.rest()
    assert reader.workbench.recovered is not None
    assert reader.message() != "Cancelled."


def test_who_hangs_up_leaves_no_trace_of_its_own(reader: Person, program: Program, held: Held) -> None:
    before, document = steps(reader), reader.workbench.document
    future, gone = program.begin("trace")
    reader.wait(held.begun.is_set)
    program.hang_up(future, gone)
    reader.wait(lambda: steps(reader) == before)
    assert (reader.workbench.traces.running, reader.workbench.document) == (False, document)
    held.may_go_on.set()
    assert program.call("predict")["edits"] == []


def test_a_trace_of_the_user_beside_that_of_a_program_goes_on(reader: Person, program: Program, held: Held) -> None:
    before = steps(reader)
    future, gone = program.begin("trace")
    reader.wait(held.begun.is_set)
    reader.workbench.traces.begin("Trace by EAP", TraceChoice("eap"))
    program.hang_up(future, gone)
    reader.wait(lambda: steps(reader) == [*before, "Trace by EAP"])
    assert reader.workbench.traces.running
    held.may_go_on.set()
    reader.rest()
    assert reader.workbench.scored.method == "eap"


def test_a_closed_door_gives_up_what_runs_for_a_program(reader: Person, program: Program, held: Held) -> None:
    before = steps(reader)
    future, _ = program.begin("trace")
    reader.wait(held.begun.is_set)
    reader.wait(lambda: program.host._search is not None)
    program.host.close()
    reader.wait(future.done)
    assert isinstance(future.exception(), Cancelled)
    assert (reader.workbench.traces.running, steps(reader)) == (False, before)


def test_a_program_is_told_that_its_trace_does_not_fit(
    reader: Person, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, document, scored = steps(reader), reader.workbench.document, reader.workbench.scored
    leave_little_room(monkeypatch)
    with pytest.raises(InputError, match=r"This trace takes about .+ of memory, and .+ are free") as refused:
        program.call("trace")
    assert "say anyway" in refused.value.hint
    reader.rest()
    assert (reader.dialogs(), steps(reader), reader.workbench.document) == ([], before, document)
    assert reader.workbench.scored.ranking is scored.ranking
    assert program.call("predict")["edits"] == []
    assert program.call("trace", anyway=True)["edges"]
    assert reader.workbench.recovered is not None
    assert not reader.dialogs()


def test_a_program_is_told_that_its_model_does_not_fit(
    reader: Person, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, document = steps(reader), reader.workbench.document
    leave_little_room(monkeypatch)
    with pytest.raises(InputError, match=r"To open this model takes about .+ of memory, and .+ are free"):
        program.call("open", precision="bf16")
    reader.rest()
    assert (reader.dialogs(), steps(reader), reader.workbench.document) == ([], before, document)
    monkeypatch.undo()
    reader.rest()
    assert program.call("open", precision="bf16")["model"] == document.model


def test_what_waits_for_the_user_is_said_and_asked_once(
    reader: Person, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_little_room(monkeypatch)
    QTest.keyClick(reader.window.canvas, Qt.Key.Key_T)
    box_of(reader)
    assert program.call("predict")["edits"] == []
    for method, params in (("evaluate", {"size": 5}), ("export", {})):
        with pytest.raises(InputError, match="This trace takes about") as refused:
            program.call(method, **params)
        assert refused.value.hint == "The window asks about it: answer there, and call again."
    answer(reader, "Go On All the Same")  # to the one box that there is
    assert reader.workbench.recovered is not None
    assert program.call("evaluate", size=5, draws=1)["size"] == 5
