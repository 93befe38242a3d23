"""The towers of CLIP and SigLIP in the window: text without a head, pictures without a class token."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt

from core.edits import Edit
from core.formatting import MINUS
from core.graph import Node
from core.lens.attention import attention_pattern
from core.lens.query_key import query_key
from core.models.loading import load_model
from core.session import Session
from tests.app.person import Person
from tests.small_models import save_pair

CLEAN, COUNTERFACTUAL = "When Mary gave a drink", "When John gave a drink"


@pytest.fixture(params=["CLIP", "Siglip"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    save_pair(request.param, tmp_path / "pair")
    return tmp_path / "pair"


def cut_the_strongest(person: Person) -> None:
    before = person.figures()
    (index,) = person.strong_edges()
    person.click_edge(index)
    person.press(Qt.Key.Key_X)
    expected = person.session().run([Edit(person.edge(index), "patch")]).metric
    assert person.workbench.ran.after == pytest.approx(float(expected), abs=1e-5)
    assert person.workbench.ran.after != person.workbench.ran.before
    person.press(Qt.Key.Key_X)
    assert person.figures() == before


def inspect_a_head(person: Person, length: int) -> None:
    person.click_node(Node("head", 0, 1))
    person.rest()
    weights = person.controller("inspector").inspection().attention
    session = person.session()
    expected = attention_pattern(session.run(positions="all"), 0, 1)
    assert weights.shape == (length, length)
    np.testing.assert_allclose(weights, expected, atol=1e-6)


def test_a_text_tower_shows_cosines_and_is_cut(person: Person, pair: Path) -> None:
    person.open(f"text:{pair}", CLEAN, COUNTERFACTUAL)
    assert not person.dialogs()
    assert (person.problem("A"), person.problem("B")) == ("", "")
    assert person.card("A").chips.chip_texts()[:5] == ["When", "Mary", "gave", "a", "drink"]
    assert [label for label, *_ in person.predictions()] == ["to A", "to B"]
    assert person.panel("predictions").metric_name.text() == "cosine to A − cosine to B"
    cut_the_strongest(person)
    inspect_a_head(person, len(person.workbench.ready.labels))
    person.type_prompt("B", "When Tom gave a drink")
    assert person.problem("B") == ""
    cut_the_strongest(person)


def test_a_vision_tower_shows_cosines_and_is_cut(person: Person, pair: Path, pictures) -> None:
    person.open(f"vision:{pair}", pictures("a.png"), pictures("b.png"))
    assert not person.dialogs()
    assert person.panel("predictions").metric_name.text() == "cosine to A − cosine to B"
    cut_the_strongest(person)
    inspect_a_head(person, len(person.workbench.ready.labels))


def test_a_text_tower_opened_over_pictures_brings_a_prompt_and_no_logits(viewer: Person, pair: Path) -> None:
    viewer.workbench.models.open_model(f"text:{pair}")
    viewer.wait(lambda: "at most 9" in viewer.problem("A"))  # the prompt comes with a later turn of the event loop
    viewer.rest()
    assert not viewer.dialogs()
    assert viewer.workbench.document.clean.kind == "text"
    assert viewer.workbench.document.metric is None
    viewer.type_prompt("A", CLEAN)
    viewer.type_prompt("B", COUNTERFACTUAL)
    assert viewer.panel("predictions").metric_name.text() == "cosine to A − cosine to B"


def test_class_texts_are_written_in_the_window_and_judge_the_picture(person: Person, pair: Path, pictures) -> None:
    person.open(str(pair), pictures("a.png"), pictures("b.png"))
    assert not person.dialogs()
    assert "Write class texts" in person.notes("A")
    assert person.panel("predictions").metric_name.text() == "cosine to A − cosine to B"
    (index,) = person.strong_edges()
    person.click_edge(index)
    person.press(Qt.Key.Key_X)
    edits = person.edits()
    person.choose("Edit", "Class Texts")
    dialog = person.controller("class_texts").dialog
    dialog.classes.setPlainText("Mary")
    dialog.templates.setPlainText("{}")
    dialog.use.click()
    assert "at least two" in dialog.problem.text()
    dialog.classes.setPlainText("Mary\n猫")
    dialog.use.click()
    person.rest()
    assert "does not know the word 猫" in person.dismiss()
    assert dialog.classes.toPlainText() == "Mary\n猫"  # to be mended
    dialog.classes.setPlainText("Mary\na drink\nthe store")
    person.choose("Edit", "Class Texts")  # again: what is written stays
    dialog.use.click()
    person.rest()
    assert not person.dialogs()
    assert dialog.problem.text() == ""
    assert {label for label, *_ in person.predictions()} == {"Mary", "a drink", "the store"}
    assert person.edits() == edits
    model = load_model(pair, classes=["Mary", "a drink", "the store"], templates=["{}"])
    assert person.workbench.opened.class_names == model.class_names
    expected = Session(model, model.pair(*(pictures(name) for name in ("a.png", "b.png")))).clean.answer
    assert (person.session().clean.answer - expected).abs().max() < 1e-5
    person.choose("Edit", "Undo")
    assert person.panel("predictions").metric_name.text() == "cosine to A − cosine to B"
    assert person.edits() == edits


def test_both_towers_stand_side_by_side(person: Person, tmp_path: Path, pictures) -> None:
    save_pair("CLIP", tmp_path)
    name = f"{tmp_path}?class=Mary&class=a drink&class=the store&template={{}}"
    person.open(name, pictures("a.png"), pictures("b.png"))
    alone = person.figures()
    person.choose("Edit", "Both Towers or One")
    assert person.workbench.document.model == f"towers:{name}"
    opened, layout = person.workbench.opened, person.window.canvas.scene.layout
    assert (len(opened.graph.towers), opened.output_label) == (2, "similarity")
    np.testing.assert_allclose([row[1] for row in person.figures()[2:]], [row[1] for row in alone[2:]], atol=1e-6)
    of_text = [layout.shape(node) for node in opened.graph.writers if node.tower]
    of_image = [layout.shape(node) for node in opened.graph.writers if not node.tower]
    assert max(shape.right() for shape in of_image) < min(shape.left() for shape in of_text)
    assert layout.logits_bar.bottom() < min(shape.top() for shape in [*of_image, *of_text])
    node = opened.graph.parse("t.a1.h2")
    person.click_node(node)
    assert "of the text tower" in person.panel("inspector").logit_lens.why.text()
    person.workbench.editing.edit_selection("mean", 1.0)
    person.rest()
    expected, probabilities = person.expected([Edit(node, "mean")])
    assert person.workbench.ran.after == pytest.approx(expected, abs=1e-5)
    assert person.workbench.ran.after != person.workbench.ran.before
    assert {row.label: row.after for row in person.workbench.ran.rows} == pytest.approx(probabilities, abs=1e-5)
    person.press(Qt.Key.Key_Left, widget=person.window.canvas)
    person.press(Qt.Key.Key_Left, widget=person.window.canvas)
    person.press(Qt.Key.Key_Left, widget=person.window.canvas)
    assert person.workbench.selection == (Node("mlp", 1),)  # of the vision tower, which stands at the left
    head = Node("head", 0, 1)
    person.click_node(head)
    inspector = person.panel("inspector")
    inspector.attention.matrix.cell_clicked.emit(2, 1)  # as by a click, which pins the row next
    inspector.attention.pin_requested.emit(2, False)
    person.wait(inspector.arrow.isVisible)
    score = query_key(person.session().image, head, 2, 1).score
    assert f"score {score:+.2f}".replace("-", MINUS) in inspector.arrow.words.text()
    inspector.attention.pin_requested.emit(2, False)
    person.rest()
    person.choose("Edit", "Both Towers or One")
    assert person.workbench.document.model == name
    assert person.edits() == []  # those of the text tower went with it
    assert not person.dialogs()
