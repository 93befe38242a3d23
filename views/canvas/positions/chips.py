"""The ends of the columns on the second level: tokens as chips, patches as thumbnails, and the bar of the output."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen

from core.graph import INPUT
from views.canvas.camera import Camera
from views.canvas.labels import pixel_font, sized
from views.canvas.positions.data import Picture, Positions, Spot
from views.canvas.positions.layout import CHIP_PIXELS, PATCH_TEXT
from views.canvas.positions.scene import PositionsScene
from views.theme_colors import Theme
from views.widgets.patch_image import to_qimage

LEAST_TEXT, SMALLEST_TEXT = 7, 9  # pixels: a chip's text is not written below the one, and is never less than the other


def paint_ends(painter: QPainter, scene: PositionsScene, camera: Camera, theme: Theme, area: QRectF) -> None:
    """The chip below every column, and the bar of the output above those that it reads."""
    output = QRectF()
    for number, column in enumerate(scene.data.columns):
        if column.read:
            output = output.united(camera.rect(scene.layout.bar(number)))
        chip = camera.rect(scene.layout.chip(number))
        if not chip.intersects(area):
            continue
        edited = scene.mark(Spot(INPUT, column.positions)).edited is not None
        if scene.data.picture is None:
            _paint_chip(painter, theme, chip, column.text, camera.scale, column.chosen, edited)
        else:
            _paint_patch(painter, scene, theme, chip, number, camera.scale, edited)
    if output.intersects(area):
        _paint_chip(painter, theme, output, scene.data.output_label, camera.scale, False, False, quiet=True)


def _paint_chip(
    painter: QPainter,
    theme: Theme,
    rect: QRectF,
    text: str,
    scale: float,
    chosen: bool,
    edited: bool,
    quiet: bool = False,
) -> None:
    painter.setPen(_outline(theme, chosen, edited))
    painter.setBrush(QColor(theme.raised))
    painter.drawRoundedRect(rect, 5, 5)
    _write(painter, theme, rect, text, round(CHIP_PIXELS * scale), "muted" if quiet else "text")


def _outline(theme: Theme, chosen: bool, edited: bool) -> QPen:
    pen = QPen(QColor(theme.selection if chosen else theme.text if edited else theme.border), 1.4 if chosen else 1.0)
    if edited:
        pen.setDashPattern([3.0, 2.0])
    return pen


def _write(painter: QPainter, theme: Theme, rect: QRectF, text: str, pixels: int, color: str) -> None:
    """In the middle, elided where it does not fit; not at all where it could not be read."""
    if pixels < LEAST_TEXT:
        return
    font = pixel_font(min(max(pixels, SMALLEST_TEXT), 22))
    painter.setFont(font)
    painter.setPen(QColor(getattr(theme, color)))
    shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, rect.width() - 4)
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextDontClip, shown)


def _paint_patch(
    painter: QPainter, scene: PositionsScene, theme: Theme, chip: QRectF, number: int, scale: float, edited: bool
) -> None:
    """A patch, or what a region covers, with where it is written below. What comes before the patches is a chip."""
    column, below = scene.data.columns[number], sized(PATCH_TEXT) * scale
    rect = QRectF(chip.left(), chip.top(), chip.width(), chip.height() - below)
    picture = scene.data.picture
    if picture is None or not column.patches:
        painter.setPen(_outline(theme, column.chosen, edited))
        painter.setBrush(QColor(theme.raised))
        painter.drawRoundedRect(rect, 5, 5)
        _write(painter, theme, rect, column.text, round(CHIP_PIXELS * scale), "text")
        return
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    image, inside = cut_out(picture, column.patches)
    shown = QSizeF(image.size()).scaled(rect.size(), Qt.AspectRatioMode.KeepAspectRatio)
    box = QRectF(rect.center().x() - shown.width() / 2, rect.center().y() - shown.height() / 2, *shown.toTuple())
    painter.drawImage(box, image)
    for left, top, width, height in inside:
        hole = QRectF(left * box.width(), top * box.height(), width * box.width(), height * box.height())
        painter.fillRect(hole.translated(box.topLeft()), theme.color("panel", 0.75))
    painter.setPen(_outline(theme, column.chosen, edited))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(box)
    room = float(scene.layout.widths[number]) * scale
    place = QRectF(chip.center().x() - room / 2, rect.bottom(), room, below)
    _write(painter, theme, place, column.text, round(10 * scale), "muted")


def cut_out(picture: Picture, patches: Positions) -> tuple[QImage, list[tuple[float, float, float, float]]]:
    """The part of a picture that holds some patches, and which shares of it (left, top, width, height) are others'."""
    rows, columns = picture.grid
    height, width = picture.pixels.shape[:2]
    places = [divmod(patch, columns) for patch in patches]
    top, left = min(r for r, _ in places), min(c for _, c in places)
    down, across = max(r for r, _ in places) - top + 1, max(c for _, c in places) - left + 1
    part = picture.pixels[
        round(top * height / rows) : round((top + down) * height / rows),
        round(left * width / columns) : round((left + across) * width / columns),
    ]
    chosen = set(places)
    others = [
        (c / across, r / down, 1 / across, 1 / down)
        for r in range(down)
        for c in range(across)
        if (top + r, left + c) not in chosen
    ]
    return to_qimage(part), others
