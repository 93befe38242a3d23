"""Icons of the house: simple line drawings in resources/icons, in the colours of the theme.

`set_icon` gives a button or action an icon that changes with the theme. `icon` makes one for the theme in use.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QAction, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton

from views import theme

_SIZES = (16, 20, 24, 32, 48)  # pixels; twice that for fine screens


def set_icon(owner: QAbstractButton | QAction, name: str, field: str = "text") -> None:
    """Give a button or an action the icon of that name, now and whenever the theme changes."""
    for old in owner.findChildren(_Follower):
        old.setParent(None)
        old.deleteLater()
    _Follower(owner, name, field).paint()


def icon(name: str, field: str = "text") -> QIcon:
    """The icon of that name in a colour of the theme in use: `text`, `muted`, `accent`, `on_accent` ...

    Raises FileNotFoundError when there is no such drawing.
    """
    return _icon(name, theme.current().color(field).name(), theme.current().muted)


def names() -> list[str]:
    """All there are."""
    folder = resources.files("resources").joinpath("icons")
    return sorted(file.name[:-4] for file in folder.iterdir() if file.name.endswith(".svg"))


class _Follower(QObject):
    """Lives with a button or action and gives it a new icon when the theme changes."""

    def __init__(self, owner: QAbstractButton | QAction, name: str, field: str) -> None:
        super().__init__(owner)
        self._name, self._field = name, field
        theme.theme_changes().changed.connect(self.paint)

    @Slot()
    def paint(self) -> None:
        owner = self.parent()
        if isinstance(owner, QAbstractButton | QAction):
            owner.setIcon(icon(self._name, self._field))


@cache
def _icon(name: str, color: str, disabled: str) -> QIcon:
    drawing = resources.files("resources").joinpath("icons", f"{name}.svg").read_text(encoding="utf-8")
    usual, grey = (QSvgRenderer(drawing.replace("currentColor", tint).encode()) for tint in (color, disabled))
    made = QIcon()
    for size in _SIZES:
        for ratio in (1, 2):
            made.addPixmap(_picture(usual, size, ratio, 1.0))
            made.addPixmap(_picture(grey, size, ratio, 0.6), QIcon.Mode.Disabled)
    return made


def _picture(drawing: QSvgRenderer, size: int, ratio: int, opacity: float) -> QPixmap:
    picture = QPixmap(size * ratio, size * ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setOpacity(opacity)
    drawing.render(painter)
    painter.end()
    picture.setDevicePixelRatio(ratio)
    return picture
