"""File dialogs that read no file.

Qt's own dialog tells the icon of a file by its content: it opens every file of a folder and reads its beginning. In
/proc, as root, or beside a pipe that nobody writes to, that waits for ever, and the window with it. Here icons go by
folder or file alone. Dialogs of the desktop (macOS, Windows, portals) are taken where there are some; they are not
touched.
"""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtCore import QDir, QFileInfo
from PySide6.QtGui import QAbstractFileIconProvider, QIcon
from PySide6.QtWidgets import QFileDialog, QFileIconProvider, QMessageBox, QWidget

Icons = QAbstractFileIconProvider.IconType

# What a file's name may end with in place of what is saved: other endings are a part of the name.
ENDINGS = frozenset(
    (
        "svg",
        "pdf",
        "png",
        "jpg",
        "jpeg",
        "eps",
        "json",
        "jsonl",
        "ndjson",
        "csv",
        "tsv",
        "txt",
        "log",
        "xlsx",
        "html",
        "dot",
        "graphml",
        "tex",
    )
)


class PlainIcons(QFileIconProvider):
    """Folder or file, whatever is in it."""

    def icon(self, wanted: Icons | QFileInfo) -> QIcon:
        if isinstance(wanted, QFileInfo):
            return super().icon(Icons.Folder if wanted.isDir() else Icons.File)
        return super().icon(wanted)

    def type(self, info: QFileInfo) -> str:
        return "Folder" if info.isDir() else f"{info.suffix()} file".strip()


_icons: list[PlainIcons] = []  # a dialog does not keep its icons alive


def new_dialog(parent: QWidget | None, title: str, folder: str = "", filters: str = "") -> QFileDialog:
    """A dialog that shows a folder, or the folder of a file with its name."""
    dialog = QFileDialog(parent, title, QDir.homePath())  # it lists where it begins before it has its icons
    if not _icons:
        _icons.append(PlainIcons())
    dialog.setIconProvider(_icons[0])
    if filters:
        dialog.setNameFilters(filters.split(";;"))
    info = QFileInfo(folder)
    if folder:
        dialog.setDirectory(folder if info.isDir() else info.absolutePath())
        if not info.isDir() and info.fileName():
            dialog.selectFile(info.fileName())
    return dialog


def _asked(dialog: QFileDialog) -> tuple[str, str]:
    """The file, and the filter it was chosen by; nothing where it was given up."""
    chosen = dialog.selectedFiles() if dialog.exec() else []
    answer = (chosen[0], dialog.selectedNameFilter()) if chosen else ("", "")
    dialog.deleteLater()
    return answer


def ask_open(parent: QWidget | None = None, title: str = "", folder: str = "", filters: str = "") -> tuple[str, str]:
    dialog = new_dialog(parent, title, folder, filters)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    return _asked(dialog)


def ask_save(parent: QWidget | None = None, title: str = "", folder: str = "", filters: str = "") -> tuple[str, str]:
    """A name with another ending than what is written has gets that ending: it is said, and asked before a file of the
    new name is written over."""
    while True:
        path, chosen = _ask_save(parent, title, folder, filters)
        fitting = with_ending(path, filters, chosen) if path else ""
        if fitting == path or _agreed(parent, Path(path), Path(fitting)):
            return fitting, chosen
        folder = fitting


def _agreed(parent: QWidget | None, path: Path, fitting: Path) -> bool:
    box = QMessageBox(QMessageBox.Icon.Question, "Wirescope", "", QMessageBox.StandardButton.Cancel, parent)
    box.setText(f"What is saved is {fitting.suffix[1:].upper()}, and the name {path.name} ends otherwise.")
    if fitting.exists():
        box.setInformativeText(f"{fitting.name} is there already and would be written over.")
        save = box.addButton(f"Write over {fitting.name}", QMessageBox.ButtonRole.AcceptRole)
    else:
        save = box.addButton(f"Save as {fitting.name}", QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(save)
    box.exec()
    agreed = box.clickedButton() is save
    box.deleteLater()
    return agreed


def _ask_save(parent: QWidget | None, title: str, folder: str, filters: str) -> tuple[str, str]:
    dialog = new_dialog(parent, title, folder, filters)
    dialog.setFileMode(QFileDialog.FileMode.AnyFile)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    # A name without an ending gets it in the dialog, which asks before a file of that name is written over.
    dialog.filterSelected.connect(lambda chosen: dialog.setDefaultSuffix(ending_of(chosen)))
    dialog.setDefaultSuffix(ending_of(filters.split(";;")[0]))
    return _asked(dialog)


def ending_of(chosen: str) -> str:
    """The first ending that a filter lets through: "csv" of "CSV (*.csv)"; "" for all files."""
    ending = re.search(r"\*\.(\w+)", chosen)
    return ending[1] if ending else ""


def with_ending(path: str, filters: str, chosen: str = "") -> str:
    """The path with an ending that the filters let through, that of the chosen one where it has none of them: "x.png"
    for "SVG (*.svg)" is "x.svg", "run 1.2" is "run 1.2.svg"."""
    endings = re.findall(r"\*\.(\w+)", filters)
    suffix = Path(path).suffix[1:]
    if not endings or suffix.lower() in endings:
        return path
    stem = path[: -len(suffix) - 1] if suffix.lower() in ENDINGS else path
    return f"{stem}.{ending_of(chosen) or endings[0]}"


def ask_folder(parent: QWidget | None = None, title: str = "", folder: str = "") -> str:
    dialog = new_dialog(parent, title, folder)
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    return _asked(dialog)[0]


def use_everywhere() -> None:
    """From now on every file dialog of the program is one of these: Qt's static functions, by which they are asked for,
    have no way to be given icons."""
    QFileDialog.getOpenFileName = staticmethod(ask_open)  # type: ignore[assignment]
    QFileDialog.getSaveFileName = staticmethod(ask_save)  # type: ignore[assignment]
    QFileDialog.getExistingDirectory = staticmethod(ask_folder)  # type: ignore[assignment]
