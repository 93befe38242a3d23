"""How far to trust the circuit shown: what is known of it, a statement each with its number, as they are found out."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QPushButton, QVBoxLayout, QWidget

from core.evaluation.statement import MARK, Statement, VerdictLine
from views.panels.trust.data import TrustData
from views.panels.trust.matrix import TasksSection
from views.theme import SPACE, as_card
from views.widgets.buttons import LinkButton, open_below
from views.widgets.scroll_bars import scrolled
from views.widgets.text import ElidedLabel, TintedLabel, dim, set_role, show_text, wrapped

_COLORS = {"plain": "text", "against": "negative", "unknown": "muted"}
EMPTY = (
    "A circuit is only as good as what speaks for it. Evaluate it: how much it recovers, whether it needs its edges, "
    "whether other pairs, another method or another ablation would give the same one, whether other tasks need it too, "
    "and three tests."
)


class VerdictRow(QWidget):
    """One sentence of the verdict; marked and in a colour where it speaks against the circuit."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.mark = TintedLabel(MARK, "negative")
        self.mark.setProperty("role", "heading")
        self.mark.setFixedWidth(self.mark.sizeHint().width() + 2)
        self.words = wrapped(role="heading")
        self.words.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.mark, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.words, 1)

    def show_line(self, line: VerdictLine, stale: bool) -> None:
        self.mark.setVisible(line.against)
        self.mark.set_color("faint" if stale else "negative")
        self.words.setText(line.words)
        self.words.setAccessibleName(f"Against the circuit: {line.words}" if line.against else line.words)
        set_role(self.words, "bad" if line.against and not stale else "heading")
        dim(self.words, stale)


class StatementRow(QWidget):
    """One statement: its title and number in a line, its sentence below, a link to the input that it names, and the
    statistic when it is asked for."""

    input_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = ElidedLabel("", "muted")
        self.figure = TintedLabel("")
        self.figure.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.figure.setProperty("role", "heading")
        self.words = wrapped(role="")
        self.words.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # so that a screen reader comes by
        self.unfold = LinkButton("", flush=True)
        self.unfold.clicked.connect(lambda: self.set_open(self.detail.isHidden()))
        self.look = LinkButton("Open it in A and B", "selection", flush=True)
        self.look.setToolTip("Put this pair of the dataset on the cards A and B")
        self.look.clicked.connect(lambda: self.input_wanted.emit(self._input))
        self._input = ""
        self.detail = wrapped()
        line = QHBoxLayout()
        line.setSpacing(SPACE)
        line.addWidget(self.title, 1)
        line.addWidget(self.figure)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(line)
        for widget in (self.words, self.look, self.unfold, self.detail):
            layout.addWidget(widget)
        self.set_open(False)

    def set_open(self, open_: bool) -> None:
        """Show the statistic, or fold it away."""
        self.detail.setVisible(open_)
        self.unfold.setText(f"Statistic {'▾' if open_ else '▸'}")
        self.unfold.setToolTip("Fold the statistic away" if open_ else "Show the statistic behind this")

    def show_statement(self, statement: Statement, stale: bool) -> None:
        self.title.setText(statement.title)
        self.title.set_tip(statement.tip)
        self.figure.setText(statement.shown_figure)
        self.detail.setText(statement.detail)
        self._input = statement.input
        self.look.setVisible(bool(statement.input) and not stale)
        self.look.setAccessibleName(f"Open in A and B: {statement.input}")
        self.unfold.setVisible(bool(statement.detail))
        self.unfold.setAccessibleName(f"Statistic of: {statement.title}")
        if not statement.detail:
            self.set_open(False)
        self.figure.set_color("faint" if stale else _COLORS[statement.tone])
        self.words.setText(statement.words)
        self.words.setAccessibleName(f"{statement.title}: {statement.words}")
        dim(self.words, stale)
        dim(self.detail, stale)


