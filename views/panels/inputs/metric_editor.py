"""The metric: its kind, its target and foil, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QComboBox, QCompleter, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from core.formatting import MINUS, mark_space, unmark_space
from core.glossary import explained
from core.project.metric_choice import MetricChoice
from views.panels.inputs.data import MetricOption
from views.widgets.buttons import LinkButton
from views.widgets.line_icons import IconButton
from views.widgets.text import ElidedLabel, explained_heading, plain_tip, show_text, wrapped

READ_OFF = (
    "The number that is read off the output. Accuracy is not among them: of one pair it is 0 or 1, and no edge can be "
    "estimated by it. Traced over a dataset, it stands beside what a circuit recovers, and in the trust panel."
)


class AnswerField(QComboBox):
    """An editable list of answers. `committed` comes with Enter, with leaving the field, and with a choice."""

    committed = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(3)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)
        self.setMaxVisibleItems(14)
        self.setStyleSheet("QComboBox { padding: 4px 0 4px 5px; } QComboBox::drop-down { width: 15px; }")
        completer = self.completer()
        if isinstance(completer, QCompleter):
            completer.setFilterMode(Qt.MatchFlag.MatchContains)
            completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
            completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        line = self.lineEdit()
        if line is not None:
            line.setPlaceholderText(name.lower())
            line.editingFinished.connect(self._commit)
        self.activated.connect(lambda _index: self._commit())

    def _commit(self) -> None:
        line = self.lineEdit()
        if line is not None:
            line.setModified(False)
        self.committed.emit()

    def set_placeholder(self, words: str) -> None:
        line = self.lineEdit()
        if line is not None:
            line.setPlaceholderText(words)

    def is_being_typed(self) -> bool:
        """Whether there is text that Enter has not taken yet."""
        line = self.lineEdit()
        return line is not None and line.hasFocus() and line.isModified()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """A click into the field selects all of it: what is typed takes its place, the mark of its space too."""
        super().focusInEvent(event)
        line = self.lineEdit()
        if line is not None and event.reason() == Qt.FocusReason.MouseFocusReason:
            QTimer.singleShot(0, line, line.selectAll)  # after the click has put its cursor

    def set_answers(self, answers: Sequence[str]) -> None:
        """What the list offers. What is being typed stays."""
        line = self.lineEdit()
        typed = (line.text(), line.cursorPosition()) if line is not None and self.is_being_typed() else None
        text = self.answer()
        with QSignalBlocker(self):
            self.clear()
            self.addItems([mark_space(answer) for answer in answers])
        if typed is None or line is None:
            self.show_text(text)
        else:
            with QSignalBlocker(self):
                line.setText(typed[0])
            line.setCursorPosition(typed[1])
            line.setModified(True)

    def answer(self) -> str:
        return unmark_space(self.currentText())

    def show_text(self, text: str) -> None:
        with QSignalBlocker(self):
            self.setEditText(mark_space(text))
        line = self.lineEdit()
        if line is not None and not line.hasFocus():
            line.setCursorPosition(0)
        name = self.accessibleName()
        self.setToolTip(plain_tip((f"{name}: {text!r}\n" if text else "") + explained(name.lower())))


class MetricEditor(QWidget):
    """Emits a MetricChoice when the user has changed one."""

    metric_changed = Signal(MetricChoice)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._options: dict[str, MetricOption] = {}
        self._choice = MetricChoice("")
        self.kind = QComboBox()
        self.kind.setAccessibleName("Metric")
        self.kind.setToolTip(READ_OFF)
        self.kind.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.kind.setMinimumContentsLength(6)
        self.kind.activated.connect(lambda _index: self._emit())
        self.target = AnswerField("Target")
        self.foil = AnswerField("Foil")
        self.minus = ElidedLabel(MINUS, "muted")
        self.swap = IconButton("swap", "Swap target and foil")
        self.swap.clicked.connect(self._swap)
        for field in (self.target, self.foil):
            field.committed.connect(self._emit)
        self.problem = wrapped(role="warning")
        self._fix: MetricChoice | None = None
        self.fix = LinkButton("Use", "accent")
        self.fix.setToolTip("Take the answer as it was probably meant")
        self.fix.clicked.connect(self._take_fix)

        answers = QHBoxLayout()
        answers.setSpacing(4)
        answers.addWidget(self.target, 1)
        answers.addWidget(self.minus)
        answers.addWidget(self.foil, 1)
        answers.addWidget(self.swap)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(explained_heading("Metric", "metric"))
        layout.addWidget(self.kind)
        layout.addLayout(answers)
        layout.addWidget(self.problem)
        layout.addWidget(self.fix, 0, Qt.AlignmentFlag.AlignLeft)
        show_text(self.problem, "")
        self.fix.hide()
        self.setEnabled(False)  # until it knows what can be chosen
        self._arrange()

    def set_options(self, options: Sequence[MetricOption]) -> None:
        self._options = {option.kind: option for option in options}
        with QSignalBlocker(self.kind):
            self.kind.clear()
            for option in options:
                self.kind.addItem(option.words, option.kind)
            self.kind.setCurrentIndex(self.kind.findData(self._choice.kind))
        self.setEnabled(bool(options))
        self._arrange()

    def set_answers(self, answers: Sequence[str], foils: Sequence[str] = ()) -> None:
        """foils: in the foil's own order, where it has one."""
        self.target.set_answers(answers)
        self.foil.set_answers(foils or answers)

    def set_metric(self, choice: MetricChoice) -> None:
        self._choice = choice
        with QSignalBlocker(self.kind):
            self.kind.setCurrentIndex(self.kind.findData(choice.kind))
        for field, answer in ((self.target, choice.target), (self.foil, choice.foil)):
            if not field.is_being_typed():
                field.show_text(answer)
        self._arrange()

    def set_problem(self, problem: str, fix: MetricChoice | None = None) -> None:
        """fix: the metric as it was probably meant; a click takes it."""
        show_text(self.problem, problem)
        self._fix = fix
        changed = (
            []
            if fix is None
            else [
                answer
                for answer, old in ((fix.target, self._choice.target), (fix.foil, self._choice.foil))
                if answer != old
            ]
        )
        self.fix.setText(f"Use {' and '.join(mark_space(answer) for answer in changed)}")
        self.fix.setAccessibleName("Use " + " and ".join(repr(answer) for answer in changed))
        self.fix.setVisible(bool(changed))

    def choice(self) -> MetricChoice:
        """What the fields say now."""
        return MetricChoice(str(self.kind.currentData() or ""), self.target.answer(), self.foil.answer())

    def _take_fix(self) -> None:
        if self._fix is not None:
            fix = self._fix
            self.set_metric(fix)
            self.metric_changed.emit(fix)

    def _swap(self) -> None:
        target, foil = self.target.answer(), self.foil.answer()
        self.target.show_text(foil)
        self.foil.show_text(target)
        self._emit()

    def _emit(self) -> None:
        self._arrange()
        choice = self.choice()
        if choice != self._choice:
            self._choice = choice
            self.metric_changed.emit(choice)

    def _arrange(self) -> None:
        option = self._options.get(str(self.kind.currentData() or ""))
        target, foil = (option.needs_target, option.needs_foil) if option else (False, False)
        reference = option is not None and option.of_reference
        self.target.setVisible(target or reference)
        self.target.set_placeholder("path of a picture" if reference else "target")
        for widget in (self.foil, self.minus, self.swap):
            widget.setVisible(foil)
