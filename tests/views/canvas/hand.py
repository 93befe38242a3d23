"""A hand on the canvas: clicks, drags and turns of the wheel on real widgets."""

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.graph import Graph
from tests.views.canvas.samples import SMALL
from views.canvas.canvas import Canvas

LEFT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
PLAIN, CTRL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
SHIFT, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier
EDGES = ("a0.h2->a2.h5<q>", "a2.h5->logits", "input->a0.h2<v>", "m1->a3.h6<k>", "a0.h2->m1")


def shown(qtbot, data, width: int = 760, height: int = 540) -> Canvas:
    canvas = Canvas()
    qtbot.addWidget(canvas)
    canvas.resize(width, height)
    canvas.show()
    canvas.set_data(data)
    qtbot.waitExposed(canvas)
    return canvas


def click(canvas: Canvas, point: QPointF, modifiers=PLAIN) -> None:
    QTest.mouseClick(canvas, LEFT, modifiers, point.toPoint())


def drag(canvas: Canvas, start: QPointF, end: QPointF, button=LEFT, modifiers=PLAIN, release=True) -> None:
    QTest.mousePress(canvas, button, modifiers, start.toPoint())
    for share in (0.3, 0.7, 1.0):
        QTest.mouseMove(canvas, (start + (end - start) * share).toPoint())
    if release:
        QTest.mouseRelease(canvas, button, modifiers, end.toPoint())


_STILL = QPoint()


def wheel(canvas: Canvas, point: QPointF, angle=_STILL, pixels=_STILL, phase=Qt.ScrollPhase.NoScrollPhase) -> None:
    event = QWheelEvent(point, canvas.mapToGlobal(point), pixels, angle, Qt.MouseButton.NoButton, PLAIN, phase, False)
    QApplication.sendEvent(canvas, event)


def edge(name: str, graph: Graph = SMALL):
    return graph.edge(graph.index(name))


def empty_point(canvas: Canvas) -> QPointF:
    """A point between nodes where no edge is."""
    for y in range(120, 420, 7):
        for x in range(150, 600, 11):
            if canvas.target_at(QPointF(x, y)) is None and canvas.target_at(QPointF(x + 1, y + 1)) is None:
                return QPointF(x, y)
    raise AssertionError("no empty place")