class TrustPanel(QFrame):
    """Shows a `TrustData`."""

    evaluate_wanted = Signal()
    cancel_wanted = Signal()
    task_wanted = Signal(str)  # the dataset is to be filled from it
    input_wanted = Signal(str)  # the pair of this A is to be opened

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        as_card(self)
        self.setAccessibleName("Trust")
        self._data = TrustData()
        self._lines: list[VerdictRow] = []
        self._rows: list[StatementRow] = []
        self.evaluate = QPushButton("Evaluate")
        self.evaluate.setToolTip("Find out how far the circuit shown can be trusted; takes a while")
        self.evaluate.clicked.connect(self._press)
        self.copy = LinkButton("Copy")
        self.copy.setToolTip("The statements as text")
        self.copy.clicked.connect(self._copy)
        self.subject = wrapped()
        self.problem = wrapped(role="")
        self.empty = wrapped(EMPTY)
        self.waiting = wrapped()
        self.lacks = wrapped()
        self.fill = LinkButton("Fill the dataset ▾", "selection", flush=True)
        self.fill.setToolTip("Pairs of a built-in task become the dataset, and the next trace goes over them")
        self.fill_menu = QMenu(self)
        self.all_tasks = TasksSection()
        self.fill.clicked.connect(self.open_tasks)
        self._lay_out()
        self.set_data(TrustData())

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(SPACE)
        top.addWidget(self.evaluate)
        top.addStretch(1)
        top.addWidget(self.copy)
        content = QWidget()
        body = QVBoxLayout(content)
        body.setContentsMargins(13, 6, 13, 8)
        body.setSpacing(12)
        self._statements = QVBoxLayout()
        self._statements.setSpacing(12)
        body.addLayout(top)
        self._verdict = QVBoxLayout()
        self._verdict.setSpacing(6)
        for widget in (self.subject, self.problem, self.empty):
            body.addWidget(widget)
        body.addLayout(self._verdict)
        body.addLayout(self._statements)
        for widget in (self.waiting, self.lacks, self.fill, self.all_tasks):
            body.addWidget(widget)
        body.addStretch(1)
        self.scroll_area = scrolled(content)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 4, 1, 4)
        layout.addWidget(self.scroll_area)

    def set_data(self, data: TrustData) -> None:
        before, self._data = self._data, data
        while len(self._lines) < len(data.verdict):
            self._lines.append(VerdictRow())
            self._verdict.addWidget(self._lines[-1])
        for line, sentence in zip(self._lines, data.verdict, strict=False):
            line.show_line(sentence, data.stale)
        for place, line in enumerate(self._lines):
            line.setVisible(place < len(data.verdict))
        while len(self._rows) < len(data.statements):
            self._rows.append(StatementRow())
            self._rows[-1].input_wanted.connect(self.input_wanted)
            self._statements.addWidget(self._rows[-1])
        for row, statement in zip(self._rows, data.statements, strict=False):
            row.show_statement(statement, data.stale)
        for place, row in enumerate(self._rows):
            row.setVisible(place < len(data.statements))
        running = bool(data.waiting)
        self.evaluate.setText("Cancel" if running else "Evaluate again" if data.stale else "Evaluate")
        self.evaluate.setEnabled(running or data.able)
        self.copy.setVisible(bool(data.statements) and not running)
        show_text(self.subject, data.subject if data.statements else "")
        dim(self.subject, data.stale)
        show_text(self.problem, data.problem)
        self.empty.setVisible(not data.statements and not data.problem and not running)
        left = f" ({data.left})" if data.left else ""
        show_text(self.waiting, f"Still to come: {', '.join(data.waiting).lower()}{left} …" if running else "")
        show_text(self.lacks, data.lacks)
        self.fill.setVisible(bool(data.lacks and data.tasks))
        if data.tasks != before.tasks:
            self.fill_menu.clear()
            for name, title in data.tasks:
                action = self.fill_menu.addAction(title)
                action.triggered.connect(lambda _checked=False, name=name: self.task_wanted.emit(name))

    def data(self) -> TrustData:
        return self._data

    def verdict(self) -> list[str]:
        """Its sentences on the screen, as they are marked."""
        shown = [line for line in self._lines if line.isVisible()]
        return [f"{MARK} {line.words.text()}" if line.mark.isVisible() else line.words.text() for line in shown]

    def texts(self) -> list[str]:
        """The sentences on the screen, below the verdict."""
        return [row.words.text() for row in self._rows if row.isVisible()]

    def open_tasks(self) -> None:
        """The menu of the tasks that the dataset can be filled from."""
        open_below(self.fill, self.fill_menu)

    def _press(self) -> None:
        if self._data.waiting:
            self.cancel_wanted.emit()
        else:
            self.evaluate_wanted.emit()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._data.text)
