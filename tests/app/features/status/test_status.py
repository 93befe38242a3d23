"""The strip at the bottom says what runs and on what, how long it took and how much memory there is; all in words."""

from __future__ import annotations

import itertools
import re

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from app.presenters.time_left import Pace
from app.services.process_memory import memory_words, resident_megabytes
from core.graph import Node
from tests.app.person import Person


def test_it_says_what_the_model_runs_on_how_long_and_how_much_memory(reader: Person) -> None:
    status = reader.panel("status")
    assert status.device.text() == "cpu · fp32"
    reader.click_node(Node("head", 1, 2))
    reader.press(Qt.Key.Key_X, widget=reader.window.canvas)
    words = reader.workbench.ran.words.split(" · ")
    assert status.run.text() == " · ".join(words[:2])
    assert re.fullmatch(r"[\d.]+ ms · (\d+\.\d\d of a forward|kept from before)", status.run.text())
    memory = re.fullmatch(r"memory (.+) · cache (.+)", status.memory.text())
    assert memory is not None
    assert memory[2] == memory_words(reader.workbench.ran.megabytes)
    whole = float(memory[1].split()[0]) * (1024 if memory[1].endswith("GB") else 1)
    assert whole == pytest.approx(resident_megabytes(), rel=0.2)
    assert status.parity.isVisible()


def test_a_run_of_an_earlier_state_is_dimmed_until_the_new_one_comes(reader: Person) -> None:
    status = reader.panel("status")
    assert status.run.color() == "muted"
    reader.workbench._client.mark_stale()  # as when the engine takes long
    assert status.run.color() == "faint"
    reader.workbench.editing.toggle(Node("head", 1, 2), "patch")
    reader.rest()
    assert status.run.color() == "muted"


def test_every_part_has_a_tip_and_the_strip_fits_a_narrow_window(reader: Person) -> None:
    window, status = reader.window, reader.panel("status")
    window.resize(1024, 700)
    status.set_work("Estimating 70,651 edges", 0.4)
    status.set_message("a0.h1 → logits cut: the metric falls by 1.47")
    QApplication.processEvents()
    parts = [status.parity, status.device, status.memory, status.run, status.work, status.progress, status.cancel,
             status.message]  # fmt: skip
    for part in parts:
        assert part.isVisible()
        assert len(part.toolTip()) > 8, part
    edges = [part.geometry() for part in parts]
    assert all(one.right() < two.left() for one, two in itertools.pairwise(edges))
    assert edges[-1].right() <= status.width()
    assert status.work.shown_text().startswith("Estimating")


def test_an_input_that_cannot_run_has_no_time(reader: Person) -> None:
    reader.workbench.question.set_source("A", None)
    reader.rest()
    assert not reader.panel("status").run.isVisible()


def test_the_last_message_goes_with_the_next_step(reader: Person) -> None:
    reader.window.canvas.setFocus()
    reader.window.canvas.choose((reader.edge(reader.strong_edges()[0]),))
    reader.rest()
    reader.press(Qt.Key.Key_X, widget=reader.window.canvas)
    reader.choose("Edit", "Undo")
    assert reader.message().startswith("Undid: Cut")
    reader.press(Qt.Key.Key_X, widget=reader.window.canvas)
    assert reader.message() == ""


def test_how_long_it_still_takes_comes_from_how_fast_it_went() -> None:
    now = [0.0]
    pace = Pace(lambda: now[0])
    assert pace.left("EAP-IG, 100 pairs", 0.0) == ""  # nobody can know yet
    now[0] = 1.0
    assert pace.left("EAP-IG, 100 pairs", 0.01) == ""
    now[0] = 30.0
    assert pace.left("EAP-IG, 100 pairs", 0.10) == "about 4 min left"  # 30 s a tenth, nine more
    now[0] = 60.0
    assert pace.left("EAP-IG, 100 pairs", 0.5) == "about 60 s left"
    assert pace.left("Running circuits", 0.5) == ""  # other work has its own pace
    now[0] = 70.0
    assert pace.left("Running circuits", 0.6) == "about 40 s left"  # what was done before it was seen does not count
    now[0] = 71.0
    assert pace.left("Running circuits", 0.9) == ""  # soon over
    assert pace.left("Running circuits", None) == ""


def test_a_rest_between_two_parts_of_one_work_does_not_count() -> None:
    now = [0.0]
    pace = Pace(lambda: now[0])
    pace.left("Evaluating", 0.0)
    now[0] = 20.0
    assert pace.left("Evaluating", 0.2) == "about 80 s left"
    now[0] += 1200  # cancelled, and gone on with much later
    pace.restart()
    assert pace.left("Evaluating", 0.2) == ""
    now[0] += 20
    assert pace.left("Evaluating", 0.4) == "about 60 s left"


def test_the_strip_begins_anew_after_a_rest(reader: Person, monkeypatch) -> None:
    now = [0.0]
    monkeypatch.setattr(reader.window.controllers["status"].strip, "pace", Pace(lambda: now[0]))
    status = reader.panel("status")
    reader.workbench.working.emit("Tracing", 0.0)
    now[0] += 20
    reader.workbench.working.emit("Tracing", 0.2)
    assert status.work.text() == "Tracing · about 80 s left"
    reader.workbench.cancel()
    now[0] += 1200
    reader.workbench.working.emit("Tracing", 0.25)
    now[0] += 20
    reader.workbench.working.emit("Tracing", 0.5)
    assert status.work.text() == "Tracing · about 40 s left"


def test_the_strip_says_what_runs_and_how_long_it_still_takes(reader: Person) -> None:
    reader.workbench.working.emit("Exact scan, 719 edges", 0.0)
    status = reader.panel("status")
    assert status.work.text() == "Exact scan, 719 edges"
    assert status.cancel.isVisible()
    reader.qtbot.waitUntil(lambda: _left(reader).endswith(" left"), timeout=10_000)
    assert status.work.text().startswith("Exact scan, 719 edges · about ")


def _left(person: Person) -> str:
    person.workbench.working.emit("Exact scan, 719 edges", 0.1)
    return person.panel("status").work.text()
