"""Scores that are no effects, masks, shares of a flow, random numbers, those of a file: never called estimates, and
never painted as if they raised or lowered the metric."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QUrl

import wirescope as ws
from app.features.table.controller import table_data
from app.presenters.exported_circuit import circuit_text
from core.formatting import score_words
from core.interchange.scores_files import scores_to_json
from core.tracing.method import METHODS
from tests.app.person import Person
from tests.app.tracing_steps import ROWS, choose, dataset, over_dataset, paste, score, trace
from views.canvas.border import legend
from views.canvas.edge_layer import edge_color
from views.canvas.node_layer import score_color
from views.canvas.strokes import UNSIGNED
from views.panels.table.rows import edge_rows
from views.theme import current


def hues(person: Person) -> set[str]:
    """Of the edges that are drawn."""
    scene = person.window.canvas.scene
    signs = zip(scene.sign.tolist(), scene.level.tolist(), strict=True)
    return {edge_color(current(), sign, level).name() for sign, level in signs if sign}


def coloured() -> set[str]:
    return {edge_color(current(), sign, level).name() for sign in (1, -1) for level in range(6)}


@pytest.mark.parametrize(
    ("who", "name", "how", "title"),
    [
        ("reader", "flow-routes", "scored", "Information flow routes"),
        ("viewer", "flow-routes", "scored", "Information flow routes"),
        ("reader", "random", "drawn", "Random"),
    ],
)
def test_what_is_no_effect_is_not_estimated_and_has_no_hue(request, who: str, name: str, how: str, title: str) -> None:
    person: Person = request.getfixturevalue(who)
    assert hues(person) <= coloured()
    choose(person, name)
    trace(person)
    scored = person.workbench.scored
    expected = ws.trace(person.session(), name).values
    assert scored.values == pytest.approx(expected, abs=1e-5)
    scene = person.window.canvas.scene
    assert UNSIGNED in scene.sign.tolist()
    assert not hues(person) & coloured()
    assert legend(scene.data) == (f"solid measured · dashed {how}", "grey: no sign")
    caption = person.workbench.presenter.snapshot().caption().lines[0]
    assert caption.startswith(f"Dashed edges: {how} by {title} (")

    edge = person.workbench.opened.graph.edge(scene.marks[-1].index)
    value = float(expected[person.workbench.opened.graph.edge_index(edge)])
    assert person.tip(edge).split("  ")[1] == f"score {score_words(value, signed=False)}" + (
        "" if how == "scored" else f" {how}"
    )
    person.window.canvas.set_selection((edge,))
    person.workbench.select((edge,))
    person.rest()
    figures = person.effects()
    assert figures["estimated"] == "–"
    assert figures["measured"] not in ("–", "not yet")
    effects = person.panel("inspector").effects
    assert effects.note.text() == f"No estimate: the scores are by {title}, {METHODS[name].meaning.words}."
    assert not effects.gap.isVisible()


def test_an_edge_that_is_measured_among_shares_has_its_hue_and_the_legend_says_both(reader: Person) -> None:
    choose(reader, "flow-routes")
    trace(reader)
    reader.panel("circuit").size_wanted.emit(6)
    reader.rest()
    reader.choose("Edit", "Measure the Edges Shown")
    reader.rest()
    scene = reader.window.canvas.scene
    assert scene.measured.all()
    for mark, sign in zip(scene.marks, scene.sign.tolist(), strict=True):
        change = reader.workbench.known.measured[scene.data.graph.edge(mark.index)]
        assert sign == np.sign(-change * reader.workbench.direction)
    assert legend(scene.data)[1] == "blue towards A · orange away · grey: no sign"


def test_nodes_that_are_scored_without_a_sign_are_filled_without_a_hue(reader: Person) -> None:
    choose(reader, "flow-routes")
    score(reader, "nodes")
    trace(reader)
    scene = reader.window.canvas.scene
    expected = ws.trace(reader.session(), "flow-routes", level="nodes")
    strongest = expected.graph.writers[int(np.argmax(expected.values[1:])) + 1]
    fill = score_color(current(), scene.score_shade(strongest)).name()
    assert fill not in {score_color(current(), shade).name() for shade in range(-8, 9) if shade}
    assert "estimated" not in reader.message()
    assert reader.message().startswith("Information flow routes scored")
    assert reader.tip(strongest).split("  ")[-1].startswith("score ")


def test_the_table_calls_drawn_numbers_drawn(reader: Person) -> None:
    choose(reader, "random")
    trace(reader)
    workbench = reader.workbench
    rows = edge_rows(
        table_data(workbench.opened, workbench.scored, workbench.usable(), dict(workbench.known.measured), False, 48)
    )
    titles = [column.title for column in rows.columns]
    assert "Drawn" in titles
    assert "Estimated" not in titles
    assert rows.columns[titles.index("Drawn")].sign is None
    assert not rows.choose("raises").any()
    assert "drawn " in rows.describe(3)


def test_scores_of_a_file_are_no_estimates_of_this_pair_and_have_the_files_name(reader: Person, tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_text(scores_to_json(ws.trace(reader.session(), "eap")), encoding="utf-8")
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(file))])
    assert reader.drop(reader.window, mime)
    reader.rest()
    assert reader.message().startswith("mine.json: scores of ")
    assert " by EAP." in reader.message()
    line = reader.workbench.presenter.snapshot().caption().lines[0]
    assert line.startswith("Dashed edges: scored by the file mine.json (")
    (index,) = reader.strong_edges()
    reader.click_edge(index)
    reader.rest()
    assert reader.effects()["estimated"] == "–"
    assert "the file mine.json" in reader.panel("inspector").effects.note.text()
    assert hues(reader) <= coloured()  # EAP's have a sign, in a file too


def test_a_method_has_one_name_wherever_the_window_says_it(reader: Person) -> None:
    choose(reader, "circuit-pruning")
    trace(reader)
    title = METHODS["circuit-pruning"].title
    assert f"The curve ({title}, replaced from B)" in reader.panel("circuit").track.toolTip()
    reader.window.docks["trust"].raise_()
    reader.click(reader.panel("trust").evaluate)
    assert f" edges by {title} over this pair, replaced from B" in reader.panel("trust").data().subject
    reader.workbench.cancel()
    assert f"scored by {title} (" in reader.workbench.presenter.snapshot().caption().lines[0]
    choose(reader, "atp-star")
    score(reader, "nodes")
    trace(reader)
    assert reader.message().startswith("AtP* scored")


def test_an_exported_circuit_never_puts_a_measured_change_in_the_place_of_a_score(reader: Person) -> None:
    paste(reader, ROWS)
    over_dataset(reader)
    choose(reader, "eap-ig")
    trace(reader)
    reader.panel("circuit").size_wanted.emit(6)
    reader.rest()
    reader.choose("Edit", "Measure the Edges Shown")
    reader.rest()
    edge = reader.edge(reader.window.canvas.scene.marks[0].index)
    workbench = reader.workbench
    content = json.loads(circuit_text(workbench.presenter.snapshot()))
    expected = ws.trace(reader.session(), "eap-ig", dataset=dataset(reader)).values
    graph = workbench.opened.graph
    assert len(content["edges"]) == 6
    assert edge.name in [row["edge"] for row in content["edges"]]
    for row in content["edges"]:
        assert row["score"] == pytest.approx(expected[graph.index(row["edge"])], abs=1e-5)
        assert row["measured"] == workbench.known.measured[graph.edge(graph.index(row["edge"]))]
        assert abs(row["score"] + row["measured"]) > 1e-6  # the two are not one number
    sizes = [abs(row["score"]) for row in content["edges"]]
    assert sizes == sorted(sizes, reverse=True)
    about = content["about"]
    assert (about["method"], about["scores"], about["pairs"]) == ("eap-ig", "estimated", str(workbench.scored.pairs))
    assert "partial" not in about
    part = replace(workbench.presenter.snapshot(), scored=replace(workbench.scored, share=0.4))
    assert json.loads(circuit_text(part))["about"]["partial"] == "40 % of the work"
