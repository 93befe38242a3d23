"""What is no plain file is never opened where it could keep the window waiting: by a drop, a dialog, or a dialog's
icons."""

from __future__ import annotations

import configparser
import os
import shutil
import socket
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QFileInfo, QTimer
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QMessageBox, QTreeView

from app.features.inputs.controller.sources import from_path
from app.services import file_dialogs
from app.window import application
from core.errors import InputError
from core.inputs.real_files import check_real_file
from tests.app.person import Person

PACKAGING = Path(__file__).resolve().parents[3] / "packaging"
ENTRY = PACKAGING / "wirescope.desktop"


def test_the_desktop_entry_and_its_icon_are_installed() -> None:
    project = tomllib.loads((PACKAGING.parent / "pyproject.toml").read_text(encoding="utf-8"))
    installed = project["tool"]["setuptools"]["data-files"]
    assert installed["share/applications"] == ["packaging/wirescope.desktop"]
    (icon,) = installed["share/icons/hicolor/scalable/apps"]
    assert (PACKAGING.parent / icon).is_file()
    name = next(line for line in ENTRY.read_text(encoding="utf-8").splitlines() if line.startswith("Icon="))
    assert Path(icon).stem == name.removeprefix("Icon=")


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[dict[str, Path]]:
    """Things of a folder of which reading some would never end."""
    pipe, there = tmp_path / "pipe.json", tmp_path / "socket.json"
    os.mkfifo(pipe)
    with socket.socket(socket.AF_UNIX) as open_socket:
        open_socket.bind(str(there))
        (tmp_path / "endless.txt").symlink_to("/dev/zero")
        (tmp_path / "plain.txt").write_text("The capital of France is", encoding="utf-8")
        yield {"a pipe": pipe, "a socket": there, "a device": tmp_path / "endless.txt"}


def test_what_could_keep_a_reader_waiting_is_named_and_refused(waiting: dict[str, Path], tmp_path: Path) -> None:
    for words, path in waiting.items():
        with pytest.raises(InputError, match=words):
            check_real_file(path)
    with pytest.raises(InputError, match="the system's"):
        check_real_file("/proc/self/status")
    with pytest.raises(InputError, match="a folder"):
        check_real_file(tmp_path)
    huge = tmp_path / "huge.json"
    with huge.open("wb") as file:
        file.truncate(3 * 2**20)
    with pytest.raises(InputError, match="3 MB; at most 2 MB"):
        check_real_file(huge, most_megabytes=2)
    check_real_file(huge)
    check_real_file(tmp_path / "not there")
    assert from_path(str(tmp_path / "plain.txt")).text == "The capital of France is"


def test_what_is_dropped_on_a_card_or_opened_as_scores_is_looked_at_first(
    reader: Person, waiting: dict[str, Path]
) -> None:
    before = reader.workbench.document
    for words, path in waiting.items():
        reader.controller("inputs").cards.take_paths("A", [str(path)])
        reader.rest()
        assert words in _said(reader), words
    for path in (waiting["a pipe"], waiting["a socket"]):
        reader.workbench.scores_wanted.emit(str(path))
        reader.rest()
        assert "not a file that can be opened here" in _said(reader)
    assert reader.workbench.document == before


def _said(person: Person) -> str:
    """All that the window says of problems, and the last message."""
    from PySide6.QtWidgets import QMessageBox

    boxes = [box for box in person.window.findChildren(QMessageBox) if box.isVisible()]
    words = " ".join(f"{box.text()} {box.informativeText()}" for box in boxes)
    for box in boxes:
        box.accept()
    person.rest()
    return f"{words} {person.message()}"


def test_icons_of_dialogs_come_without_reading(waiting: dict[str, Path], qapp: QApplication, tmp_path: Path) -> None:
    """Qt's own icons would open the pipe, and wait."""
    icons = file_dialogs.PlainIcons()
    for path in waiting.values():
        assert not icons.icon(QFileInfo(str(path))).isNull()
        assert icons.type(QFileInfo(str(path))).endswith("file")
    assert icons.type(QFileInfo(str(tmp_path))) == "Folder"
    dialog = file_dialogs.new_dialog(None, "Open", str(tmp_path / "new.json"), "Circuits (*.json);;All files (*)")
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    assert isinstance(dialog.iconProvider(), file_dialogs.PlainIcons)
    assert dialog.directory().absolutePath() == str(tmp_path)
    assert dialog.nameFilters() == ["Circuits (*.json)", "All files (*)"]
    assert [Path(name).name for name in dialog.selectedFiles()] == ["new.json"]
    dialog.deleteLater()


