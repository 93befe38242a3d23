"""The dataset in the window: rows added, pasted, opened, filled, edited, loaded and taken away; the metric of each as
the engine measures it; and means taken over them."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit

from core.edits import Edit
from core.graph import Node
from core.inputs.dataset_files import read_dataset
from core.inputs.pair import Dataset
from core.metrics import Metric
from core.models.loading import load_model
from core.session import Session
from tests.app.models import CLEAN, COUNTERFACTUAL
from tests.app.person import Person, plain

HEAD = Node("head", 1, 2)
CTRL = Qt.KeyboardModifier.ControlModifier


def panel(person: Person):
    return person.panel("dataset")


@pytest.fixture(autouse=True)
def _dataset_in_front(request) -> None:
    """Its tab is clicked."""
    for name in ("reader", "viewer"):
        if name in request.fixturenames:
            person = request.getfixturevalue(name)
            person.window.docks["dataset"].raise_()
            person.wait(panel(person).isVisible)


def cell(person: Person, row: int, column: int = 0) -> QPoint:
    table = panel(person).table
    return table.visualRect(table.lines.index(row, column)).center()


def double_click(person: Person, row: int) -> None:
    person.qtbot.mouseDClick(panel(person).table.viewport(), Qt.MouseButton.LeftButton, pos=cell(person, row))
    person.rest()


def paste(person: Person, text: str) -> None:
    QApplication.clipboard().setText(text)
    person.press(Qt.Key.Key_V, CTRL, widget=panel(person))


def measured(person: Person) -> list[tuple[float | None, float | None]]:
    person.wait(lambda: all(not row.stale for row in panel(person).rows()))
    return [(row.before, row.after) for row in panel(person).rows()]


def alone(person: Person, row, edits=(), dataset=None) -> tuple[float, float]:
    """The metric of one row without and with edits, computed beside the window, one row by itself."""
    model = load_model(person.workbench.document.model)
    sides = [source and (source.text or source.data or source.path) for source in (row.clean, row.counterfactual)]
    choice = person.workbench.document.metric
    metric = Metric(choice.kind, row.target or choice.target, row.foil or choice.foil)
    session = Session(model, model.pair(*sides), metric, dataset=dataset)
    return float(session.clean.metric[0]), float(session.run(list(edits)).metric[0])


PASTED = (
    f"{CLEAN}\t{COUNTERFACTUAL}\t Mary\t John\n"
    "When John gave a drink to\tWhen Tom gave a drink to\t John\t Tom\n"
    "Mary gave the drink to the store\t\t\t\n"
    "When Mary gave\tWhen John gave a\t\t\n"
)


def test_each_row_has_the_metric_that_it_has_by_itself(reader: Person) -> None:
    assert panel(reader).empty.isVisible()
    reader.choose("Edit/Dataset", "Add the Pair to the Dataset")
    paste(reader, PASTED)
    rows = reader.workbench.document.dataset
    assert len(rows) == 4  # the first one was there
    figures = measured(reader)
    for row, (before, after) in zip(rows[:3], figures, strict=False):
        assert (before, after) == pytest.approx(alone(reader, row), abs=1e-4)
    assert panel(reader).rows()[3].problem.startswith("A has 3 tokens and B has 4")
    assert panel(reader).row_texts()[3][2] == "does not fit"
    assert panel(reader).row_texts()[0][1] == "…John…"
    assert panel(reader).for_title.text().startswith("4 rows · mean ")
    assert panel(reader).for_title.text().endswith("1 does not fit")

    # With an edit, before and after; a row without a B says that it has none.
    reader.click_node(HEAD)
    reader.press(Qt.Key.Key_P, widget=reader.window.canvas)
    figures = measured(reader)
    for row, pair in zip(rows[:2], figures, strict=False):
        assert pair == pytest.approx(alone(reader, row, [Edit(HEAD, "patch")]), abs=1e-4)
        assert pair[0] != pair[1]
    assert panel(reader).rows()[2].problem == "It has no B, and an edit takes its value from B."

    # A double click puts a row on the cards, with its answers.
    double_click(reader, 1)
    assert reader.card("A").chips.chip_texts()[1] == "John"
    assert reader.workbench.document.metric.target == " John"
    assert reader.workbench.ran.after == pytest.approx(figures[1][1], abs=1e-4)
    assert [row.present for row in panel(reader).rows()] == [False, True, False, False]
    reader.choose("Edit", "Undo")
    assert reader.card("A").chips.chip_texts() == CLEAN.split()


def test_means_are_taken_over_the_rows(reader: Person) -> None:
    paste(reader, "When Tom gave a drink to\nWhen John gave a store to\n")
    assert len(reader.workbench.document.dataset) == 2
    reader.click_node(HEAD)
    reader.click(reader.panel("inspector").edits.buttons["mean"])
    reader.rest()
    model = load_model(reader.workbench.document.model)
    dataset = Dataset([model.pair(row.clean.text) for row in reader.workbench.document.dataset])
    row = reader.workbench.document.dataset[0]
    document = reader.workbench.document
    metric = Metric(document.metric.kind, document.metric.target, document.metric.foil)
    session = Session(model, model.pair(document.clean.text), metric, dataset=dataset)
    assert reader.workbench.ran.after == pytest.approx(float(session.run([Edit(HEAD, "mean")]).metric[0]), abs=1e-4)
    assert reader.edits() == ["a1.h2 mean of 2 rows"]
    assert "replaced by its mean over the dataset (2 rows)" in reader.panel("inspector").effects.kind.text()
    assert panel(reader).means.text().startswith("Means and resampled values are over these rows")
    assert measured(reader)[0] == pytest.approx(alone(reader, row, [Edit(HEAD, "mean")], dataset), abs=1e-4)


def test_rows_are_edited_in_place_deleted_and_brought_back(reader: Person) -> None:
    paste(reader, PASTED)
    table = panel(reader).table
    reader.qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=cell(reader, 1))
    QTest.keyClick(table, Qt.Key.Key_F2)
    editor = table.viewport().findChild(QLineEdit)
    assert editor.text() == "When John gave a drink to"
    editor.selectAll()
    QTest.keyClicks(editor, "When Mary gave a drink to")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    reader.rest()
    assert reader.workbench.document.dataset[1].clean.text == "When Mary gave a drink to"
    assert measured(reader)[1] == pytest.approx(alone(reader, reader.workbench.document.dataset[1]), abs=1e-4)
    reader.qtbot.mouseClick(
        table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier, cell(reader, 2)
    )
    reader.press(Qt.Key.Key_C, CTRL, widget=table)
    assert QApplication.clipboard().text().splitlines()[0].startswith("When Mary gave a drink to\tWhen Tom")
    reader.press(Qt.Key.Key_Delete, widget=table)
    assert len(reader.workbench.document.dataset) == 2
    assert reader.workbench.history.undo_words == "Delete 2 rows"
    reader.choose("Edit", "Undo")
    assert len(reader.workbench.document.dataset) == 4
    reader.choose("Edit/Dataset", "Clear the Dataset")
    assert panel(reader).empty.isVisible()


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl"])
def test_files_there_and_back(reader: Person, tmp_path: Path, monkeypatch, name: str) -> None:
    paste(reader, PASTED)
    rows = reader.workbench.document.dataset
    file = tmp_path / name
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(file), "CSV (*.csv)"))
    reader.choose("Edit/Dataset", "Save the Dataset")
    assert panel(reader).note.text() == f"Wrote 4 rows to {name}."
    assert len(read_dataset(file)) == 4
    reader.choose("Edit/Dataset", "Clear the Dataset")
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(file))])
    assert reader.drop(panel(reader), mime)
    assert reader.workbench.document.dataset == rows


def test_token_ids_as_the_field_writes_them(reader: Person, tmp_path: Path, monkeypatch) -> None:
    model = load_model(reader.workbench.document.model)
    file = tmp_path / "ioi.csv"
    ids = f"{model.answer(' Mary')},{model.answer(' Tom')}"
    file.write_text(f"clean,corrupted,correct_idx,incorrect_idx\n{CLEAN},{COUNTERFACTUAL},{ids}\n", encoding="utf-8")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(file), ""))
    reader.choose("Edit/Dataset", "Open a Dataset")
    (row,) = reader.workbench.document.dataset
    assert (row.target, row.foil) == (" Mary", " Tom")
    file.write_text("clean\n\nx,y\n", encoding="utf-8")
    reader.choose("Edit/Dataset", "Open a Dataset")
    assert "Line 3 of ioi.csv has 2 columns instead of 1." in panel(reader).problem.text()
    assert len(reader.workbench.document.dataset) == 1


def test_a_task_of_the_model_fills_the_table(person: Person) -> None:
    person.open("bundled:names", "When Mary and John went to the store, John gave a drink to")
    (action,) = [a for a in panel(person).fill_menu.actions() if plain(a.text()) == "Fill from Agreement"]
    action.trigger()
    person.rest()
    rows = person.workbench.document.dataset
    assert len(rows) == 24
    assert {row.target for row in rows} <= {" is", " are", " was", " were", " has", " have"}
    assert person.workbench.history.undo_words == "Rows of agreement"
    assert len(measured(person)) == 24


def test_pictures_are_rows_too(viewer: Person, pictures) -> None:
    mime = QMimeData()
    files = [pictures(name) for name in ("c.png", "d.png")]
    mime.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
    assert viewer.drop(panel(viewer), mime)
    mime.setUrls([QUrl.fromLocalFile(str(file)) for file in (files[0], files[0].parent)])
    assert viewer.drop(panel(viewer), mime)  # a folder among others is no row
    assert "drop one at a time" in panel(viewer).problem.text()
    viewer.choose("Edit/Dataset", "Add the Pair to the Dataset")
    rows = viewer.workbench.document.dataset
    assert [row.a for row in panel(viewer).rows()] == ["c.png", "d.png", "a.png"]
    model = load_model(viewer.workbench.document.model)
    for row, (before, _) in zip(rows, measured(viewer), strict=True):
        session = Session(model, model.pair(row.clean.path))
        assert before == pytest.approx(float(session.clean.metric[0]), abs=1e-4)
    assert panel(viewer).rows()[0].pictures[0] is not None
    assert panel(viewer).rows()[2].pictures[1] is not None
    double_click(viewer, 1)
    assert viewer.card("A").card().name == "d.png"
    assert viewer.card("B").is_empty()


def test_pictures_of_a_task_are_saved_beside_the_table(viewer: Person, tmp_path: Path, monkeypatch) -> None:
    (action,) = [a for a in panel(viewer).fill_menu.actions() if plain(a.text()) == "Fill from Blurred photograph"]
    action.trigger()
    viewer.rest()
    before = measured(viewer)
    file = tmp_path / "rows.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(file), "CSV (*.csv)"))
    viewer.choose("Edit/Dataset", "Save the Dataset")
    assert panel(viewer).note.text() == "Wrote 24 rows to rows.csv, and 48 pictures to rows-pictures."
    written = sorted((tmp_path / "rows-pictures").iterdir())
    assert len(written) == 48
    first = written[0].read_bytes()
    written[0].write_bytes(b"a former picture")

    def no_room(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr("core.saving._rename", no_room)
        viewer.choose("Edit/Dataset", "Save the Dataset")
    assert "No space left" in panel(viewer).problem.text()
    assert written[0].read_bytes() == b"a former picture", "a picture is written whole or not at all"
    assert len(list((tmp_path / "rows-pictures").iterdir())) == 48, "and nothing is left of it"
    written[0].write_bytes(first)
    viewer.choose("Edit/Dataset", "Clear the Dataset")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(file), ""))
    viewer.choose("Edit/Dataset", "Open a Dataset")
    assert [row[0] for row in measured(viewer)] == pytest.approx([row[0] for row in before], abs=1e-5)


def test_rows_of_a_large_model_are_measured_and_traced(viewer: Person, pictures, monkeypatch) -> None:
    """As with DINOv2, of which one run holds more than a row is given by itself."""
    for module in ("app.worker.dataset_rows", "app.worker.pairs"):
        monkeypatch.setattr(f"{module}.MEGABYTES", 0.001)
    viewer.choose("Edit/Dataset", "Add the Pair to the Dataset")
    viewer.window.top_bar.method_menu.over[True].trigger()
    viewer.press(Qt.Key.Key_T, widget=viewer.window.canvas)
    assert viewer.workbench.scored.pairs == 1
    viewer.press(Qt.Key.Key_M, widget=viewer.window.canvas)
    assert "Measured" in viewer.message()
    (row,) = panel(viewer).rows()
    assert row.problem == ""
    assert measured(viewer)[0][0] == pytest.approx(float(viewer.session().clean.metric[0]), abs=1e-4)
