"""Watch This Circuit: cards say whether their inputs are unlike the dataset's, live; the monitor leaves as a folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PySide6.QtWidgets import QFileDialog

import wirescope as ws
from app.features.watching.presenter import verdict, watched_words
from app.features.watching.queries import Verdict
from core.detection.watch import least_false_alarms
from core.project.document import PairSource, Source
from resources.models.planted.make import FOLDER
from tests.app.person import Person
from tests.core.detection.test_watch import texts
from tests.core.repair.planted import MODEL

ENTRY = "Watch This Circuit"


def fill(person: Person, rows: int) -> list[str]:
    """The dataset with ordinary inputs."""
    reference = texts()[0][:rows]
    sources = tuple(PairSource(Source("text", text=text)) for text in reference)
    person.workbench.commit("Rows", replace(person.workbench.document, dataset=sources))
    person.rest()
    return reference


def said(person: Person, letter: str) -> str:
    label = person.card(letter).verdict
    return label.text() if label.isVisible() else ""


def test_a_card_says_whether_its_input_is_unlike_the_datasets(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, calm, triggered = texts()
    person.open(FOLDER / MODEL, calm[0], triggered[0])
    action = person.window.commands["watch"]
    fill(person, 6)
    assert not action.isEnabled()
    assert "it has 6 inputs, and 20 are the least" in action.toolTip()
    reference = fill(person, 40)
    row = person.panel("inputs").watching
    assert not row.isVisible()
    person.choose("Edit", ENTRY)
    assert row.words.text() == "Watching every node, learnt from 40 inputs"

    # as `ws.watch` has it
    watch = ws.watch(person.session().model, reference, false_alarms=0.05)
    for letter, text in (("A", calm[0]), ("B", triggered[0])):
        found = watch.verdicts(text)
        share = float(watch.carry_more(found.scores)[0])
        assert said(person, letter).startswith("Unusual" if bool(found.alarms[0]) else f"Usual: {share:.0%}"[:-1])
    assert said(person, "B") == "Unusual: carries more than all 20 of the dataset's inputs that it is compared with"
    assert "Farthest out" in person.card("B").verdict.toolTip()

    # live, without learning anew
    with monkeypatch.context() as anew:
        anew.delattr("app.features.watching.handlers.watch")
        person.type_prompt("A", triggered[1])
        assert said(person, "A").startswith("Unusual")
        person.type_prompt("A", calm[1])
        assert said(person, "A").startswith("Usual")

    folder = tmp_path / "monitor"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(folder), ""))
    person.click(row.export)
    person.rest()
    assert str(folder) in person.dismiss()
    assert "every" not in (folder / "README.md").read_text(encoding="utf-8")
    person.click(row.export)
    person.rest()
    assert "monitor is not empty" in person.dismiss()

    # a selection is watched alone
    node = person.workbench.opened.graph.parse("m1")
    person.workbench.select((node,))
    person.rest()
    person.choose("Edit", ENTRY)
    assert row.words.text() == "Watching m1, learnt from 40 inputs"
    person.click(row.stop)
    person.rest()
    assert not row.isVisible()
    assert said(person, "A") == said(person, "B") == ""
    person.choose("Edit", ENTRY)
    person.open(FOLDER / "trojan-tuned", calm[0])  # what was learnt of another model says nothing of it
    assert not row.isVisible()
    assert said(person, "A") == ""


def test_a_circuit_is_watched_where_nothing_is_selected(person: Person) -> None:
    _, calm, triggered = texts()
    person.open(FOLDER / MODEL, calm[0], triggered[0])
    fill(person, 24)
    person.workbench.commit("Size", replace(person.workbench.document, size=12))
    person.rest()
    person.choose("Edit", ENTRY)
    assert person.panel("inputs").watching.words.text() == "Watching 12 edges, learnt from 24 inputs"
    kept = person.workbench.scored.ranking.kept(12)
    assert {part.name for part in person.controller("watching")._asked.parts} == {
        person.edge(int(index)).name for index in kept
    }
    assert "at most 7.7 %" in person.panel("inputs").watching.words.toolTip()


def test_words() -> None:
    graph = ws.load_model(str(FOLDER / MODEL)).graph
    edge, node = graph.edges[5], graph.parse("m1")
    assert watched_words((edge, graph.edges[6], node)) == "2 edges and 1 node"
    some = verdict(Verdict(True, 0.02, (("m1", 7.31),)), 50, stale=True)
    assert some.words == "Unusual: carries more than 98.0 % of the dataset's inputs"
    assert some.tip.startswith("Farthest out, in standard deviations of the dataset's inputs: m1 +7.3.")
    assert (some.unusual, some.stale) == (True, True)
    assert verdict(None, 50, stale=False).words == ""


def test_the_least_share_of_false_alarms_is_what_a_watch_takes() -> None:
    model, reference = ws.load_model(str(FOLDER / MODEL)), texts()[0][:24]
    share = least_false_alarms(24)
    assert share == pytest.approx(1 / 13)
    watch = ws.watch(model, reference, ["m1"], false_alarms=share)
    assert watch.calibrated == 12
    torch.testing.assert_close(torch.tensor(watch.threshold), watch.usual.max())
    assert watch.carry_more(watch.usual).max() == pytest.approx(11 / 12)
    with pytest.raises(ws.WirescopeError, match="needs 26"):
        ws.watch(model, reference, ["m1"], false_alarms=share * 0.99)
