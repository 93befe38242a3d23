"""The dock *Minimal Patch*: the parts whose values from B turn the answer, and what is left without each of them."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShortcut, QStandardItemModel
from PySide6.QtWidgets import QComboBox, QProgressBar, QPushButton, QVBoxLayout, QWidget

from views.panels.flip.data import FlipData
from views.panels.flip.table import FlipView
from views.theme import as_card
from views.widgets.buttons import LinkButton
from views.widgets.flow import FlowLayout
from views.widgets.text import dim, plain_tip, show_text, wrapped

EMPTY = (
    "Which parts make the model answer as it does for B? The search patches parts from B into A, the best one first, "
    "until the answer becomes B's. It takes back what is not needed, and shows that without any one of them the answer "
    "is not B's."
)
TIP = "Patch parts from B, one after the other, until the answer becomes B's; they become edits of the canvas"


class FlipPanel(QWidget):
    find_wanted = Signal(str)  # the key of what the set is made of
    cancel_wanted = Signal()
    copy_wanted = Signal()
    parts_chosen = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        as_card(self)
        self.setAccessibleName("Minimal patch")
        self.setMinimumSize(260, 96)
        self._data = FlipData()
        self.choice = QComboBox()
        self.choice.setAccessibleName("What the set is made of")
        self.choice.setToolTip("What is patched from B, one part after the other")
        self.find = QPushButton("Turn the Answer")
        self.find.setProperty("primary", True)
        self.find.setStyleSheet("padding: 5px 9px;")
        self.find.clicked.connect(self.press)
        self.bar = QProgressBar()
        self.bar.setRange(0, 100)
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(120)
        self.bar.setAccessibleName("Progress of the search")
        self.copy = LinkButton("Copy")
        self.copy.setToolTip("The table and what it says, as text")
        self.copy.clicked.connect(lambda: self.copy_wanted.emit())
        self._escape = QShortcut(Qt.Key.Key_Escape, self, self.cancel_wanted.emit)
        self._escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self.empty = wrapped(EMPTY)
        self.problem, self.headline = wrapped(role="warning"), wrapped(role="heading")
        for label in (self.problem, self.headline):
            label.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # so that a screen reader comes by
        self.view = FlipView()
        self.view.chosen.connect(self.parts_chosen)
        self.detail = wrapped()
        top = FlowLayout(gap=6)
        for widget in (self.choice, self.find, self.copy, self.bar):
            top.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 8, 6)
        layout.setSpacing(4)
        layout.addLayout(top)
        for label in (self.empty, self.problem, self.headline):
            layout.addWidget(label)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.detail)
        layout.addStretch(0)
        self.set_data(FlipData())

    def press(self) -> None:
        """Begin, or stop what runs."""
        if self._data.running:
            self.cancel_wanted.emit()
        elif not self._data.why_not:
            self.find_wanted.emit(str(self.choice.currentData()))

    def data(self) -> FlipData:
        return self._data

    def set_data(self, data: FlipData) -> None:
        if data.choices != self._data.choices:
            kept = self.choice.currentData()
            self.choice.clear()
            model = self.choice.model()
            assert isinstance(model, QStandardItemModel)
            for place, each in enumerate(data.choices):
                self.choice.addItem(each.words, each.key)
                self.choice.setItemData(place, plain_tip(each.why_not or TIP), Qt.ItemDataRole.ToolTipRole)
                self.choice.setItemData(place, each.why_not or TIP, Qt.ItemDataRole.AccessibleDescriptionRole)
                model.item(place).setEnabled(not each.why_not)
            can = [each.key for each in data.choices if not each.why_not]
            self.choice.setCurrentIndex(max(0, self.choice.findData(kept)) if kept in can else 0)
        self._data = data
        self.choice.setEnabled(not data.running)
        self.find.setText("Cancel" if data.running else "Turn the Answer")
        self.find.setEnabled(data.running or not data.why_not)
        tip = "Stop: what is patched so far stays as a step (Esc)" if data.running else data.why_not or TIP
        self.find.setToolTip(tip)
        self.find.setAccessibleDescription(tip)
        self._escape.setEnabled(data.running)
        self.bar.setVisible(data.running)
        self.bar.setRange(0, 0 if data.share is None else 100)
        self.bar.setValue(round(100 * (data.share or 0.0)))
        show_text(self.problem, data.problem)
        self.problem.setAccessibleName(data.problem)
        show_text(self.headline, data.headline)
        self.headline.setAccessibleName(data.headline)
        self.view.lines.set_rows(data.rows)
        for widget in (self.view, self.detail):
            widget.setVisible(bool(data.rows))
        self.copy.setVisible(bool(data.rows) and not data.running)
        self.empty.setVisible(not data.rows and not data.headline and not data.problem)
        self.detail.setText(data.detail)
        dim(self.headline, data.stale)