def test_a_dialog_beside_a_pipe_lists_it_and_gives_the_chosen_file(
    waiting: dict[str, Path], qtbot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen: list[str] = []

    def choose(dialog: QFileDialog) -> int:
        dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
        dialog.show()
        (view,) = (view for view in dialog.findChildren(QTreeView) if view.objectName() == "treeView")

        def names() -> list[str]:
            rows = range(view.model().rowCount(view.rootIndex()))
            return [view.model().index(row, 0, view.rootIndex()).data() for row in rows]

        qtbot.waitUntil(lambda: "plain.txt" in names())
        seen.extend(names())
        dialog.findChild(QLineEdit, "fileNameEdit").setText("plain.txt")
        dialog.accept()
        return dialog.result()

    monkeypatch.setattr(QFileDialog, "exec", choose)
    chosen, _ = file_dialogs.ask_open(None, "Open", str(tmp_path), "All files (*)")
    assert chosen == str(tmp_path / "plain.txt")
    assert "plain.txt" in seen


def test_a_name_without_its_ending_does_not_write_over_a_file_unasked(
    qtbot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "rows.csv").write_text("work", encoding="utf-8")
    asked: list[str] = []

    def save(dialog: QFileDialog) -> int:
        dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
        dialog.show()
        dialog.findChild(QLineEdit, "fileNameEdit").setText("rows")
        dialog.accept()
        return dialog.result()

    monkeypatch.setattr(QFileDialog, "exec", save)
    boxes = QTimer()
    boxes.timeout.connect(lambda: [_answer(box, asked) for box in QApplication.topLevelWidgets()])
    boxes.start(20)
    chosen, _ = file_dialogs.ask_save(None, "Save", str(tmp_path), "CSV (*.csv);;TSV (*.tsv)")
    boxes.stop()
    assert chosen == ""
    assert len(asked) == 1
    assert "rows.csv already exists" in asked[0]
    assert [file_dialogs.ending_of(words) for words in ("TSV (*.tsv)", "All files (*)")] == ["tsv", ""]


def test_a_name_with_another_ending_gets_the_one_of_what_is_saved(
    qtbot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "figure.svg").write_text("work", encoding="utf-8")
    typed = ["figure.png", "other.png"]
    asked: list[str] = []

    def answer(box: QMessageBox) -> int:
        (button,) = (each for each in box.buttons() if box.buttonRole(each) == QMessageBox.ButtonRole.AcceptRole)
        asked.append(button.text())
        (button if button.text().startswith("Save") else box.button(QMessageBox.StandardButton.Cancel)).click()
        return 0

    monkeypatch.setattr(file_dialogs, "_ask_save", lambda *_: (str(tmp_path / typed.pop(0)), "SVG (*.svg)"))
    monkeypatch.setattr(QMessageBox, "exec", answer)
    assert file_dialogs.ask_save(None, "Save", "", "SVG (*.svg)")[0] == str(tmp_path / "other.svg")
    assert asked == ["Write over figure.svg", "Save as other.svg"]
    names = {"run 1.2": "run 1.2.csv", "rows.tsv": "rows.tsv", "rows.json": "rows.tsv", "a.CSV": "a.CSV", "b": "b.tsv"}
    filters = "CSV (*.csv);;TSV (*.tsv)"
    assert file_dialogs.with_ending("run 1.2", filters) == names.pop("run 1.2")
    assert {name: file_dialogs.with_ending(name, filters, "TSV (*.tsv)") for name in names} == names


def _answer(widget: object, asked: list[str]) -> None:
    if isinstance(widget, QMessageBox) and widget.isVisible():
        asked.append(widget.text())
        widget.button(QMessageBox.StandardButton.No).click()


def test_every_dialog_of_the_program_is_one_of_these(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("getOpenFileName", "getSaveFileName", "getExistingDirectory"):
        monkeypatch.setattr(QFileDialog, name, getattr(QFileDialog, name))  # put back afterwards
    file_dialogs.use_everywhere()
    assert QFileDialog.getOpenFileName is file_dialogs.ask_open
    assert QFileDialog.getSaveFileName is file_dialogs.ask_save
    assert QFileDialog.getExistingDirectory is file_dialogs.ask_folder
    app = Path(application.__file__).parents[1]
    used = {line.split("QFileDialog.")[1].split("(")[0] for file in app.rglob("*.py")
            if file.name != "file_dialogs.py"
            for line in file.read_text(encoding="utf-8").splitlines() if "QFileDialog.get" in line}  # fmt: skip
    assert used <= {"getOpenFileName", "getSaveFileName", "getExistingDirectory"}, "one that would read files"


def test_the_desktop_entry_is_of_this_program(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    name, entry = qapp.applicationName(), configparser.ConfigParser(interpolation=None)
    entry.optionxform = str  # type: ignore[assignment,method-assign]
    entry.read(ENTRY, encoding="utf-8")
    found = entry["Desktop Entry"]
    try:
        app = application.application()
        assert app.desktopFileName() == ENTRY.stem == application.APP_ID
        assert app.applicationName() == found["StartupWMClass"] == found["Name"] == "Wirescope"
    finally:
        qapp.setApplicationName(name)
    assert found["Exec"].split()[0] == found["TryExec"] == "wirescope"
    assert (PACKAGING / f"{found['Icon']}.svg").is_file()
    if validate := shutil.which("desktop-file-validate"):
        done = subprocess.run([validate, str(ENTRY)], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, "")
