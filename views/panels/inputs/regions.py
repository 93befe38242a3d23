"""Named parts of a picture: a click picks one; what is picked can be given a name."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from core.glossary import explained
from views.widgets.buttons import LinkButton
from views.widgets.flow import FlowLayout
from views.widgets.text import show_text, wrapped

HINT = "Name these patches"


class RegionsRow(QWidget):
    """Hidden where there is no picture."""

    chosen = Signal(str, bool)  # a name; whether it is added to what is picked
    named = Signal(str)
    forgotten = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Regions of the picture")
        self.buttons: dict[str, LinkButton] = {}
        self._shown: tuple[tuple[str, str], ...] = ()
        names = QWidget()
        self._flow = FlowLayout(names, gap=2)
        self.field = QLineEdit()
        self.field.setPlaceholderText(HINT)
        self.field.setAccessibleName("Name of the picked patches")
        self.field.setToolTip("Return gives the picked patches this name; one that other patches have moves to these")
        self.field.returnPressed.connect(lambda: self.named.emit(self.field.text().strip()))
        self.forget = LinkButton("Forget")
        self.forget.setToolTip("Take this name away; edits made there stay")
        self.forget.clicked.connect(self.forgotten)
        self.problem = wrapped(role="warning")
        self._naming = QWidget()
        naming = QHBoxLayout(self._naming)
        naming.setContentsMargins(0, 0, 0, 0)
        naming.addWidget(self.field, 1)
        naming.addWidget(self.forget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(names)
        column.addWidget(self._naming)
        column.addWidget(self.problem)
        show_text(self.problem, "")
        self.hide()

    def show_names(self, names: Sequence[tuple[str, str]], picked: str, can_name: bool) -> None:
        """names: each with its tip; none hides the row. picked: the one that is picked; empty for none. can_name:
        whether patches are picked that can have a name."""
        if tuple(names) != self._shown:
            self._shown = tuple(names)
            self._flow.clear()
            label = QLabel("Regions")
            label.setProperty("role", "muted")
            label.setToolTip(explained("region"))
            label.setMinimumHeight(LinkButton("").sizeHint().height())  # a line with the names
            self._flow.addWidget(label)
            self.buttons = {name: self._button(name, tip) for name, tip in names}
            for button in self.buttons.values():
                self._flow.addWidget(button)
        named = picked if can_name else ""
        if not self.field.hasFocus() or not can_name:
            self.field.setText(named)
        self.forget.setVisible(bool(named))
        self._naming.setVisible(can_name)
        self.setVisible(bool(names))
        show_text(self.problem, "")

    def show_problem(self, words: str) -> None:
        """Why what is written is no name."""
        show_text(self.problem, words)

    def _button(self, name: str, tip: str) -> LinkButton:
        button = LinkButton(name, "text")
        button.setToolTip(tip)
        button.clicked.connect(lambda: self.chosen.emit(name, _adds()))
        return button


def _adds() -> bool:
    modifiers = QApplication.keyboardModifiers()
    return bool(modifiers & (Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier))
