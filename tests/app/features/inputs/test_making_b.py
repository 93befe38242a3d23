"""B made from A in the window: each way, again, at picked places alone, taken back; and what cannot be made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMenu

from core.inputs.corruption import corrupt_text
from core.inputs.image_corruption import ImageCorruption, corrupted_side
from core.models.loading import load_model
from core.project.metric_choice import MetricChoice
from core.session import Session
from tests.app.person import Person, plain

TEXT = "When Mary and John went to the store, John gave a drink to"


def make(person: Person, words: str) -> None:
    """An entry of card B's own menu."""
    menu: QMenu = person.panel("inputs").make_menu
    menu.aboutToShow.emit()
    (action,) = [action for action in menu.actions() if plain(action.text()) == words]
    assert action.isEnabled()
    action.trigger()
    person.rest()


@pytest.fixture
def namer(person: Person) -> Person:
    person.open("bundled:names", TEXT, None, MetricChoice("logit_difference", " Mary", " John"))
    return person


def test_texts_are_made_as_core_makes_them_and_can_be_taken_back(namer: Person) -> None:
    model = load_model("bundled:names")
    for words, kind in (("Other Names", "names"), ("Swap Names", "swap"), ("Shuffle Tokens", "shuffle")):
        make(namer, f"Make B: {words}")
        assert namer.workbench.document.counterfactual.text == corrupt_text(model, TEXT, kind)  # type: ignore[arg-type]
        assert namer.problem("B") == ""
        assert namer.window.panels["inputs"].card_b.words.text().endswith("aligned")
    first = namer.card("B").chips.chip_texts()
    make(namer, "Make B: Again")
    second = namer.card("B").chips.chip_texts()
    assert second != first
    assert namer.workbench.document.counterfactual.text == corrupt_text(model, TEXT, "shuffle", seed=1)
    namer.choose("Edit", "Undo")
    assert namer.card("B").chips.chip_texts() == first


def test_only_the_picked_token_is_masked(namer: Person) -> None:
    chips = namer.card("A").chips
    namer.click(chips, chips.chip_rect(10).center().toPoint())
    make(namer, "Make B: Mask Tokens")
    assert [chip.index for chip in namer.card("B").chips.tokens() if chip.differs] == [10]
    assert namer.workbench.history.undo_words == "B: masked tokens"


def test_the_task_of_a_sentence_brings_its_answers_with_it(namer: Person) -> None:
    namer.type_prompt("A", "The keys to the cabinet")
    make(namer, "Make B: As Its Task Would")
    assert namer.workbench.document.counterfactual.text == "The key to the cabinet"
    assert namer.workbench.document.metric == MetricChoice("logit_difference", " are", " is")
    metric, _ = namer.expected([])
    assert namer.workbench.ran.before == pytest.approx(metric, abs=1e-4)


def test_what_cannot_be_made_is_said_on_the_card_and_changes_nothing(namer: Person) -> None:
    namer.type_prompt("A", "The store was full")
    before = namer.workbench.document
    make(namer, "Make B: Other Names")
    assert "A has no name that Wirescope knows." in namer.problem("B")
    assert namer.workbench.document == before
    make(namer, "Make B: Mask Tokens")
    assert namer.problem("B") == ""


def test_a_new_pair_of_a_task_from_the_edit_menu(namer: Person) -> None:
    namer.choose("Edit/Make B from A/New A and B from a Task", "Capitals")
    document = namer.workbench.document
    assert document.clean.text != TEXT
    assert document.metric.kind == "logit_difference"
    session = Session(load_model("bundled:names"), load_model("bundled:names").pair(document.clean.text))
    assert session.clean.top(1)[0].label == document.metric.target


def test_a_region_of_a_picture_is_corrupted(viewer: Person) -> None:
    picture = viewer.card("A").picture
    viewer.click(picture, picture.patch_rect(5).center().toPoint())
    viewer.click(picture, picture.patch_rect(6).center().toPoint(), Qt.KeyboardModifier.ShiftModifier)
    viewer.rest()
    model = load_model(viewer.workbench.document.model)
    path = viewer.workbench.document.clean.path
    for words, kind in (("Blur", "blur"), ("Mean Colour", "mean"), ("Noise", "noise"), ("Shuffle Patches", "shuffle")):
        make(viewer, f"Make B: {words}")
        side = corrupted_side(model, model.side(path), ImageCorruption(kind, (5, 6)))  # type: ignore[arg-type]
        shown = viewer.card("B").card()
        assert np.array_equal(shown.image, side.view)
        assert shown.name.startswith("a.png, ")
        assert shown.name.endswith("in 2 patches")
        pair = model.pair(path)
        session = Session(model, type(pair)(pair.clean, side, pair.grid, pair.prefix))
        assert session.counterfactual is not None
        card_a = viewer.card("A").card().image
        different = (np.asarray(card_a) != np.asarray(shown.image)).any(axis=2)
        assert different[:, : different.shape[1] // 4].sum() == 0  # the first column of patches
        assert different.any()


def test_another_picture_fills_the_whole_where_nothing_is_picked(viewer: Person, pictures, monkeypatch) -> None:
    other: Path = pictures("c.png")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(other), ""))
    make(viewer, "Make B: Another Picture")
    model = load_model(viewer.workbench.document.model)
    assert np.array_equal(viewer.card("B").card().image, model.side(str(other)).view)
    viewer.choose("Edit", "Swap A and B")
    assert np.array_equal(viewer.card("A").card().image, model.side(str(other)).view)
    assert not viewer.dialogs()


def test_the_entries_are_those_of_the_models_kind(namer: Person, models) -> None:
    commands = namer.window.commands
    assert commands["make_names"].isEnabled()
    assert not commands["make_blur"].isEnabled()
    assert not commands["make_again"].isEnabled()
    namer.open(models.vit, Path(__file__).parents[4] / "resources/samples/photos/cat.jpg")
    assert commands["make_blur"].isEnabled()
    assert not commands["make_names"].isEnabled()
    make(namer, "Make B: Blur")
    assert namer.card("B").card().name == "cat.jpg, blurred"
