"""Attacks on a picture in the window: a word is printed on it and the answer is another; a mask picks what is removed;
patches of another picture are put in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from core.inputs.corruption_kinds import ImageCorruption
from core.inputs.image_corruption import corrupted, corrupted_side
from core.models.loading import load_model
from core.session import Session
from tests.app.features.inputs.test_making_b import make
from tests.app.person import Person
from tests.app.stories.steps import begin, drag


def expected_view(person: Person, **how: object) -> np.ndarray:
    """The picture as `core` makes it."""
    model, path = load_model("bundled:shapes"), person.workbench.document.clean.path
    side = corrupted_side(model, model.side(path), ImageCorruption(**how), path)  # type: ignore[arg-type]
    assert side.view is not None
    return side.view


def mask(path: Path, pixels: int, left: int, top: int, right: int, bottom: int) -> Path:
    values = np.zeros((pixels, pixels), np.uint8)
    values[top:bottom, left:right] = 255
    Image.fromarray(values).save(path)
    return path


def files(*paths: Path) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


def test_a_picture_is_attacked_with_a_word_and_by_a_mask(person: Person, tmp_path: Path, monkeypatch) -> None:
    begin(person, "A circle, or a heart")
    document = person.workbench.document
    with Image.open(document.clean.path) as picture:
        size = picture.width

    # A word, from the dialog; one without letters is refused in it.
    make(person, "Make B: Print a Word")
    dialog = person.controller("inputs").word.dialog
    assert dialog.isVisible()
    person.click(dialog.print_it)
    person.rest()
    assert "no word to print" in dialog.problem.text()
    QTest.keyClicks(dialog.word, "heart")
    dialog.size_of.setValue(40)
    dialog.place.setCurrentText("Top")
    person.click(dialog.print_it)
    person.rest()
    assert not dialog.problem.isVisible()
    shown = person.card("B").card()
    assert np.array_equal(shown.image, expected_view(person, kind="word", text="heart", size=0.4, place="top"))
    assert shown.name.endswith("“heart” on a sticker")
    assert person.workbench.history.undo_words == "B: “heart” on a sticker"
    model, path = load_model("bundled:shapes"), document.clean.path
    attacked = corrupted(model, path, "word", text="heart", size=0.4, place="top")
    b = Session(model, model.pair(path, attacked)).counterfactual
    row = person.workbench.ran.rows[0]
    assert row.in_b == pytest.approx(next(each.probability for each in b.top(8) if each.label == row.label), abs=1e-4)
    assert row.in_b != pytest.approx(row.before, abs=1e-4)

    # Another in a brushed region, where the place says nothing any more.
    picture = person.card("A").picture
    drag(picture, *(picture.patch_rect(patch).center().toPoint() for patch in (40, 47, 55)))
    person.rest()
    assert not dialog.place.isEnabled()
    dialog.sticker.setChecked(False)
    person.click(dialog.print_it)
    person.rest()
    region = tuple(patch for patch in person.card("A").picture.picked())
    how = {"kind": "word", "text": "heart", "size": 0.4, "place": "top", "sticker": False, "patches": region}
    assert np.array_equal(person.card("B").card().image, expected_view(person, **how))
    dialog.close()

    # A mask of another size is refused on the card; one that fits picks the patches, and its pixels are removed.
    held = size // 2, size // 2, 3 * size // 4, 3 * size // 4  # the circle is there
    assert person.drop(person.card("A"), files(mask(tmp_path / "mask-small.png", size + 8, *held)))
    person.rest()
    assert "The mask mask-small.png has" in person.problem("A")
    right = mask(tmp_path / "right.png", size, *held)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(right), ""))
    person.choose("Edit", "Pick by a Mask")
    person.rest()
    assert person.card("A").picture.picked() == (36, 37, 44, 45)  # of eight by eight
    make(person, "Make B: Mean Colour")
    assert np.array_equal(person.card("B").card().image, expected_view(person, kind="mean", mask=str(right)))
    assert person.card("B").card().name.endswith("mean colour in a mask")

    # Patches of another picture: only of one that is not itself made from A.
    commands = person.window.commands
    assert not commands["make_paste"].isEnabled()
    other = next(file for file in Path(path).parent.glob("*.png") if file.name != Path(path).name)
    assert person.drop(person.card("B"), files(other))
    person.rest()
    make(person, "Make B: Patches from B")
    wanted = expected_view(person, kind="other", other=str(other), mask=str(right))
    assert np.array_equal(person.card("B").card().image, wanted)
    assert person.workbench.document.counterfactual.corruption.mask == str(right)

    # A folder of pictures gets the same, row by row.
    folder = tmp_path / "pictures"
    folder.mkdir()
    for file in (Path(path), other):
        (folder / file.name).write_bytes(file.read_bytes())
    person.window.docks["dataset"].raise_()
    assert person.drop(person.panel("dataset"), files(folder))
    person.rest()
    person.choose("Edit/Dataset", "Make B of Every Row as on Card B")
    person.rest()
    rows = person.workbench.document.dataset
    assert [Path(row.counterfactual.path).name for row in rows] == sorted([Path(path).name, other.name])
    assert {row.counterfactual.corruption for row in rows} == {person.workbench.document.counterfactual.corruption}
