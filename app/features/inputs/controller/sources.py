"""From what was dropped, pasted or chosen to an input source."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QImage

from core import text_files
from core.errors import InputError
from core.inputs.real_files import check_real_file
from core.project.document import Source

TEXT_ENDINGS = (".txt", ".md", ".text", ".csv", ".json", ".jsonl", ".py")
TEXT_BYTES = 2**20
IMAGE_FILTER = "Pictures (*.png *.jpg *.jpeg *.webp *.tif *.tiff *.gif *.bmp);;All files (*)"


def from_path(path: str) -> Source:
    """A local file: a prompt from a text file, otherwise a picture (which may turn out not to be one). Raises
    InputError."""
    file = Path(path)
    check_real_file(file)
    if file.suffix.lower() in TEXT_ENDINGS:
        return Source("text", text=read_text(file))
    return Source("image", path=str(file), name=file.name)


def read_text(file: Path) -> str:
    """A prompt from a file. Raises InputError."""
    check_real_file(file)
    if os.path.isfile(file) and os.path.getsize(file) > TEXT_BYTES:
        raise InputError(f"{file.name} is larger than 1 MB.", "A prompt is a few hundred words at most.")
    text = text_files.read_text(file).replace("\r\n", "\n").rstrip("\n")
    if any(sign < " " and sign not in "\n\r\t\f" for sign in text):
        raise InputError(f"{file.name} holds signs that are no text.", "Choose a text file, or a picture.")
    return text


def from_image(image: QImage, name: str = "pasted picture") -> Source:
    """A picture from the clipboard or a drag, kept without loss."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return Source("image", data=bytes(buffer.data().data()), name=name)
