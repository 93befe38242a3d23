"""Whether a vertical scroll bar is there, decided by its area and never by Qt.

Left to Qt (`ScrollBarAsNeeded`), a bar that comes or goes changes the width, that changes the height of content whose
lines wrap, and that may take the bar away again: the bar eats the room that would make it needless, or the layout goes
round in a circle.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractScrollArea, QScrollArea, QWidget


def show_vertical_bar(area: QAbstractScrollArea, shown: bool) -> None:
    """Nothing happens where it is so already."""
    policies = Qt.ScrollBarPolicy
    policy = policies.ScrollBarAlwaysOn if shown else policies.ScrollBarAlwaysOff
    if area.verticalScrollBarPolicy() != policy:
        area.setVerticalScrollBarPolicy(policy)


def scrolled(content: QWidget) -> QScrollArea:
    """An area in which content that is as wide as it goes up and down. The keys are the content's."""
    area = QScrollArea()
    area.setWidget(content)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return area
