"""The matrix of tasks: a row a cut, a column a task, a cell the share of its behaviour that is kept."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QPainter, QPen
from PySide6.QtWidgets import QComboBox, QPushButton, QSizePolicy, QToolTip, QVBoxLayout, QWidget

from core.formatting import percent
from views.panels.trust.data import TasksData, TasksMatrix
from views.theme import SPACE, current, mix, theme_changes, ui_font
from views.widgets.painted import Painted
from views.widgets.section import Section
from views.widgets.text import plain_tip, show_text, wrapped

WAYS = (  # of choosing the edges that are cut
    ("circuit", "the circuit of each task"),
    ("contrast", "edges scored against the other tasks"),
    ("learned", "learned directions (slow)"),
)
CAPTION = "How much of each task is kept (columns, %) where the edges of one are cut (rows)."
GAP = 2.0


class MatrixView(Painted):
    """Cells are the darker the more is lost; those of the diagonal are framed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._matrix: TasksMatrix | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        theme_changes().changed.connect(self._restyle)

    def show_matrix(self, matrix: TasksMatrix) -> None:
        self._matrix = matrix
        self.setAccessibleName("What is kept of each task")
        cells = range(len(matrix.tasks))
        self.setAccessibleDescription(". ".join(matrix.tip(cut, task) for cut in cells for task in cells))
        self._restyle()

    def _restyle(self) -> None:
        self.updateGeometry()
        self.setFixedHeight(self.sizeHint().height())
        self.update()

    def _labels(self) -> tuple[float, float]:
        """The width of the names of rows, and the height of those of columns, which stand upright."""
        metrics = QFontMetricsF(ui_font())
        names = () if self._matrix is None else self._matrix.tasks
        widest = max((metrics.horizontalAdvance(name) for name in names), default=0.0)
        return min(widest, 0.36 * max(self.width(), 1)) + SPACE, widest + SPACE

    def _row(self) -> float:
        return QFontMetricsF(ui_font()).height() + 8

    def sizeHint(self) -> QSize:
        count = 0 if self._matrix is None else len(self._matrix.tasks)
        return QSize(120, int(self._labels()[1] + count * (self._row() + GAP)) + 2)

    def cell(self, cut: int, task: int) -> QRectF:
        """Where it lies."""
        count = 1 if self._matrix is None else len(self._matrix.tasks)
        left, top = self._labels()
        wide = (self.width() - left) / count
        return QRectF(left + task * wide, top + cut * (self._row() + GAP), wide - GAP, self._row())

    def draw(self, painter: QPainter) -> None:
        matrix, theme = self._matrix, current()
        if matrix is None:
            return
        painter.setFont(ui_font())
        metrics = QFontMetricsF(ui_font())
        left, top = self._labels()
        count = len(matrix.tasks)
        for number, name in enumerate(matrix.tasks):
            painter.setPen(theme.color("muted"))
            row = self.cell(number, 0)
            shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, left - SPACE)
            painter.drawText(QRectF(0, row.y(), left - SPACE, row.height()), Qt.AlignmentFlag.AlignVCenter, shown)
            painter.save()
            painter.translate(self.cell(0, number).center().x() + metrics.ascent() / 2 - 1, top - SPACE / 2)
            painter.rotate(-90)
            painter.drawText(QPointF(0, 0), name)
            painter.restore()
        for cut in range(count):
            for task in range(count):
                kept = matrix.kept[cut][task]
                cell = self.cell(cut, task)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(mix(theme.panel, theme.negative, 0.75 * (1 - min(1.0, max(0.0, kept)))))
                painter.drawRoundedRect(cell, 3, 3)
                if cut == task:
                    painter.setBrush(Qt.BrushStyle.NoBrush)
                    painter.setPen(QPen(theme.color("text"), 1.2))
                    painter.drawRoundedRect(cell.adjusted(0.6, 0.6, -0.6, -0.6), 3, 3)
                painter.setPen(theme.color("text"))
                painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, percent(kept).removesuffix(" %"))

    def tip_at(self, x: float, y: float) -> str:
        """What the cell there says; empty beside all cells."""
        if self._matrix is None:
            return ""
        cells = range(len(self._matrix.tasks))
        under = ((cut, task) for cut in cells for task in cells if self.cell(cut, task).contains(x, y))
        return next((self._matrix.tip(cut, task) for cut, task in under), "")

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            words = self.tip_at(event.pos().x(), event.pos().y())
            QToolTip.showText(event.globalPos(), plain_tip(words) if words else "", self)
            return True
        return super().event(event)


class TasksSection(Section):
    """Below the statements: the button that compares the model's tasks, and their matrix."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("All tasks of the model", parent, word="specific")
        self.choose = QComboBox()
        self.choose.setAccessibleName("Which edges are cut")
        self.choose.setToolTip("Which edges are cut for each task")
        for key, title in WAYS:
            self.choose.addItem(title, key)
        self.choose.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.choose.setMinimumContentsLength(6)
        self.compare = QPushButton("Compare")
        self.compare.setToolTip("Cut these edges of the whole model, task by task, and see what every task loses")
        self.said = wrapped()
        self.caption = wrapped(CAPTION)
        self.matrix = MatrixView()
        self.words = wrapped(role="")
        inside = QVBoxLayout()
        inside.setSpacing(SPACE)
        for widget in (self.choose, self.compare, self.said, self.caption, self.matrix, self.words):
            inside.addWidget(widget)
        self.body.addLayout(inside)
        self.show_tasks(TasksData())

    def way(self) -> str:
        return str(self.choose.currentData())

    def show_tasks(self, data: TasksData) -> None:
        self.compare.setText("Cancel" if data.running else "Compare")
        self.compare.setEnabled(bool(data.running) or data.able)
        self.choose.setEnabled(not data.running)
        show_text(self.said, data.running or data.problem)
        for widget in (self.caption, self.matrix):
            widget.setVisible(data.matrix is not None)
        words = ""
        if data.matrix is not None:
            self.matrix.show_matrix(data.matrix)
            words = "\n".join(data.matrix.words)
        show_text(self.words, words)
