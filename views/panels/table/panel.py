"""The table: every edge and every node as a line, sorted and filtered, in step with the canvas. For a screen reader it
is the canvas."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QActionGroup, QKeySequence, QShowEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QLineEdit, QMenu, QPushButton, QVBoxLayout, QWidget

from core.edits import Target
from core.graph import Edge
from views.panels.table.data import TableData
from views.panels.table.names import EXAMPLES
from views.panels.table.rows import Rows, edge_rows, node_rows
from views.panels.table.view import MOST_SELECTED, RowsView
from views.theme import as_card
from views.widgets.text import ElidedLabel, show_text, wrapped

NOTHING = "Open a model: its edges and nodes stand here as a table."
_TYPING = 120  # milliseconds after a key before the filter is used
_KINDS = (("edges", "Edges", "Every wire from a writer to a reader"), ("nodes", "Nodes", "Every head and MLP"))


class TablePanel(QFrame):
    selection_changed = Signal(object)  # tuple of Node | Edge
    place_wanted = Signal()  # of the selection, on the canvas
    shown = Signal()  # it is looked at again

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        as_card(self)
        self.setAccessibleName("Table")
        self.setMinimumSize(260, 96)
        self._data: TableData | None = None
        self._rows: dict[str, Rows] = {}  # of the data, as far as they were looked at
        self._selection: tuple[Target, ...] = ()
        self._actions: Sequence[QAction] = ()
        self.view = RowsView()
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.customContextMenuRequested.connect(self._open_menu)
        self.view.targets_chosen.connect(self._choose)
        self.view.place_wanted.connect(self.place_wanted)

        self.kinds: dict[str, QPushButton] = {}
        group = QButtonGroup(self)
        for kind, words, tip in _KINDS:
            button = QPushButton(words)
            button.setCheckable(True)
            button.setToolTip(tip)
            button.setAccessibleDescription(tip)
            button.setStyleSheet("padding: 2px 10px;")
            group.addButton(button)
            self.kinds[kind] = button
        self.kinds["edges"].setChecked(True)
        group.buttonToggled.connect(lambda _, on: self._show_rows() if on else None)
        self.filter = QLineEdit()
        self.filter.setPlaceholderText(f"Filter: {EXAMPLES}")
        self.filter.setAccessibleName("Filter of the table")
        self.filter.setAccessibleDescription(f"Type names or words: {EXAMPLES}")
        self.filter.setToolTip(f"Show only some lines: {EXAMPLES}.\nSeveral words must all hold.")
        self.filter.setClearButtonEnabled(True)
        self._typing = QTimer(self, singleShot=True, interval=_TYPING)
        self._typing.timeout.connect(self._use_filter)
        self.filter.textChanged.connect(lambda _: self._typing.start())
        self.filter.returnPressed.connect(self._enter_table)
        self.count = ElidedLabel("", "muted")
        self.problem = wrapped("", "warning")
        self.hint = wrapped(NOTHING)

        header = QHBoxLayout()
        header.setSpacing(8)
        for button in self.kinds.values():
            header.addWidget(button)
        header.addWidget(self.filter, 3)
        header.addWidget(self.count, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 6, 8, 4)
        layout.setSpacing(4)
        layout.addLayout(header)
        layout.addWidget(self.problem)
        layout.addWidget(self.hint)
        layout.addWidget(self.view, 1)
        show_text(self.problem, "")
        self.show_nothing()

    # ---- showing ---------------------------------------------------------------------------------------------

    def show_nothing(self) -> None:
        """There is no graph."""
        self._data, self._rows = None, {}
        self.view.show_rows(None)
        self.view.hide()
        self.count.setText("")
        show_text(self.hint, NOTHING)

    def set_data(self, data: TableData) -> None:
        self._data, self._rows = data, {}
        show_text(self.hint, "")
        self.view.show()
        self._show_rows()

    def set_selection(self, selection: tuple[Target, ...]) -> None:
        """What is selected elsewhere; the table turns to its kind. Emits nothing."""
        if selection == self._selection:
            return
        self._selection = selection
        edges = [isinstance(target, Edge) for target in selection]
        if selection and all(edges) != self.kinds["edges"].isChecked() and (all(edges) or not any(edges)):
            self.kinds["edges" if edges[0] else "nodes"].setChecked(True)  # shows the rows, and what is selected
        self.view.set_selection(selection)
        self._count()

    def kind(self) -> str:
        return "edges" if self.kinds["edges"].isChecked() else "nodes"

    def _show_rows(self) -> None:
        if self._data is None:
            return
        kind = self.kind()
        if kind not in self._rows:
            self._rows[kind] = (edge_rows if kind == "edges" else node_rows)(self._data)
        self.view.show_rows(self._rows[kind])
        self._count()

    def _use_filter(self) -> None:
        self._typing.stop()
        if self.filter.text() != self.view.lines.filter():
            self.view.lines.set_filter(self.filter.text())
        if ("->" in self.filter.text() or "→" in self.filter.text()) and not self.kinds["edges"].isChecked():
            self.kinds["edges"].setChecked(True)  # an arrow is of edges alone; they come filtered already
        self._count()

    def _enter_table(self) -> None:
        self._use_filter()
        if not self.view.lines.problem and self.view.lines.rowCount():
            self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _count(self) -> None:
        """How many lines there are, and what of the selection is not among them."""
        lines = self.view.lines
        if lines.rows is None:
            return
        shown, every, what = len(lines.shown), lines.rows.count, lines.rows.what
        words = f"{every:,} {what}" if shown == every else f"{lines.fitting:,} of {every:,} {what}"
        if shown < lines.fitting:
            words = f"the first {shown:,} of {lines.fitting:,} {what}"
        chosen = self.view.chosen()
        if len(chosen) >= MOST_SELECTED:
            words += f" · {len(chosen)} selected, as many as can be"
        elif len(chosen) > 1:
            words += f" · {len(chosen)} selected"
        elif self._selection and not len(chosen) and any(lines.rows.number(t) is not None for t in self._selection):
            words += " · the selection is filtered away"
        circuit = "" if self._data is None else self._data.circuit
        self.count.setText(f"{words} · {circuit}" if circuit else words, words)
        show_text(self.problem, lines.problem or ("No line fits the filter." if not shown else ""))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.shown.emit()

    # ---- the user's hand ---------------------------------------------------------------------------------------

    def _choose(self, targets: tuple[Target, ...]) -> None:
        self._selection = targets
        self._count()
        self.selection_changed.emit(targets)

    def set_actions(self, actions: Sequence[QAction]) -> None:
        """What the context menu offers for the selection."""
        self._actions = actions

    def make_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for action in self._actions:
            menu.addAction(action)
        menu.addSeparator()
        rows = self.view.lines.rows
        sorting = menu.addMenu("Sort by")
        group = QActionGroup(sorting)
        for number, column in enumerate(rows.columns if rows is not None else ()):
            action = sorting.addAction(column.title)
            action.setCheckable(True)
            action.setChecked(number == self.view.lines.sorted_by[0])
            action.triggered.connect(lambda _checked=False, number=number: self.view.sort_by(number))
            group.addAction(action)
        menu.addSeparator()
        which = "Selected Lines" if len(self.view.chosen()) else "All Lines"
        copy = menu.addAction(f"Copy {which}")
        copy.setShortcut(QKeySequence.StandardKey.Copy)
        copy.triggered.connect(lambda: self.view.copy())
        menu.addAction(f"Copy {which} as CSV").triggered.connect(lambda: self.view.copy(","))
        return menu

    def _open_menu(self, point: QPoint) -> None:
        self.make_menu().popup(self.view.viewport().mapToGlobal(point))
