"""Help > Guide: the pages of resources/docs. One row a page; a new page is a file and a row."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices

from views.panels.help.pages_dialog import Page, PagesDialog

if TYPE_CHECKING:
    from app.window.main_window import Window

DOCS = Path(__file__).resolve().parents[4] / "resources" / "docs"
PAGES: tuple[tuple[str, str], ...] = (
    ("window", "In the window"),
    ("terminal", "In the terminal"),
    ("notebook", "In a notebook"),
    ("models", "Models"),
    ("edits", "What an edit means"),
    ("extending", "Adding to Wirescope"),
    ("glossary", "Glossary"),
    ("measured", "Measured figures"),
)


class HelpPagesController(QObject):
    """One dialog for a window, made when it is first asked for."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window
        self.dialog: PagesDialog | None = None

    def show(self, key: str = "window") -> None:
        """Open the guide at a page, or bring it to the front there."""
        if self.dialog is None:
            pages = [Page(name, title, (DOCS / f"{name}.md").read_text(encoding="utf-8")) for name, title in PAGES]
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
            self._window.status.set_message(f"No program opens this here: {url.toLocalFile() or link}")
