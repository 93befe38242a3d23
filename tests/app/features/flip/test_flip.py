"""Turn the Answer into B's: the set grows as one step of edits; the table is its certificate."""

from __future__ import annotations

import torch
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox

import wirescope as ws
from core.formatting import number
from resources.samples.make import FOLDER
from tests.app.features.inputs.test_named_regions import brush, name
from tests.app.person import Person

ENTRY = "Turn the Answer into B's"
A, B = "The capital of France is", "The capital of Italy is"


def ask(person: Person, key: str) -> None:
    choice: QComboBox = person.panel("flip").choice
    choice.setCurrentIndex(choice.findData(key))
    person.click(person.panel("flip").find)
    person.rest()


def test_paris_becomes_rome_part_by_part(person: Person) -> None:
    person.open("bundled:names", A)
    action = person.window.commands["flip"]
    assert not action.isEnabled()
    assert "fill card B first" in action.toolTip()
    person.type_prompt("B", B)
    person.choose("Edit", ENTRY)
    panel = person.panel("flip")
    assert panel.isVisible()
    grown: list[tuple[int, str]] = []
    workbench = person.workbench
    workbench.history_changed.connect(
        lambda: grown.append((len(workbench.document.edits), workbench.history.current.words))
    )
    before = workbench.history.current

    ask(person, "edges")
    outcome, _ = person.controller("flip")._outcome
    session = ws.Session(person.session().model, person.session().pair)

    def margin(edits: list[ws.Edit]) -> str:
        logits = session.run(edits).answer[0].clone()
        rome = session.model.answer(" Rome")
        wanted = float(logits[rome])
        logits[rome] = -torch.inf
        return number(wanted - float(logits.max()))

    assert len(outcome.edits) > 1
    data = panel.data()
    assert (data.headline, data.problem, data.running) == (outcome.words, "", False)
    assert [edit.name for edit in workbench.document.edits] == [edit.name for edit in outcome.edits]
    edits = outcome.edits
    assert [row.margin for row in data.rows] == [margin(edits[:size]) for size in range(len(edits) + 1)]
    without = [margin([each for each in edits if each != gone]) for gone in edits]
    assert [row.without for row in data.rows[1:]] == without
    assert all(row.its_answer != "Rome" for row in data.rows[1:])
    assert f"{outcome.runs:,} runs" in data.detail
    best = max(workbench.ran.rows, key=lambda row: row.after)
    assert best.label == " Rome"
    assert {count for count, _ in grown} >= set(range(1, len(outcome.edits) + 1))  # it was seen growing
    assert workbench.history.current.parent is before  # one step
    person.click(panel.copy)
    copied = QGuiApplication.clipboard().text()
    assert outcome.words in copied
    assert "Rome" in copied

    panel.view.selectRow(1)
    person.rest()
    assert workbench.selection == (outcome.edits[0].target,)
    person.window.commands["undo"].trigger()
    person.rest()
    assert workbench.document.edits == ()
    assert "other inputs or edits" in panel.data().detail
    assert panel.data().stale

    person.type_prompt("B", A)
    ask(person, "nodes")
    assert "same answer" in panel.data().problem
    assert panel.data().rows == ()
    assert not panel.data().running


def test_a_search_stops_where_it_is_cancelled_or_the_edits_change(person: Person) -> None:
    person.open("bundled:names", A, B)
    workbench = person.workbench
    person.choose("Edit", ENTRY)
    panel = person.panel("flip")

    def stop_after(count: int, how) -> None:
        def follow(_before, after) -> None:
            if len(after.edits) == count and panel.data().running:
                how()

        workbench.document_changed.connect(follow)
        panel.choice.setCurrentIndex(panel.choice.findData("edges"))
        panel.press()
        person.wait(lambda: not panel.data().running)
        workbench.document_changed.disconnect(follow)
        person.rest()

    stop_after(1, workbench.cancel)
    assert "Cancelled" in panel.data().problem
    assert len(workbench.document.edits) == 1  # a step, which undo takes back
    person.window.commands["undo"].trigger()
    person.rest()
    graph = workbench.opened.graph

    def edit() -> None:
        workbench.select((graph.parse("m1"),))
        person.window.commands["cut"].trigger()

    person.wait(lambda: not workbench.busy)
    panel.press()
    person.wait(lambda: panel.data().running)
    edit()
    person.wait(lambda: not panel.data().running)
    person.rest()
    assert "were changed" in panel.data().problem
    assert "m1" in {each.name for each in workbench.document.edits}


def test_named_regions_turn_the_answer(person: Person) -> None:
    person.open("bundled:shapes", *(FOLDER / "shapes" / each for each in ("circle.png", "circle-as-heart.png")))
    person.choose("Edit", ENTRY)
    panel = person.panel("flip")
    place = panel.choice.findData("regions")
    item = panel.choice.model().item(place)
    assert not item.isEnabled()
    assert "brush patches of A" in item.toolTip()
    for region, patches in (("left", (36, 44)), ("right", (37, 45))):
        brush(person, *patches)
        name(person, region)
    assert panel.choice.model().item(place).isEnabled()
    ask(person, "regions")
    data = panel.data()
    assert data.headline.startswith("2 regions from B turn “circle” into “heart”")
    assert {row.part for row in data.rows} == {"nothing", "left", "right"}
    assert {row.its_answer for row in data.rows[1:]} == {"circle"}
    assert sorted(person.edits()) == ["input from B at left", "input from B at right"]
