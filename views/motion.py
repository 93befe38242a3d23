"""Whether things may move by themselves: the user's choice, else what the desktop says where Qt passes it on."""

from __future__ import annotations

import sys

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QStyle

from views.choices import MotionChoice

MILLISECONDS = 220  # of a move of the eye

_choice: MotionChoice = "system"


def choice() -> MotionChoice:
    return _choice


def set_choice(value: MotionChoice) -> None:
    """Move, do not move, or do as the desktop does, from now on."""
    global _choice
    _choice = value


def reduced() -> bool:
    """Whether to be at once where one would go."""
    return _choice == "reduced" or (_choice == "system" and _system_is_still())


def _system_is_still() -> bool:
    """Qt knows of the desktop's wish on Windows, by some styles, and from 6.12 on by an accessibility hint. Without
    a screen nobody watches."""
    app = QApplication.instance()
    if not isinstance(app, QApplication) or QGuiApplication.platformName() in ("offscreen", "minimal"):
        return True
    hints = app.styleHints()
    preference = getattr(hints.accessibility(), "motionPreference", None) if hasattr(hints, "accessibility") else None
    if preference is not None:
        return "Reduc" in str(preference())
    if sys.platform == "win32" and not QApplication.isEffectEnabled(Qt.UIEffect.UI_General):
        return True
    return not app.style().styleHint(QStyle.StyleHint.SH_Widget_Animate)
