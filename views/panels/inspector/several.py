"""Several nodes or edges at once: who they are, their group (a supernode) with its name and colour, and what editing
all of them together does beside what each does alone."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from core.formatting import change_words, pretty_name
from core.groups import GROUP_COLORS
from views.panels.inspector.data import SeveralInspection
from views.theme import SPACE, current, hue_of, theme_changes
from views.widgets.bar_rows import BarRow, BarRows
from views.widgets.flow import FlowLayout
from views.widgets.text import dim, show_text, wrapped

_MOST_CHIPS = 16


class Swatches(QWidget):
    """The palette of groups, one of it chosen."""

    color_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chosen = ""
        self.buttons: dict[str, QPushButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(5)
        for name in GROUP_COLORS:
            button = QPushButton()
            button.setCheckable(True)
            button.setFixedSize(20, 18)
            button.setAccessibleName(f"Colour {name}")
            button.setToolTip(f"Draw the group in {name}")
            button.clicked.connect(lambda _checked=False, name=name: self._choose(name))
            row.addWidget(button)
            self.buttons[name] = button
        row.addStretch(1)
        theme_changes().changed.connect(self._restyle)
        self.set_color("")

    def set_color(self, name: str) -> None:
        self._chosen = name
        for other, button in self.buttons.items():
            button.setChecked(other == name)
        self._restyle()

    def color(self) -> str:
        return self._chosen

    def _choose(self, name: str) -> None:
        self.set_color(name)
        self.color_chosen.emit(name)

    def _restyle(self) -> None:
        theme = current()
        for name, button in self.buttons.items():
            ring = theme.text if name == self._chosen else theme.border
            width = 2 if name == self._chosen else 1
            button.setStyleSheet(
                f"QPushButton {{ background: {getattr(theme, name)}; border: {width}px solid {ring};"
                f" border-radius: 5px; padding: 0; }} QPushButton:focus {{ border: 2px solid {theme.accent}; }}"
            )


class SeveralSection(QWidget):
    target_selected = Signal(object)  # one of the members
    group_requested = Signal(str, str)  # name, colour
    ungroup_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._data: SeveralInspection | None = None
        self.chips: list[QPushButton] = []
        self._chips = FlowLayout(gap=4)
        self.more = wrapped()
        self.name = QLineEdit()
        self.name.setPlaceholderText("Name of the group")
        self.name.setAccessibleName("Name of the group")
        self.name.setToolTip("Type a name, Enter makes the group (Ctrl+G)")
        self.name.returnPressed.connect(self._group)
        self.name.editingFinished.connect(self._rename)
        self.swatches = Swatches()
        self.swatches.color_chosen.connect(lambda _: self._rename())
        self.group = QPushButton("Group")
        self.group.clicked.connect(self._group)
        self.ungroup = QPushButton("Ungroup")
        self.ungroup.setToolTip("Take the group apart; its nodes stay as they are (Ctrl+Shift+G)")
        self.ungroup.clicked.connect(self.ungroup_requested)
        self.effect = BarRows("Effect of editing all")
        self.kind = wrapped()
        self.gap = wrapped()
        look = QHBoxLayout()
        look.setSpacing(6)
        look.addWidget(self.swatches, 1)
        look.addWidget(self.group)
        look.addWidget(self.ungroup)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE)
        layout.addLayout(self._chips)
        layout.addWidget(self.more)
        layout.addWidget(self.name)
        layout.addLayout(look)
        layout.addSpacing(SPACE)
        layout.addWidget(self.effect)
        layout.addWidget(self.kind)
        layout.addWidget(self.gap)

    def show_several(self, data: SeveralInspection) -> None:
        if self._data is None or data.members != self._data.members:
            self._make_chips(data)
        before, self._data = self._data, data
        if not self.name.hasFocus() or before is None or before.members != data.members:
            with QSignalBlocker(self.name):
                self.name.setText(data.name)
        self.swatches.set_color(data.color)
        for widget in (self.name, self.group, self.swatches):
            widget.setEnabled(not data.no_group)
        self.group.setVisible(not data.grouped)
        self.ungroup.setVisible(data.grouped)
        self.group.setToolTip(data.no_group or "Make them one group: selected by one click, edited together (Ctrl+G)")
        rows = []
        for word, value in (("together", data.joint), ("one by one", data.alone)):
            if value is not None:
                color = hue_of(value, data.direction)
                tip = "all edited at once" if word == "together" else "the sum of what each does when edited alone"
                rows.append(BarRow(word, value, change_words(value), color, tip))
        self.effect.setVisible(bool(rows))
        self.effect.set_rows(rows)
        waiting = not rows and not data.nothing_to_edit
        kind = "measuring …" if waiting else f"measured change of the metric, {data.kind_words}" if rows else ""
        show_text(self.kind, kind)
        show_text(self.gap, gap_words(data.joint, data.alone))
        self.set_stale(False)

    def chip_texts(self) -> list[str]:
        return [chip.text() for chip in self.chips]

    def set_stale(self, stale: bool) -> None:
        self.effect.set_stale(stale)
        dim(self.gap, stale)

    def _make_chips(self, data: SeveralInspection) -> None:
        self._chips.clear()
        self.chips = []
        for target, name in list(zip(data.members, data.names, strict=True))[:_MOST_CHIPS]:
            chip = QPushButton(pretty_name(name))
            chip.setStyleSheet("padding: 1px 6px;")
            chip.setToolTip(f"Look at {pretty_name(name)} alone")
            chip.clicked.connect(lambda _checked=False, target=target: self.target_selected.emit(target))
            self._chips.addWidget(chip)
            self.chips.append(chip)
        left = len(data.members) - len(self.chips)
        show_text(self.more, f"and {left} more" if left else "")
        self.updateGeometry()

    def _group(self) -> None:
        if self._data is not None and not self._data.no_group:
            self.group_requested.emit(self.name.text().strip(), self.swatches.color())

    def _rename(self) -> None:
        """Another name or colour of a group that is there already."""
        data = self._data
        if data is None or not data.grouped:
            return
        name = self.name.text().strip() or data.name
        if (name, self.swatches.color()) != (data.name, data.color):
            self.group_requested.emit(name, self.swatches.color())


def gap_words(joint: float | None, alone: float | None) -> str:
    """How far effects are from adding up."""
    if joint is None or alone is None:
        return ""
    gap = joint - alone
    if abs(gap) < max(5e-4, 0.02 * max(abs(joint), abs(alone))):
        return "Their effects add up."
    return f"Their effects do not add up: edited together, the change differs by {change_words(gap)} from their sum."
