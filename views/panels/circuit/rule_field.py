"""How the edges of the circuit are chosen, beside their number. What cannot choose is grey, and its tip says why."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QStandardItemModel, QWheelEvent
from PySide6.QtWidgets import QComboBox, QWidget

from views.panels.circuit.data import RuleData
from views.widgets.text import plain_tip

BESIDE = 64  # pixels of the field beside its words: its edges and the arrow


class RuleField(QComboBox):
    rule_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rules: tuple[RuleData, ...] = ()
        self.setAccessibleName("How the edges of the circuit are chosen")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.activated.connect(self._take)

    def set_rules(self, rules: tuple[RuleData, ...], chosen: str) -> None:
        """Show the rules, and which holds; nothing where there are none."""
        self.setVisible(bool(rules))
        if rules != self._rules:
            self._rules = rules
            self.clear()
            model = self.model()
            assert isinstance(model, QStandardItemModel)
            for place, rule in enumerate(rules):
                self.addItem(rule.title, rule.name)
                tip = f"Cannot choose here: {rule.problem}." if rule.problem else f"{rule.words.capitalize()}."
                self.setItemData(place, plain_tip(tip), Qt.ItemDataRole.ToolTipRole)
                self.setItemData(place, tip, Qt.ItemDataRole.AccessibleDescriptionRole)
                model.item(place).setEnabled(not rule.problem)
        self._show(chosen)

    def _show(self, chosen: str) -> None:
        self._chosen = chosen
        place = self.findData(chosen)
        self.setCurrentIndex(place)
        self._fit()
        words = self._rules[place].words if place >= 0 else ""
        self.setToolTip(plain_tip(f"How the edges of the circuit are chosen: {words}.\nGrey: its own tip says why."))

    def _fit(self) -> None:
        """As wide as the words of the rule that holds."""
        self.setFixedWidth(self.fontMetrics().horizontalAdvance(self.currentText()) + BESIDE)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def _take(self, place: int) -> None:
        name = self.itemData(place)
        self._show(self._chosen)  # until the edges chosen so are there
        if name != self._chosen:
            self.rule_wanted.emit(name)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # a wheel that passes over chooses nothing
