"""The preview of a figure: painted where it is looked at, and not again while the window changes its size."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPainterPath, QPen, QPicture
from PySide6.QtWidgets import QApplication

from views.panels.figure.preview import Preview, Recorder
from views.theme import SPACE

SIZE = QSizeF(300, 4000)


class Long:
    """A figure of one column with a dashed line and a dashed curve all along it, and a number in each stretch."""

    title, size = "Long", SIZE

    def __init__(self) -> None:
        self.times_painted = 0

    def paint(self, painter: QPainter) -> None:
        self.times_painted += 1
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(QRectF(QPointF(0, 0), SIZE), QColor("white"))
        font = QFont("Inter")
        font.setPixelSize(30)
        painter.setFont(font)
        painter.setPen(QPen(QColor("navy"), 2.2, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(10, 0), QPointF(280, SIZE.height()))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        path = QPainterPath(QPointF(40, 0))
        path.cubicTo(QPointF(240, 1500), QPointF(60, 2500), QPointF(260, SIZE.height()))
        painter.drawPath(path)
        for number in range(40):
            painter.drawText(QPointF(100, 100 * number + 60), str(number))


def shown(preview: Preview) -> QImage:
    """The figure in sight, without the page's border."""
    page = preview.page
    inside = page.rect().adjusted(SPACE, SPACE, -SPACE, -SPACE)
    seen = inside & QRect(-page.pos(), preview.viewport().size())
    return preview.viewport().grab(seen.translated(page.pos())).toImage().convertToFormat(QImage.Format.Format_RGB32)


def whole(preview: Preview) -> QImage:
    """The same part, of the figure painted all at once."""
    page = preview.page
    inside = page.rect().adjusted(SPACE, SPACE, -SPACE, -SPACE)
    image = QImage(inside.size(), QImage.Format.Format_RGB32)
    painter = QPainter(image)
    painter.scale(image.width() / SIZE.width(), image.height() / SIZE.height())
    record = QPicture()
    recorder = Recorder(record)
    Long().paint(recorder)
    recorder.end()
    record.play(painter)
    painter.end()
    seen = inside & QRect(-page.pos(), preview.viewport().size())
    return image.copy(seen.translated(-SPACE, -SPACE))


def farthest(one: QImage, other: QImage) -> int:
    """The largest difference of a channel."""
    assert one.size() == other.size()
    pairs = zip(bytes(one.constBits()), bytes(other.constBits()), strict=True)
    return max(abs(first - second) for first, second in pairs)


def test_a_long_figure_is_painted_where_it_is_looked_at_and_once(show, qtbot) -> None:
    preview, figure = Preview(), Long()
    show(preview, 420, 500)
    preview.show_figure(figure)
    qtbot.waitUntil(lambda: len(preview.page.strips) >= 2)
    qtbot.waitUntil(lambda: farthest(shown(preview), whole(preview)) <= 2)
    assert len(preview.page.strips) <= 4, "what is out of sight is not painted"
    bar = preview.verticalScrollBar()
    bar.setValue(bar.maximum())
    qtbot.waitUntil(lambda: farthest(shown(preview), whole(preview)) <= 2)

    for width in range(430, 520, 10):  # its edge is dragged
        preview.resize(width, 500)
        QApplication.processEvents()
    assert preview.page.width() == preview.viewport().width(), "it follows at once"
    qtbot.waitUntil(lambda: farthest(shown(preview), whole(preview)) <= 2)  # and is sharp after a pause
    assert figure.times_painted == 1

    preview.show_figure(None)
    assert preview.page.size().isEmpty()
