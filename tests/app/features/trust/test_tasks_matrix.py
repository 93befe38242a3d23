"""The matrix of all tasks in the panel Trust, against the notebook's own."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint

import wirescope as ws
from core.errors import Cancelled
from core.evaluation.dissociation_words import sentences
from core.formatting import percent
from tests.app.person import Person
from tests.app.tracing_steps import open_trust

TWO = ("capitals", "agreement")


def test_all_tasks_are_compared_shown_and_forgotten_with_the_model(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = functools.partial(ws.dissociate, tasks=TWO, size=4, pairs=4, draws=1)
    monkeypatch.setattr("app.features.trust.handlers.dissociate", small)
    person.open("bundled:names", "The capital of Italy is", "The capital of Spain is")
    open_trust(person)
    section = person.panel("trust").all_tasks
    assert section.way() == "circuit"
    assert not section.matrix.isVisible()
    person.click(section.compare)
    person.wait(lambda: section.matrix.isVisible())
    person.rest()
    assert section.compare.text() == "Compare"
    found = small(ws.load_model("bundled:names"), choose="circuit")
    view = section.matrix
    for cut in range(2):
        for task in range(2):
            at = view.cell(cut, task).center()
            tip = view.tip_at(at.x(), at.y())
            assert f"keeps {percent(float(found.kept[cut, task]))} where " in tip
            assert tip in view.accessibleDescription()
    assert view.tip_at(1, 1) == ""
    assert section.words.text().splitlines() == sentences(replace(found, tasks=found.titles))
    own, other = (view.grab().toImage().pixelColor(view.cell(*cell).topLeft().toPoint() + QPoint(5, 3))
                  for cell in ((0, 0), (0, 1)))  # fmt: skip
    assert (own == other) == (percent(float(found.kept[0, 0])) == percent(float(found.kept[0, 1])))

    asked = []

    def waits(*_: object, choose: str, cancelled: Callable[[], bool], **__: object) -> None:
        asked.append(choose)
        while not cancelled():
            time.sleep(0.005)
        raise Cancelled

    monkeypatch.setattr("app.features.trust.handlers.dissociate", waits)
    section.choose.setCurrentIndex(1)
    person.click(section.compare)
    person.wait(lambda: asked == ["contrast"])
    assert section.compare.text() == "Cancel"
    assert section.said.text().startswith("Comparing the tasks")
    person.click(section.compare)
    person.rest()
    assert section.compare.text() == "Compare"
    assert not section.said.text()
    person.open("bundled:shapes", None)
    assert not section.matrix.isVisible()
    assert "fewer than two built-in tasks of text" in section.said.text()
    assert not section.compare.isEnabled()
