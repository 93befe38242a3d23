"""The menu beside Trace: the method, what it is told, and whether it goes over the pair or the dataset."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QDoubleSpinBox, QFormLayout, QLabel, QMenu, QWidget, QWidgetAction

from core.glossary import explained_if_known
from views.panels.tracing.data import LEVELS, MethodData, OptionData, TraceData
from views.widgets.number_boxes import DecimalBox
from views.widgets.text import plain_tip


class TraceMenu(QMenu):
    """Shows a `TraceData`; says what is chosen. Methods that cannot be used are grey, with the reason behind them."""

    method_chosen = Signal(str)
    option_changed = Signal(str, float)
    over_chosen = Signal(bool)  # the dataset
    level_chosen = Signal(str)  # edges, nodes, positions

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setToolTipsVisible(True)
        self.data = TraceData()
        self.methods: dict[str, QAction] = {}
        self.over: dict[bool, QAction] = {}
        self.levels: dict[str, QAction] = {}
        self.fields: dict[str, QDoubleSpinBox] = {}

    def set_data(self, data: TraceData) -> None:
        """Nothing moves under the hand: while only numbers change, fields stay as they are."""
        if data == self.data:
            return
        before, self.data = self.data, data
        if _plan(before) == _plan(data):
            self._refresh()
        else:
            self._build()

    def _build(self) -> None:
        self.clear()
        self.methods, self.over, self.levels, self.fields = {}, {}, {}, {}
        group = QActionGroup(self)
        for method in self.data.methods:
            action = QAction(self)
            action.setCheckable(True)
            action.triggered.connect(lambda _checked=False, name=method.name: self.method_chosen.emit(name))
            group.addAction(action)
            self.addAction(action)
            self.methods[method.name] = action
        chosen = self.data.chosen
        if chosen is not None and chosen.options:
            self.addSeparator()
            self.addAction(self._form(chosen))
        if self.data.methods:
            self.addSeparator()
        levels = QActionGroup(self)
        for level in LEVELS if self.data.methods else ():
            action = QAction(self)
            action.setCheckable(True)
            action.triggered.connect(lambda _checked=False, level=level: self.level_chosen.emit(level))
            levels.addAction(action)
            self.addAction(action)
            self.levels[level] = action
        if self.data.methods:
            self.addSeparator()
        over = QActionGroup(self)
        for dataset in (False, True) if self.data.methods else ():
            action = QAction(self)
            action.setCheckable(True)
            action.triggered.connect(lambda _checked=False, dataset=dataset: self.over_chosen.emit(dataset))
            over.addAction(action)
            self.addAction(action)
            self.over[dataset] = action
        self._refresh()

    def _refresh(self) -> None:
        data = self.data
        for method in data.methods:
            action = self.methods[method.name]
            action.setText(_method_words(method))
            action.setToolTip(plain_tip(explained_if_known(method.title, method.problem)))
            action.setEnabled(not method.problem)
            action.setChecked(method.name == data.method)
        if self.over:
            self.over[False].setText("Over this pair")
            pairs = f"{data.pairs} pair{'s' * (data.pairs != 1)}"
            self.over[True].setText(f"Over the dataset: {data.over_problem or pairs}")
            self.over[True].setToolTip("Scores are means over the dataset's pairs, each with its own answers")
            self.over[True].setEnabled(not data.over_problem)
            self.over[data.over_dataset].setChecked(True)
        chosen = data.chosen
        for level, action in self.levels.items():
            can = chosen is None or level in chosen.levels
            action.setText(LEVELS[level] if can or chosen is None else f"{LEVELS[level]}: not by {chosen.title}")
            action.setEnabled(can)
            action.setChecked(level == data.level)
        for option in () if chosen is None else chosen.options:
            field = self.fields[option.name]
            if field.value() != option.value and not field.hasFocus():
                field.blockSignals(True)
                field.setValue(option.value)
                field.blockSignals(False)

    def _form(self, method: MethodData) -> QWidgetAction:
        """What the method is told."""
        page = QWidget()
        form = QFormLayout(page)
        form.setContentsMargins(28, 4, 16, 4)
        form.setSpacing(6)
        for option in method.options:
            field = _field(option)
            field.valueChanged.connect(lambda value, name=option.name: self.option_changed.emit(name, value))
            label = QLabel(option.title)
            label.setBuddy(field)
            form.addRow(label, field)
            self.fields[option.name] = field
        page.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        page.setFocusProxy(self.fields[method.options[0].name])
        action = QWidgetAction(self)
        action.setText(f"Settings of {method.title}")
        action.setDefaultWidget(page)
        return action


def _field(option: OptionData) -> QDoubleSpinBox:
    field = DecimalBox()
    field.setDecimals(option.digits)
    field.setRange(option.least, option.most)
    field.setSingleStep(max(10.0**-option.digits, option.value / 10 if option.digits else 1))
    field.setValue(option.value)
    field.setKeyboardTracking(False)
    field.setFixedWidth(120)
    field.setAccessibleName(option.title)
    field.setToolTip(f"From {option.least:g} to {option.most:g}")
    return field


def _method_words(method: MethodData) -> str:
    if method.problem:
        return f"{method.title}: not now. {method.problem}"
    cost = f" ({method.cost})" if method.cost else ""
    return f"{method.title}{cost}: {method.words}"


def _plan(data: TraceData) -> tuple[object, ...]:
    """What the menu's entries are, whatever they say."""
    chosen = data.chosen
    options = () if chosen is None else tuple(option.name for option in chosen.options)
    return tuple(method.name for method in data.methods), data.method, options
