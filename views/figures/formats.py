"""The files of a figure: SVG, PDF, PNG. A file is complete or not there: it is written beside its place and renamed."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QPointF, QRectF, QSaveFile, QSize, QSizeF
from PySide6.QtGui import QImage, QPageLayout, QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator

from core.errors import WirescopeError

PDF_FINENESS = 10  # dots per pixel


class PaintedFigure(Protocol):
    """A whole figure, laid out. size: in pixels of 1/96 inch."""

    @property
    def size(self) -> QSizeF: ...

    @property
    def title(self) -> str:
        """In one line."""

    def paint(self, painter: QPainter) -> None:
        """Draw it from (0, 0) to `size`."""


def write_painted(path: str | Path, figure: PaintedFigure, scale: float = 1) -> None:
    """Write what paints itself; the ending of the path says the format (.svg, .pdf, .png). scale: multiplies the pixels
    of a PNG. Raises WirescopeError for another ending, or where the file cannot be written."""
    path = Path(path)
    writers: dict[str, Callable[[], bytes]] = {
        ".svg": lambda: svg_of(figure),
        ".pdf": lambda: _pdf(figure),
        ".png": lambda: _png(figure, scale),
    }
    write = writers.get(path.suffix.lower())
    if write is None:
        raise WirescopeError(f"A figure cannot be written as {path.suffix or path.name!r}.", "Use .svg, .pdf or .png.")
    _save(path, write())


def svg_of(figure: PaintedFigure) -> bytes:
    """As a file holds it."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setResolution(96)
    generator.setSize(QSize(round(figure.size.width()), round(figure.size.height())))
    generator.setViewBox(QRectF(QPointF(0, 0), figure.size))
    generator.setTitle(figure.title)
    generator.setDescription("Made with Wirescope")
    _paint(figure, QPainter(generator))
    buffer.close()
    return _portable(_well_formed(bytes(buffer.data())), figure.size)


def _well_formed(svg: bytes) -> bytes:
    """Signs that XML forbids, which a prompt may hold and Qt writes as they are: control characters become their
    pictures, as ␛, and what is no character becomes �."""
    text = svg.decode("utf-8", "replace")
    text = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f]", lambda sign: chr(0x2400 + ord(sign[0])), text)
    return re.sub("[\ufffe\uffff]", "\ufffd", text).encode("utf-8")


def _portable(svg: bytes, size: QSizeF) -> bytes:
    """Qt gives sizes in millimetres and names one font. Other programs round the one and may not have the
    other: give pixels, and fonts to use instead."""
    pixels = f'width="{size.width():g}" height="{size.height():g}"'.encode()
    svg = re.sub(rb'width="[\d.]+mm" height="[\d.]+mm"', pixels, svg, count=1)
    return re.sub(rb'font-family="Inter[^"]*"', b'font-family="Inter, Helvetica, Arial, sans-serif"', svg)


def _pdf(figure: PaintedFigure) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    page = QPageSize(figure.size * 72 / 96, QPageSize.Unit.Point, "", QPageSize.SizeMatchPolicy.ExactMatch)
    writer.setPageLayout(QPageLayout(page, QPageLayout.Orientation.Portrait, QMarginsF(0, 0, 0, 0)))
    writer.setResolution(96 * PDF_FINENESS)
    writer.setTitle(figure.title)
    writer.setCreator("Wirescope")
    painter = QPainter(writer)
    painter.scale(PDF_FINENESS, PDF_FINENESS)
    _paint(figure, painter)
    buffer.close()
    return bytes(buffer.data())


def image_of(figure: PaintedFigure, scale: float) -> QImage:
    """scale: pixels for each of 1/96 inch."""
    image = QImage(round(figure.size.width() * scale), round(figure.size.height() * scale), QImage.Format.Format_RGB32)
    image.setDotsPerMeterX(round(96 * scale / 0.0254))
    image.setDotsPerMeterY(round(96 * scale / 0.0254))
    painter = QPainter(image)
    painter.scale(scale, scale)
    _paint(figure, painter)
    return image


def _png(figure: PaintedFigure, scale: float) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image_of(figure, scale).save(buffer, "PNG")
    buffer.close()
    return bytes(buffer.data())


def _paint(figure: PaintedFigure, painter: QPainter) -> None:
    try:
        figure.paint(painter)
    finally:
        painter.end()


def _save(path: Path, content: bytes) -> None:
    file = QSaveFile(str(path))
    if not (file.open(QIODevice.OpenModeFlag.WriteOnly) and file.write(content) == len(content) and file.commit()):
        reason = file.errorString()
        file.cancelWriting()
        raise WirescopeError(
            f"The figure could not be written to {path}: {reason}.",
            "Choose a folder that exists and that you may write to, with room on the disk.",
        )
