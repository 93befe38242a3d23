"""An estimate and a measurement stand together only where they are of the same; else both say of what."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

import wirescope as ws
from app.presenters.side_by_side import side_by_side
from core.formatting import change_words
from tests.app.person import Person
from tests.app.tracing_steps import ROWS, dataset, over_dataset, paste, trace


def chosen_edge(person: Person) -> int:
    (index,) = person.strong_edges()
    person.click_edge(index)
    person.wait(lambda: person.effects().get("measured", "not yet") != "not yet")
    return index


def note(person: Person) -> str:
    return person.panel("inspector").effects.note.text()


def gap(person: Person) -> str:
    return person.panel("inspector").effects.gap.text()


def test_on_one_pair_they_stand_together_without_a_cause_that_nobody_measured(reader: Person) -> None:
    trace(reader)
    chosen_edge(reader)
    assert [words for words, _ in reader.effect_words()] == ["estimated", "measured"]
    assert gap(reader)
    assert not note(reader)
    said = f"{gap(reader)} {reader.panel('inspector').effects.flag.toolTip()}".lower()
    assert not any(cause in said for cause in ("softmax", "norms", "saturat"))


def test_after_a_trace_over_a_dataset_both_say_of_what(reader: Person) -> None:
    paste(reader, ROWS)
    over_dataset(reader)
    trace(reader)
    pairs = reader.workbench.scored.pairs
    assert pairs > 1
    index = chosen_edge(reader)
    assert [words for words, _ in reader.effect_words()] == [f"estimated, {pairs} pairs", "measured, this pair"]
    assert f"mean over {pairs} pairs" in note(reader)
    assert not gap(reader)
    assert not reader.panel("inspector").effects.flag.isVisible()
    edge = reader.edge(index)
    assert (
        edge not in reader.workbench.known.measured
    )  # nothing of one pair beside the means, in the table or on the canvas

    # A cut on the pair keeps its figure on the wire, and is not taken for a mean.
    reader.press(Qt.Key.Key_P, widget=reader.window.canvas)
    assert edge not in reader.workbench.known.measured
    (mark,) = [mark for mark in reader.workbench.presenter.canvas().edges if mark.index == index]
    assert not mark.measured
    session = reader.session()
    one = float(session.run([ws.Edit(edge, "patch")]).metric[0] - session.clean.metric[0])
    assert mark.label == change_words(one)
    tip = reader.tip(edge)
    assert f"estimated over {pairs} pairs" in tip
    assert f"{mark.label}, on the pair on the cards" in tip.replace("edited: from B ", "")
    reader.choose("Edit", "Undo")

    # What a node reads and writes, and the ways on from an edge, say over what they are scored.
    assert reader.panel("inspector").paths.hint.text() == f"estimated, {pairs} pairs"
    reader.click_node(edge.writer)
    assert reader.panel("inspector").signs.text().startswith(f"Estimated over {pairs} pairs.")
    reader.click_edge(index)

    # Measured over the same pairs, they are of the same.
    reader.workbench.select(())
    reader.window.commands["measure"].trigger()
    reader.rest()
    reader.click_edge(index)
    assert [words for words, _ in reader.effect_words()] == ["estimated", "measured"]
    changes = []
    for pair, answers in zip(dataset(reader).pairs, dataset(reader).answers, strict=True):
        each = ws.Session(session.model, pair, ws.logit_difference(*answers) if answers else session.metric.metric)
        changes.append(float(each.run([ws.Edit(edge, "patch")]).metric[0] - each.clean.metric[0]))
    assert reader.effects()["measured"] == change_words(sum(changes) / len(changes))
    assert gap(reader)


def test_with_other_edits_in_place_the_estimate_says_that_it_is_without(reader: Person) -> None:
    trace(reader)
    first, second = reader.strong_edges(2)
    reader.click_edge(first)
    reader.press(Qt.Key.Key_P, widget=reader.window.canvas)
    assert [words for words, _ in reader.effect_words()] == ["estimated", "measured"]
    reader.click_edge(second)
    reader.wait(lambda: reader.effects()["measured"] != "not yet")
    assert [words for words, _ in reader.effect_words()] == ["estimated, no edits", "measured, with edits"]
    assert "without edits" in note(reader)
    assert not gap(reader)


@pytest.mark.parametrize(("file_pairs", "said"), [(0, "its file"), (12, "12 pairs of its file")])
def test_scores_of_a_file_are_of_its_inputs(reader: Person, file_pairs: int, said: str) -> None:
    trace(reader)
    sides = side_by_side(replace(reader.workbench.scored, from_file=True, file_pairs=file_pairs), others=False)
    assert said in sides.words
    assert sides.measured == "this pair"
