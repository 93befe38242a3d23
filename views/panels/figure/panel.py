"""The figure that leaves: what is chosen of it on the right, how it will be on the left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpacerItem,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from views.figures.formats import PaintedFigure
from views.panels.figure.data import (
    FORMS,
    LEAST_DPI,
    LEAST_WIDTH,
    MOST_DPI,
    MOST_WIDTH,
    PALETTES,
    WIDTHS,
    Drawing,
    FigureChoice,
)
from views.panels.figure.preview import Preview
from views.theme import SPACE
from views.widgets.number_boxes import DecimalBox, NumberBox
from views.widgets.text import heading, show_text, wrapped

WORKING = "Laying it out…"
OTHER = "Another width"


class FigureDialog(QDialog):
    """Emits the whole choice with each change; whoever owns it makes the figure."""

    changed = Signal(object)  # FigureChoice
    save_requested = Signal()
    copy_requested = Signal()
    cancel_requested = Signal()

    def __init__(self, choice: FigureChoice, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Figure")
        self.choice = choice
        self.preview = Preview()
        self.drawing = self._box("drawing", ())
        self.preset = QComboBox()
        for _, words, width in WIDTHS:
            self.preset.addItem(f"{words}, {width:g} mm", width)
        self.preset.addItem(OTHER, 0.0)
        self.preset.activated.connect(self._take_preset)
        self.width_field = DecimalBox()
        self.width_field.setRange(LEAST_WIDTH, MOST_WIDTH)
        self.width_field.setDecimals(0)
        self.width_field.setSuffix(" mm")
        self.width_field.setKeyboardTracking(False)
        self.width_field.lineEdit().setTextMargins(8, 0, 0, 0)
        self.width_field.valueChanged.connect(lambda value: self._change(width=value))
        self.palette_box = self._box("palette", PALETTES)
        self.form = self._box("form", FORMS)
        self.dpi = self._number("dpi", LEAST_DPI, MOST_DPI)
        self.edges = self._number("edges", 1, 1)
        self.fold = self._check("&Fold like layers into one box", "fold")
        self.fold.setToolTip("Layers in a row with as many heads and an MLP, or none, are drawn as one box")
        self.caption = self._check("Ca&ption below", "caption")
        self.caption.setToolTip("What the figure shows, of which model and inputs, and how it was made")
        self.told = wrapped()
        self.result_words = wrapped()
        self.cancel = self._button("Ca&ncel", "Stop laying it out", self.cancel_requested.emit)
        self.copy = self._button("&Copy", "", self.copy_requested.emit)
        self.save = self._button("&Save…", "Write the figure to a file", self.save_requested.emit)
        self.save.setProperty("primary", True)
        self.close_button = self._button("C&lose", "Close this window (Esc)", self.reject)
        self._arrange()
        self.resize(880, 620)
        self.show_choice(choice, 1, ())

    # ---- parts ---------------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(2 * SPACE)
        form.setVerticalSpacing(SPACE)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        form.addRow(heading("What"))
        self._row(form, "&Drawing", self.drawing)
        self._row(form, "Strongest &edges", self.edges)
        form.addRow(self.fold)
        form.addRow(self.caption)
        form.addItem(QSpacerItem(0, SPACE))
        form.addRow(heading("How"))
        self._row(form, "Fo&r", self.preset)
        self._row(form, "&Width", self.width_field)
        self._row(form, "Colo&urs", self.palette_box)
        self._row(form, "F&ormat", self.form)
        self._row(form, "Dots per &inch", self.dpi)
        side = QVBoxLayout()
        side.setSpacing(SPACE)
        side.addLayout(form)
        side.addWidget(self.told)
        side.addWidget(self.cancel, 0, Qt.AlignmentFlag.AlignLeft)
        side.addStretch(1)
        side.addWidget(self.result_words)
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE)
        buttons.addWidget(self.copy)
        buttons.addWidget(self.save)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        side.addLayout(buttons)
        panel = QWidget()
        panel.setLayout(side)
        side.setContentsMargins(0, 0, 0, 0)
        panel.setFixedWidth(max(330, panel.minimumSizeHint().width()))
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * SPACE, 2 * SPACE, 2 * SPACE, 2 * SPACE)
        row.setSpacing(2 * SPACE)
        row.addWidget(self.preview, 1)
        row.addWidget(panel)

    def _box(self, field: str, choices: Sequence[tuple[str, str]]) -> QComboBox:
        box = QComboBox()
        for key, words in choices:
            box.addItem(words, key)
        box.activated.connect(lambda _: self._change(**{field: box.currentData()}))
        return box

    def _number(self, field: str, least: int, most: int) -> QSpinBox:
        spin = NumberBox()
        spin.setRange(least, most)
        spin.setKeyboardTracking(False)  # a number counts when it is written to its end
        spin.lineEdit().setTextMargins(8, 0, 0, 0)
        spin.valueChanged.connect(lambda value: self._change(**{field: value}))
        return spin

    def _check(self, words: str, field: str) -> QCheckBox:
        check = QCheckBox(words)
        check.toggled.connect(lambda on: self._change(**{field: on}))
        return check

    @staticmethod
    def _button(words: str, tip: str, do: Any) -> QPushButton:
        button = QPushButton(words)
        button.setToolTip(tip)
        button.setAutoDefault(False)
        button.clicked.connect(do)
        return button

    @staticmethod
    def _row(form: QFormLayout, words: str, field: QWidget) -> None:
        label = QLabel(words)
        label.setBuddy(field)
        field.setAccessibleName(words.replace("&", ""))
        form.addRow(label, field)

    # ---- showing and changing ------------------------------------------------------------------------------

    def show_choice(self, choice: FigureChoice, edges: int, drawings: Sequence[tuple[Drawing, str]]) -> None:
        """Emits nothing. edges: as many as there are. drawings: what can be drawn, with its words."""
        self.choice = choice
        blocked = [QSignalBlocker(each) for each in (self.width_field, self.dpi, self.edges, self.fold, self.caption)]
        if [self.drawing.itemData(place) for place in range(self.drawing.count())] != [key for key, _ in drawings]:
            self.drawing.clear()
            for key, words in drawings:
                self.drawing.addItem(words, key)
        self.edges.setRange(1, max(1, edges))
        self.edges.setValue(choice.edges or edges)
        self.dpi.setValue(choice.dpi)
        self.fold.setChecked(choice.fold)
        self.caption.setChecked(choice.caption)
        del blocked
        self._fit()

    def _take_preset(self) -> None:
        width = self.preset.currentData()
        if width:
            self._change(width=width)
        else:
            self.width_field.setFocus()
            self.width_field.selectAll()

    def _change(self, **fields: Any) -> None:
        changed = replace(self.choice, **fields)
        if changed.form == "tikz" and changed.drawing != "circuit":  # LaTeX draws the circuit alone, on white
            changed = replace(changed, **({"drawing": "circuit"} if "form" in fields else {"form": "pdf"}))
        if changed.form == "tikz" and changed.palette == "dark":
            changed = replace(changed, **({"palette": "light"} if "form" in fields else {"form": "pdf"}))
        if changed != self.choice:
            self.choice = changed
            self._fit()
            self.changed.emit(changed)

    def _fit(self) -> None:
        """What the choice leaves to be chosen."""
        choice, widths = self.choice, "The graph and the positions are as wide as they are on the canvas"
        compact = choice.drawing == "circuit"
        tikz = choice.form == "tikz"
        with QSignalBlocker(self.width_field):
            self.width_field.setValue(choice.width)
        place = self.preset.findData(choice.width)
        self.preset.setCurrentIndex(place if place >= 0 else self.preset.count() - 1)
        for box, value in (
            (self.drawing, choice.drawing),
            (self.palette_box, choice.palette),
            (self.form, choice.form),
        ):
            box.setCurrentIndex(max(box.findData(value), 0))
        for field, tip in ((self.preset, "Where it will stand"), (self.width_field, "How wide it is when printed")):
            field.setEnabled(compact)
            field.setToolTip(tip if compact else widths)
        self.edges.setEnabled(compact)
        self.edges.setToolTip("Of those that the canvas shows" if compact else "All that the canvas shows are drawn")
        self.fold.setEnabled(compact)
        self.caption.setEnabled(compact and not tikz)
        self.dpi.setEnabled(choice.form == "png")
        self.dpi.setToolTip("How fine the PNG is" if choice.form == "png" else "Of a PNG alone")
        self.copy.setToolTip("The text for LaTeX" if tikz else "The figure as SVG and as PNG, to paste it elsewhere")

    def show_working(self) -> None:
        """The figure of before stays, dimmed."""
        self.preview.page.set_stale(True)
        show_text(self.told, WORKING)
        self.cancel.show()
        self._allow(False)

    def show_figure(self, figure: PaintedFigure, words: str) -> None:
        """words: how large it is, and what of it a reader may miss."""
        self.preview.page.set_stale(False)
        self.preview.show_figure(figure)
        show_text(self.told, words)
        self.cancel.hide()
        self._allow(True)

    def show_problem(self, words: str) -> None:
        """There is no figure of what is chosen."""
        self.preview.page.set_stale(True)
        show_text(self.told, words)
        self.cancel.hide()
        self._allow(False)

    def _allow(self, allowed: bool) -> None:
        self.save.setEnabled(allowed)
        self.copy.setEnabled(allowed)

    def say(self, words: str) -> None:
        """What came of it."""
        show_text(self.result_words, words)
