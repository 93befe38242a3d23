"""A head's identity card: scores of its behaviour on this input, as chips. Descriptions, not explanations."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from core.glossary import explained_if_known
from views.panels.inspector.data import TraitChip
from views.theme import RADIUS, current, theme_changes
from views.widgets.flow import FlowLayout
from views.widgets.text import plain_tip

NOTE = "A description of what it does on this input, not an explanation of it."


class IdentityChips(QWidget):
    """Strong scores in green, others muted."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = FlowLayout(self, gap=5)
        self.chips: list[QLabel] = []
        self._data: tuple[TraitChip, ...] = ()
        self._stale = False
        theme_changes().changed.connect(self._restyle)

    def set_traits(self, traits: Sequence[TraitChip]) -> None:
        self.setVisible(bool(traits))
        if tuple(traits) != self._data or not self.chips:
            self._data = tuple(traits)
            self._layout.clear()
            self.chips = []
            for trait in traits:
                chip = QLabel(trait.words)
                chip.setTextFormat(Qt.TextFormat.PlainText)
                color = "Green: strong." if trait.strong else "Grey: weak."
                tip = explained_if_known(" ".join(trait.words.split()[:-1]), trait.tip)
                chip.setToolTip(plain_tip(f"{tip}\n{color} {NOTE}"))
                chip.setAccessibleName(trait.words)
                chip.setAccessibleDescription(f"{trait.tip} {NOTE}")
                self._layout.addWidget(chip)
                self.chips.append(chip)
            self.updateGeometry()
        self.set_stale(False)
        self._restyle()

    def texts(self) -> list[str]:
        return [chip.text() for chip in self.chips]

    def set_stale(self, stale: bool) -> None:
        if stale != self._stale:
            self._stale = stale
            self._restyle()

    def _restyle(self) -> None:
        theme = current()
        for chip, trait in zip(self.chips, self._data, strict=True):
            color = "faint" if self._stale else "good" if trait.strong else "muted"
            tint = theme.color("good", 0.14) if trait.strong else theme.color("raised")
            back = f"rgba({tint.red()}, {tint.green()}, {tint.blue()}, {tint.alphaF():.2f})"
            weight = 600 if trait.strong else 400
            chip.setStyleSheet(
                f"color: {getattr(theme, color)}; background: {back}; border-radius: {RADIUS - 1}px;"
                f" padding: 2px 7px; font-weight: {weight};"
            )
