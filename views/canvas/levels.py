"""The two levels of the canvas in one place, and the switch between them: the components, or the circuit unfolded over
tokens or patches."""

from __future__ import annotations

from typing import Any, Literal

from PySide6.QtCore import Property, QPropertyAnimation, QRect, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from views import motion
from views.canvas.canvas import Canvas
from views.canvas.hands import Hands
from views.canvas.positions.canvas import PositionsCanvas

Level = Literal["components", "positions"]
LEVELS: tuple[Level, ...] = ("components", "positions")


class Levels(QWidget):
    """Shows one of the two. `board` is the one that shows."""

    level_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.components, self.positions = Canvas(), PositionsCanvas()
        self._boards: tuple[Hands[Any], ...] = (self.components, self.positions)
        self._stack = QStackedWidget()
        for board in self._boards:
            board.in_card = True
            self._stack.addWidget(board)
        self.fade = Fade(self._stack)
        self.buttons = {level: QPushButton() for level in LEVELS}
        group = QButtonGroup(self)
        strip = QHBoxLayout()
        strip.setContentsMargins(12, 8, 12, 2)
        strip.setSpacing(4)
        for level, button in self.buttons.items():
            button.setCheckable(True)
            button.setStyleSheet("padding: 3px 12px;")
            button.clicked.connect(lambda _checked=False, level=level: self.show_level(level))
            group.addButton(button)
            strip.addWidget(button)
        strip.addStretch(1)
        self.buttons["components"].setChecked(True)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addLayout(strip)
        rows.addWidget(self._stack, 1)
        self.set_words("Tokens")

    @property
    def level(self) -> Level:
        return LEVELS[self._stack.currentIndex()]

    @property
    def board(self) -> Hands[Any]:
        return self._boards[self._stack.currentIndex()]

    def set_words(self, positions: str, key: str = "") -> None:
        """What the second level is called: "Tokens" or "Patches"; and the key that switches."""
        words = {
            "components": ("Components", "Every head and MLP at its place"),
            "positions": (positions, f"The circuit unfolded over {positions.lower()}"),
        }
        for level, (text, tip) in words.items():
            self.buttons[level].setText(text)
            self.buttons[level].setAccessibleName(f"Show {text.lower()}")
            self.buttons[level].setToolTip(f"{tip} ({key})" if key else tip)

    def show_level(self, level: Level) -> None:
        """Show one level; what the other showed fades where motion is wanted."""
        if level == self.level:
            return
        focused, by_keys = self.board.hasFocus(), self.board.keyboard_focus
        if not motion.reduced() and self.isVisible():
            self.fade.begin(self._stack.grab())
        if focused:
            self.board.clearFocus()  # else Qt hands it on as if a key had done so
        self._stack.setCurrentIndex(LEVELS.index(level))
        self.buttons[level].setChecked(True)
        if focused:
            self.board.setFocus(Qt.FocusReason.TabFocusReason if by_keys else Qt.FocusReason.MouseFocusReason)
        self.level_changed.emit(level)

    def toggle(self) -> None:
        self.show_level(LEVELS[1 - LEVELS.index(self.level)])


class Fade(QWidget):
    """A picture of what was, over what is, that goes away."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._picture = QPixmap()
        self._share = 0.0
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        self._animation = QPropertyAnimation(self, b"share", self)
        self._animation.setDuration(motion.MILLISECONDS)
        self._animation.setStartValue(1.0)
        self._animation.setEndValue(0.0)
        self._animation.finished.connect(self.hide)

    def begin(self, picture: QPixmap) -> None:
        self._picture = picture
        self.setGeometry(QRect(0, 0, self.parentWidget().width(), self.parentWidget().height()))
        self.show()
        self.raise_()
        self._animation.start()

    def _get_share(self) -> float:
        return self._share

    def _set_share(self, share: float) -> None:
        self._share = share
        self.raise_()
        self.update()

    share = Property(float, _get_share, _set_share)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setOpacity(self._share)
        painter.drawPixmap(0, 0, self._picture)
        painter.end()
