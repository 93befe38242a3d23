"""Widgets in lines, like words."""

from __future__ import annotations

from PySide6.QtCore import QRect
from PySide6.QtWidgets import QWidget

from views.widgets.flow import FlowLayout


class Box(QWidget):
    def __init__(self, width: int, height: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedSize(width, height)


def test_a_line_is_as_high_as_its_highest_and_the_others_stand_in_its_middle(qtbot) -> None:
    room = QWidget()
    qtbot.addWidget(room)
    flow = FlowLayout(room, gap=10)
    boxes = [Box(width, height, room) for width, height in ((100, 20), (90, 40), (50, 30), (1, 1), (300, 16))]
    for box in boxes:
        flow.addWidget(box)
    boxes[3].hide()
    flow.setGeometry(QRect(0, 0, 200, 200))
    assert [box.geometry().getRect() for box in (*boxes[:3], boxes[4])] == [
        (0, 10, 100, 20),
        (110, 0, 90, 40),
        (0, 50, 50, 30),
        (0, 90, 300, 16),
    ]
    assert flow.heightForWidth(200) == 106
    assert flow.heightForWidth(1000) == 40
