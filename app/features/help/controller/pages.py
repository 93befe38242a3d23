"""Help > Guide: the pages of resources/docs. One row a page; a new page is a file and a row."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from app.services.notifier import Notifier
from views.panels.help.panel import Page, PagesDialog

PICTURE = re.compile(r"^!\[[^\]]*\]\([^)]*\)\n\n?", re.MULTILINE)
DOCS = Path(__file__).resolve().parents[4] / "resources" / "docs"
PAGES: tuple[tuple[str, str], ...] = (
    ("window", "In the window"),
    ("terminal", "In the terminal"),
    ("notebook", "In a notebook"),
    ("programs", "Programs that drive a session"),
    ("tasks", "Ten tasks in a notebook"),
    ("files", "Files"),
    ("models", "Models"),
    ("plan", "What work takes"),
    ("long", "Long prompts"),
    ("many", "Many prompts"),
    ("remote", "Work on another machine"),
    ("edits", "What an edit means"),
    ("specific", "Is a circuit specific?"),
    ("repair", "Repairs"),
    ("detection", "Detection"),
    ("rules", "Hidden rules"),
    ("tuning", "Where to train"),
    ("modalities", "Text and pictures side by side"),
    ("heads", "What heads do"),
    ("icl", "In-context learning"),
    ("checkpoints", "Checkpoints over training"),
    ("pictures", "Pictures and regions"),
    ("typographic", "Printed words"),
    ("project-file", "The project file"),
    ("extending", "Adding to Wirescope"),
    ("glossary", "Glossary"),
    ("measured", "Measured figures"),
)


class HelpPagesController(QObject):
    """One dialog for a window, made when it is first asked for."""

    def __init__(self, notifier: Notifier, window: QWidget) -> None:
        super().__init__(window)
        self._notifier, self._window = notifier, window
        self.dialog: PagesDialog | None = None

    def show(self, key: str = "window") -> None:
        """Open the guide at a page, or bring it to the front there."""
        if self.dialog is None:
            pages = [Page(name, title, _text(name)) for name, title in PAGES]
            self.dialog = PagesDialog(pages, self._window)
            self.dialog.link_clicked.connect(self._open_link)
        self.dialog.show_page(key)
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()

    def _open_link(self, link: str) -> None:
        """A link that leads to no page: a file beside the pages, or an address."""
        url = QUrl(link)
        if url.isRelative():
            url = QUrl.fromLocalFile(str((DOCS / link).resolve()))
        if not QDesktopServices.openUrl(url):
            self._notifier.say(f"No program opens this here: {url.toLocalFile() or link}")


def _text(name: str) -> str:
    """A page without its pictures: they lie in the repository, not beside the program."""
    return PICTURE.sub("", (DOCS / f"{name}.md").read_text(encoding="utf-8"))
