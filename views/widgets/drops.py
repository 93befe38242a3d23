"""What somebody dropped or pasted: files, addresses, picture data or text. Nothing is loaded here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QDropEvent, QImage, QPixmap

# The kind of data of card B when it is dragged onto the canvas. Cards do not take it back.
CARD_MIME = "application/x-wirescope-card"


@dataclass(frozen=True)
class Dropped:
    """One of the three is filled. `paths` are local files, or addresses as a browser gives them."""

    paths: tuple[str, ...] = ()
    image: QImage | None = None
    text: str = ""


def can_read(mime: QMimeData) -> bool:
    return not mime.hasFormat(CARD_MIME) and (mime.hasUrls() or mime.hasImage() or mime.hasText())


def read(mime: QMimeData) -> Dropped | None:
    """Local files first; then picture data, which needs no network; then addresses; then text."""
    if not can_read(mime):
        return None
    urls = [url for url in mime.urls() if url.isValid() and not url.isEmpty()]
    files = tuple(url.toLocalFile() for url in urls if url.isLocalFile())
    if files:
        return Dropped(paths=files)
    if mime.hasImage():
        data = mime.imageData()
        image = data.toImage() if isinstance(data, QPixmap) else data
        if isinstance(image, QImage) and not image.isNull():
            return Dropped(image=image)
    if urls:
        return Dropped(paths=tuple(url.toString(QUrl.ComponentFormattingOption.FullyEncoded) for url in urls))
    return Dropped(text=mime.text()) if mime.text() else None


def accept_copy(event: QDropEvent) -> None:
    """Take what is dragged here or let go here, as a copy: where it comes from keeps its own."""
    event.setDropAction(Qt.DropAction.CopyAction)
    event.accept()


def dropped_folders(mime: QMimeData) -> tuple[str, ...]:
    """What is dropped, where it is folders alone; else nothing."""
    paths = tuple(url.toLocalFile() for url in mime.urls())
    return paths if paths and all(path and Path(path).is_dir() for path in paths) else ()


def dropped_path(mime: QMimeData) -> str:
    """The one file or folder that is dropped, or nothing."""
    urls = mime.urls()
    path = urls[0].toLocalFile() if len(urls) == 1 else ""
    return path if path and Path(path).exists() else ""
