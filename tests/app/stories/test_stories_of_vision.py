"""Stories of models that see: a printed word takes the answer and is cut out again; two folders become classes that are
traced; a cat becomes a cup by the fewest patches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog

import wirescope as ws
from core.edits import Edit
from core.inputs.image_corruption import corrupted
from core.models.loading import load_model
from core.models.probe import digest_in
from core.models.probe_store import kept
from core.project.wire_file import load_project, save_project
from core.scripts.python_script import python_script
from resources.samples.make import FOLDER
from tests.app.features.inputs.test_making_b import make
from tests.app.person import Person
from tests.app.stories.steps import drag, metric, says
from tests.small_vision import save_encoder, write_colours

CROSS = FOLDER / "captions" / "green-cross.png"
PHOTOGRAPHS = FOLDER / "photos"
ENOUGH = 12  # cuts: the answer must have come back by then


def files(*paths: Path) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


def answer(person: Person) -> str:
    """The likeliest now, as the table says."""
    return max(person.workbench.ran.rows, key=lambda row: row.after).label


def leave(person: Person, dialog: QDialog) -> None:
    """Close a dialog; the window comes to the front, as the window manager has it."""
    dialog.reject()
    person.window.activateWindow()
    person.wait(person.window.isActiveWindow)


def trace(person: Person) -> None:
    person.click(person.window.top_bar.trace)
    person.rest()
    assert person.circuit().curve is not None


def cut_the_strongest(person: Person) -> Edit:
    """A click on the strongest edge that is not cut yet, and a key."""
    cut = {edit.target for edit in person.workbench.document.edits}
    edge = next(index for index in person.strong_edges(len(cut) + 1) if person.edge(index) not in cut)
    person.click_edge(edge)
    person.press(Qt.Key.Key_X)
    edit = person.workbench.document.edits[-1]
    assert edit == Edit(person.edge(edge), "patch")
    return edit


def test_a_printed_word_takes_the_answer_and_is_cut_out_again(person: Person, tmp_path: Path) -> None:
    person.workbench.models.open_model("bundled:captions")
    person.rest()
    assert person.drop(person.card("A"), files(CROSS))
    assert answer(person) == "cross"

    # The word: A is attacked, B is the picture without it, and the metric asks which of them is believed.
    make(person, "Make B: Print a Word")
    dialog = person.controller("inputs").word.dialog
    QTest.keyClicks(dialog.word, "ring")
    dialog.place.setCurrentText("Top")
    dialog.card.setCurrentIndex(1)
    person.click(dialog.print_it)
    person.rest()
    assert (answer(person), dialog.problem.isVisible()) == ("ring", False)
    assert person.card("A").card().name == "green-cross.png, “ring” on a sticker"
    assert person.card("B").card().name == "green-cross.png"
    assert person.panel("predictions").metric_name.text() == 'logit("ring") − logit("cross")'
    assert person.workbench.history.undo_words == "A: “ring” on a sticker"

    # Another word takes the first one's place, and so does the first again.
    dialog.word.selectAll()
    QTest.keyClicks(dialog.word, "heart")
    person.click(dialog.print_it)
    person.rest()
    assert person.card("A").card().name == "green-cross.png, “heart” on a sticker"
    assert person.panel("predictions").metric_name.text() == 'logit("heart") − logit("cross")'
    leave(person, dialog)
    person.choose("Edit", "Undo")
    assert answer(person) == "ring"

    model = load_model("bundled:captions")
    attacked = corrupted(model, str(CROSS), "word", text="ring", place="top")
    beside = ws.Session(model, model.pair(attacked, str(CROSS)), ws.logit_difference("ring", "cross"))
    assert says(metric(person), float(beside.clean.metric[0]))

    # Trace it, and cut the strongest edges towards the word until the model says what it sees.
    trace(person)
    cuts: list[Edit] = []
    while answer(person) != "cross" and len(cuts) < ENOUGH:
        cuts.append(cut_the_strongest(person))
    after = beside.run(cuts)
    assert (answer(person), after.top(1)[0].label) == ("cross", "cross")
    assert beside.run(cuts[:-1]).top(1)[0].label != "cross"
    assert says(metric(person), float(after.metric[0]))
    assert float(after.metric[0]) < 0  # cross is ahead of ring
    person.choose("Edit", "Reset All Edits")
    assert answer(person) == "ring"

    # B is made from the attacked A like from any other; the project and the script know how.
    make(person, "Make B: Blur")
    assert person.card("B").card().name == "green-cross.png, “ring” on a sticker, blurred"
    blurred = corrupted(model, attacked, "blur")
    beside = ws.Session(model, model.pair(attacked, blurred), ws.logit_difference("ring", "cross"))
    rows = {row.label: row.in_b for row in person.workbench.ran.rows}
    assert all(abs(rows[each.label] - each.probability) < 1e-4 for each in beside.counterfactual.top(8))
    document, file = person.workbench.document, tmp_path / "attacked.wire"
    save_project(file, person.controller("projects").project.project())
    kept = load_project(file).document.counterfactual.corruption
    assert [(step.kind, step.text, step.place) for step in kept.steps] == [
        ("word", "ring", "top"),
        ("blur", "", "centre"),
    ]
    script = python_script([("The attacked picture", document)])
    assert [script.count(f"picture_{letter} = ws.corrupted(") for letter in "ab"] == [1, 2]


def test_two_folders_are_dropped_learnt_and_a_class_is_traced(person: Person, tmp_path: Path) -> None:
    save_encoder(tmp_path / "model")
    folder = write_colours(tmp_path / "colours", {"red": 6, "blue": 6})
    assert person.drop(person.window, files(tmp_path / "model"))
    person.wait(lambda: person.workbench.opened is not None)
    person.drop(person.card("A"), files(folder / "red" / "0.png"))
    make(person, "Make B: Blur")  # also of a model that names nothing
    assert (person.card("B").card().name, person.problem("B")) == ("0.png, blurred", "")
    person.drop(person.card("B"), files(folder / "blue" / "0.png"))
    assert [label for label, *_ in person.predictions()] == ["to A", "to B"]

    person.drop(person.window, files(folder / "red", folder / "blue"))
    person.wait(lambda: person.controller("probe").dialog is not None)
    dialog = person.controller("probe").dialog
    person.click(dialog.fit)
    person.wait(lambda: person.workbench.opened is not None and person.workbench.opened.class_names)
    person.rest()
    probe = kept(digest_in(person.workbench.document.model))
    assert f"{probe.report.correct} of 12" in dialog.accuracy.text()
    leave(person, dialog)
    assert {label for label, *_ in person.predictions()} == {"red", "blue"}

    # The class is what is traced: the sum of all edges' scores is the way from A to B.
    editor = person.panel("inputs").metric_editor
    assert {editor.target.itemText(place) for place in range(editor.target.count())} >= {"red", "blue"}
    trace(person)
    recovered = person.workbench.recovered
    assert recovered.size > 0
    edit = cut_the_strongest(person)
    model = load_model(person.workbench.document.model)
    pair = model.pair(*(str(folder / colour / "0.png") for colour in ("red", "blue")))
    choice = person.workbench.ready.metric
    beside = ws.Session(model, pair, ws.Metric(choice.kind, choice.target or None, choice.foil or None))
    assert says(metric(person), float(beside.run([edit]).metric[0]))


def test_photographs_become_classes_and_the_cat_becomes_a_cup(person: Person, models, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name in ("cat", "coffee"):  # parts of two photographs
        (tmp_path / name).mkdir()
        with Image.open(PHOTOGRAPHS / f"{name}.jpg") as photograph:
            for number in range(3):
                side = int(min(photograph.size) * rng.uniform(0.55, 0.85))
                left, top = (int(rng.integers(0, length - side)) for length in photograph.size)
                photograph.crop((left, top, left + side, top + side)).save(tmp_path / name / f"{number}.png")
    person.open(models.dinov2, PHOTOGRAPHS / "cat.jpg", PHOTOGRAPHS / "coffee.jpg")

    # Two folders are its classes.
    person.drop(person.window, files(tmp_path / "cat", tmp_path / "coffee"))
    person.wait(lambda: person.controller("probe").dialog is not None)
    dialog = person.controller("probe").dialog
    person.wait(lambda: dialog.folders())
    person.click(dialog.fit)
    person.wait(lambda: person.workbench.opened is not None and person.workbench.opened.class_names)
    person.rest()
    leave(person, dialog)
    assert answer(person) == "cat"

    # A region of patches, and how much a head reads there.
    picture = person.card("A").picture
    drag(picture, *(picture.patch_rect(patch).center().toPoint() for patch in (5, 6, 10)))  # of 4 by 4
    person.rest()
    person.choose("Edit", "Name the Picked Region")
    QTest.keyClicks(person.panel("inputs").regions.field, "face")
    QTest.keyClick(person.panel("inputs").regions.field, Qt.Key.Key_Return)
    person.rest()
    (region,) = person.workbench.document.regions
    person.click_node(person.workbench.opened.graph.parse("a1.h2"))
    attention = person.panel("inspector").attention
    share = float(attention.patches.weights()[0, list(region.positions)].sum())
    assert f"face {share:.2f}" in attention.regions.text()
    person.choose("Edit", "Pick No Tokens")

    # The fewest patches of the picture from B that make a cup of the cat.
    person.press(Qt.Key.Key_F6, Qt.KeyboardModifier.ControlModifier, person.window)
    panel = person.panel("flip")
    panel.choice.setCurrentText("Patches")
    person.click(panel.find)
    person.wait(lambda: not panel.data().running)
    person.rest()
    assert answer(person) == "coffee"
    assert panel.data().problem == ""
    assert all(row.without for row in panel.data().rows[1:])
    person.choose("Edit", "Undo")
    assert answer(person) == "cat"
