"""Bad pictures and masks in the window, wherever they can be let go: each is refused in a sentence, nothing that was
there is lost, and the window stays live."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtWidgets import QFileDialog

from tests.app.features.inputs.test_making_b import make
from tests.app.person import Person
from tests.bad_pictures import MASKS, NONE, UNUSUAL, write_bad
from tests.small_vision import save_encoder, write_colours


def files(*paths: Path) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


def test_bad_pictures_and_masks_change_nothing(person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_bad(tmp_path)
    person.workbench.models.open_model("bundled:captions")
    person.rest()
    person.drop(person.card("A"), files(tmp_path / "good.png"))
    make(person, "Make B: Mean Colour")
    (edge,) = person.strong_edges()
    person.click_edge(edge)
    person.window.commands["cut"].trigger()
    person.rest()
    document, figures = person.workbench.document, person.figures()
    assert document.edits

    # On a card.
    for name, (_, words) in NONE.items():
        for letter in "AB":
            person.drop(person.card(letter), files(tmp_path / name))
            assert words in person.problem(letter), name
            assert (person.workbench.document, person.figures()) == (document, figures), name

    # As a mask: dropped on A, chosen, and compared with a map.
    person.window.commands["patch_map"].trigger()
    person.rest()
    panel = person.panel("patch_map")
    told = {f"{name}.png": words for name, (*_, words) in MASKS.items()} | {name: row[1] for name, row in NONE.items()}
    for name, words in told.items():
        if "mask" in name:
            person.drop(person.card("A"), files(tmp_path / name))
        else:
            monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, name=name: (str(tmp_path / name), ""))
            person.choose("Edit", "Pick by a Mask")
        assert words in person.problem("A"), name
        assert person.workbench.positions == ()
        person.drop(panel, files(tmp_path / name))
        assert words in panel.problem.text(), name
        assert panel.data().values is not None, name
        assert (person.workbench.document, person.figures()) == (document, figures), name
    person.click(panel.mask) if not panel.problem.isVisible() else person.controller("patch_map").take_mask("")
    person.rest()
    assert not panel.problem.isVisible()

    # As the picture that patches of B come from.
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tmp_path / "cut.png"), ""))
    make(person, "Make B: Another Picture")
    assert NONE["cut.png"][1] in person.problem("B")
    assert person.workbench.document == document

    # What is unusual alone is taken, with a note of what was done.
    for name, words in UNUSUAL.items():
        person.drop(person.card("A"), files(tmp_path / name))
        assert (person.problem("A"), words in person.notes("A")) == ("", True), name
        assert person.workbench.document.clean.name == name
    make(person, "Make B: Blur")  # of a picture like any other
    assert person.problem("B") == ""

    # The window is live: all is undone, and cut again.
    while person.workbench.document != document:
        person.window.commands["undo"].trigger()
        person.rest()
    assert person.figures() == figures
    person.window.commands["reset"].trigger()
    person.rest()
    assert person.figures() != figures
    assert not person.dialogs()


def test_a_broken_picture_among_many_is_named_and_the_others_are_traced(person: Person, tmp_path: Path) -> None:
    write_bad(tmp_path)
    folder = tmp_path / "many" / "Cross"
    folder.mkdir(parents=True)
    for number in range(6):
        (folder / f"{number}.png").write_bytes((tmp_path / "good.png").read_bytes())
    (folder / "3.png").write_bytes(NONE["cut.png"][0])
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "notes.txt").write_text("no picture", encoding="utf-8")
    person.workbench.models.open_model("bundled:captions")
    person.rest()
    person.window.docks["dataset"].raise_()
    panel = person.panel("dataset")
    person.wait(panel.isVisible)
    person.drop(panel, files(tmp_path / "none"))
    assert "none is a folder without a dataset. Give one with pictures" in panel.problem.text()
    person.drop(panel, files(folder.parent))
    person.wait(lambda: any(row.problem for row in panel.rows()))
    person.wait(lambda: sum(row.before is not None for row in panel.rows()) == 5)
    assert [place for place, row in enumerate(panel.rows()) if row.problem] == [3]
    assert "3.png is damaged" in panel.rows()[3].problem
    assert {row.target for row in person.workbench.document.dataset} == {"cross"}  # a class, by the folder's name


def test_folders_without_two_classes_of_pictures_are_no_probe(person: Person, tmp_path: Path) -> None:
    save_encoder(tmp_path / "model")
    colours = write_colours(tmp_path / "colours", {"red": 4})
    (tmp_path / "empty").mkdir()
    (tmp_path / "bare" / "red").mkdir(parents=True)
    person.open(tmp_path / "model", colours / "red" / "0.png")
    document, figures = person.workbench.document, person.figures()
    person.window.commands["probe"].trigger()
    dialog = person.controller("probe").dialog
    for folders, words in (
        ((colours,), "There are pictures of one class alone, red"),
        ((colours / "red",), "has no folders in it, so its pictures have no classes"),
        ((colours / "red", tmp_path / "empty"), "of one class alone, red (empty has none)"),
        ((tmp_path / "bare",), "There are no pictures in"),
        ((colours / "red", tmp_path / "gone"), "gone is not there"),
    ):
        dialog.set_problem("")
        dialog.set_folders([str(folder) for folder in folders])
        person.click(dialog.fit)
        person.wait(lambda: dialog.problem.text())
        assert words in dialog.problem.text()
        assert (person.workbench.document, person.figures()) == (document, figures)
    # Folders that hold none are said when they are dropped.
    dialog.reject()
    person.drop(person.window, files(tmp_path / "empty", tmp_path / "bare"))
    person.wait(person.dialogs)
    assert "These folders hold no pictures. Give one folder" in person.dismiss()
