"""Classes from folders in the window: dropped, learnt, used, taken back."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, QUrl

from core.edits import Edit
from core.models.probe import digest_in, read_probe
from core.models.probe_store import kept
from tests.app.person import Person
from tests.small_vision import save_encoder, write_colours


def mime_of(*paths: Path) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


def test_two_folders_are_dropped_and_the_model_has_their_classes(person: Person, tmp_path: Path, monkeypatch) -> None:
    save_encoder(tmp_path / "model")
    folder = write_colours(tmp_path / "colours", {"red": 6, "blue": 5})
    (folder / "red" / "broken.png").write_bytes(b"no picture")
    red, blue = folder / "red", folder / "blue"
    person.open(tmp_path / "model", red / "0.png", blue / "0.png")
    assert [label for label, *_ in person.predictions()] == ["to A", "to B"]
    assert person.drop(person.window, mime_of(red, blue))
    person.wait(lambda: person.controller("probe").dialog is not None)
    dialog = person.controller("probe").dialog
    assert dialog.folders() == [str(red), str(blue)]
    assert not dialog.reads.currentIndex()
    assert dialog.reads.isEnabled()  # it is a DINOv2

    dialog.set_folders([str(red)])
    person.click(dialog.fit)
    person.wait(lambda: "no folders in it" in dialog.problem.text())
    assert person.drop(dialog, mime_of(blue))
    person.click(dialog.fit)
    person.wait(lambda: person.workbench.opened is not None and person.workbench.opened.class_names)
    person.rest()
    assert dialog.problem.text() == ""
    assert not dialog.bar.isVisible()
    assert {label for label, *_ in person.predictions()} == {"red", "blue"}
    assert person.session().metric.metric.kind == "logit_difference"  # it does not level off, as a probability would
    probe = kept(digest_in(person.workbench.document.model))
    assert f"{probe.report.correct} of 11" in dialog.accuracy.text()
    assert "“red”" in dialog.baseline.text()
    assert "broken.png is not an image" in dialog.left_out.text()
    assert [dialog.table.item(row, 0).text() for row in range(2)] == ["blue", "red"]
    assert person.workbench.history.current.words == "Probe: blue, red"

    # everything works with it: a cut is what the session of the named model gives
    (index,) = person.strong_edges()
    person.click_edge(index)
    person.window.commands["cut"].trigger()
    person.rest()
    expected = person.session().run([Edit(person.edge(index), "patch")]).metric
    assert abs(person.workbench.ran.after - float(expected)) < 1e-5

    monkeypatch.setattr(
        "app.features.probe.controller.QFileDialog.getSaveFileName", lambda *_: (str(tmp_path / "mine"), "")
    )
    person.click(dialog.save)
    assert read_probe(tmp_path / "mine.probe").digest == probe.digest
    person.click(dialog.without)
    person.rest()
    assert [label for label, *_ in person.predictions()] == ["to A", "to B"]
    assert not dialog.result.isVisible()
    person.drop(person.window, mime_of(tmp_path / "mine.probe"))
    assert digest_in(person.workbench.document.model) == probe.digest
    person.window.commands["undo"].trigger()
    person.rest()
    assert not person.workbench.opened.class_names
    dialog.reject()

    # where it makes no sense, it says why
    person.open("bundled:shapes", red / "0.png")
    person.drop(person.window, mime_of(folder))
    person.wait(person.dialogs)
    assert "vision model that names none" in person.dismiss()
    assert not person.window.commands["probe"].isEnabled()


def test_what_cannot_be_learnt_is_said_and_learning_is_given_up(person: Person, tmp_path: Path) -> None:
    save_encoder(tmp_path / "model")
    folder = write_colours(tmp_path / "colours", {"red": 5, "blue": 1})
    (folder / "blue" / "0.png").write_bytes(b"\x89PNG, cut short")
    person.open(tmp_path / "model", folder / "red" / "0.png")
    person.window.commands["probe"].trigger()
    dialog = person.controller("probe").dialog
    assert not dialog.fit.isEnabled()
    dialog.set_folders([str(folder)])
    person.click(dialog.fit)
    person.wait(lambda: dialog.problem.text())
    assert "1 of 2 classes could be read" in dialog.problem.text()
    person.rest()
    assert not person.dialogs()

    write_colours(tmp_path / "colours", {"blue": 6})
    dialog.kind.setCurrentIndex(1)
    dialog.fit.click()
    assert dialog.cancel.isVisible()
    dialog.cancel.click()
    person.rest()
    assert not dialog.cancel.isVisible()
    assert not person.workbench.opened.class_names
    person.click(dialog.fit)  # the window is live
    person.wait(lambda: person.workbench.opened is not None and person.workbench.opened.class_names)
    assert dialog.table.rowCount() == 2
    dialog.reject()
