"""The strip finds the smallest circuit for a share, and says what a trace has come to; ranked by what leads towards
A."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

import wirescope as ws
from app.features.circuit.controller.circuit import nothing_small, step_words, traced_words
from app.features.circuit.controller.smallest import smallest_words
from app.features.circuit.queries import SmallestQuery, SmallestReply
from app.messages.replies import RecoveryReply
from core.evaluation.faithfulness import largest_drawn
from core.evaluation.measured import measure
from core.evaluation.smallest import smallest_circuit
from core.formatting import share_words
from core.project.document import Document
from core.project.metric_choice import MetricChoice
from core.tracing.told_options import Options
from tests.app.person import Person
from tests.app.tracing_steps import choose, trace, type_share, type_size
from views.canvas.border import legend
from views.panels.circuit.typed import parse_share, parse_size


def traced(person: Person) -> ws.Scores:
    """What the window has traced, made beside it."""
    scored = person.workbench.scored
    return ws.trace(person.session(), scored.method, replacement=scored.kind)


def share_of(person: Person, scores: ws.Scores, size: int) -> float:
    session = person.session()
    return float(measure(session, [scores.top(size)], scores.replacement).recovered()[0])


def test_at_least_a_share_keeps_the_smallest_circuit_as_one_step(reader: Person) -> None:
    trace(reader)
    before, scores = reader.workbench.document.size, traced(reader)
    type_share(reader, "at least 60 %")
    expected = smallest_circuit(lambda size: share_of(reader, scores, size), len(scores.values), 0.6)
    assert expected is not None
    assert reader.workbench.document.size == expected.size
    assert f"The best {expected.size:,} of" in reader.message()
    assert share_words(expected.share) in reader.message()
    assert (
        reader.workbench.history.undo_words == f"Keep the smallest circuit for at least 60 %: {expected.size:,} edges"
    )
    reader.choose("Edit", "Undo")
    assert reader.workbench.document.size == before


def test_what_is_no_share_is_refused_and_a_share_of_edges_is_another_thing(reader: Person) -> None:
    trace(reader)
    before = reader.workbench.document.size
    type_share(reader, "all")
    assert "Type a share of the behaviour from 1 % to 100 %" in reader.panel("circuit").title.text()
    assert reader.workbench.document.size == before
    QTest.keyClick(reader.panel("circuit").least, Qt.Key.Key_Escape)
    type_size(reader, "10 % of edges")
    assert reader.workbench.document.size == round(0.1 * reader.workbench.opened.graph.n_edges)


@pytest.mark.parametrize(
    ("text", "share"),
    [("80", 0.8), ("80 %", 0.8), ("at least 80 %", 0.8), ("≥ 95%", 0.95), (">=7,5 %", 0.075), ("0", None),
     ("101 %", None), ("half", None), ("", None), ("-5 %", None)],
)  # fmt: skip
def test_shares_as_people_type_them(text: str, share: float | None) -> None:
    assert parse_share(text) == (None if share is None else pytest.approx(share))
    if text.startswith("at least"):
        assert parse_size(text, 2000) is None


def test_a_trace_for_kl_keeps_what_makes_a_and_paints_it_blue(reader: Person) -> None:
    reader.workbench.question.set_metric(MetricChoice("kl"))
    reader.rest()
    trace(reader)
    scores = traced(reader)
    assert scores.direction == -1
    document, scene = reader.workbench.document, reader.window.canvas.scene
    ranking = reader.workbench.scored.ranking
    count = largest_drawn(len(scores.values))
    assert ranking.best[:count].tolist() == scores.top(count).edges.tolist()
    assert share_of(reader, scores, count) > 0
    if document.size is not None:
        assert {mark.index for mark in scene.marks} == set(scores.top(document.size).edges.tolist())
    for mark, sign in zip(scene.marks, scene.sign.tolist(), strict=True):
        assert sign == -np.sign(mark.value)
    assert legend(scene.data)[1] == "blue towards A · orange away"


def test_what_acdc_kept_is_the_circuit_exactly(reader: Person) -> None:
    choose(reader, "acdc")
    threshold = 0.02
    field = reader.window.top_bar.method_menu.fields["threshold"]
    field.setValue(threshold)
    reader.rest()
    trace(reader)
    expected = ws.trace(reader.session(), "acdc", options=Options(threshold=threshold))
    assert expected.kept is not None
    kept = np.flatnonzero(expected.kept)
    assert 0 < len(kept) < len(expected.values)
    assert reader.workbench.document.size == len(kept)
    shown = {mark.index for mark in reader.window.canvas.scene.marks}
    assert shown == set(kept.tolist())
    assert reader.workbench.history.undo_words == f"Trace: keep the {len(kept):,} edges that it kept"
    assert "These are what the search has kept" in reader.message()


def test_where_nothing_small_recovers_much_it_is_said_and_the_strongest_are_shown(reader: Person) -> None:
    found = RecoveryReply(0, 458, 9163, 0.12, 0.0, "eap-ig", "patch", missed=0.8, tried=500, is_small=False)
    words = traced_words(found, Document("x"))
    assert words.startswith("No circuit of up to 500 edges recovers half of the behaviour: shown are the strongest")
    assert "458 of 9,163 edges recover 12 %" in words
    assert step_words(found) == "Trace: no small circuit, show the strongest edges"
    assert nothing_small(found) == "no small circuit: the best 458 recover 12 %"
    choose(reader, "random")
    trace(reader)
    recovered = reader.workbench.recovered
    assert recovered is not None
    if not recovered.is_small:
        assert reader.workbench.document.size is None
        assert "no small circuit" in reader.panel("circuit").words()[0][0]
    else:
        assert recovered.share >= 0.5


def test_the_track_reads_out_what_is_under_the_pointer_and_at_the_handle(reader: Person) -> None:
    trace(reader)
    reader.wait(lambda: reader.circuit().curve is not None)
    reader.rest()
    track, curve = reader.panel("circuit").track, reader.circuit().curve
    place = len(curve.sizes) - 3
    size, share = curve.sizes[place], curve.recovered[place]
    at = QPointF(track.x_of(size), track.height() / 2)
    none = Qt.MouseButton.NoButton
    moved = QMouseEvent(QEvent.Type.MouseMove, at, track.mapToGlobal(at), none, none, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(track, moved)
    assert track.readout().startswith(f"{size:,} edges recover {share_words(share)}")
    QApplication.sendEvent(track, QEvent(QEvent.Type.Leave))
    assert f"{size:,} edges {share_words(share)}" in track.accessibleDescription()
    track.setFocus()
    reader.press(Qt.Key.Key_Right, widget=track)
    now = reader.workbench.document.size
    assert (
        track.readout() == f"{now:,} edges recover {share_words(reader.controller('circuit').strip.data().kept.share)}"
    )


def test_a_single_edge_is_not_spoken_of_as_of_several(reader: Person) -> None:
    trace(reader)
    type_size(reader, 1)
    workbench = reader.workbench
    assert workbench.history.undo_words == "Keep the best edge"
    assert reader.panel("circuit").words()[0][0].startswith("best edge recovers")
    assert workbench.presenter.subject().recovered_words.startswith("1 of 262 edges recovers")
    assert "a random one" in workbench.presenter.subject().recovered_words
    assert workbench.history.current.recovery.words.startswith("1 edge recovers")
    reader.window.commands["measure"].trigger()
    reader.rest()
    assert reader.message() == "Measured 1 edge, each edited alone."
    found = RecoveryReply(0, 1, 262, 0.9, 0.0, "eap-ig", "patch")
    assert step_words(found) == "Trace: keep the best edge"
    assert step_words(replace(found, is_search=True)) == "Trace: keep the 1 edge that it kept"
    smallest = SmallestReply(0, SmallestQuery(0.8), 2, 0.9, 0.3, 262)
    assert "edges recover 90 %; the best edge recovers 30 %" in smallest_words(smallest)
    assert smallest_words(replace(smallest, size=1)).startswith("The best of 262 edges alone recovers 90 %.")
