"""The evidence of one head: how much of what it does each test tells, how its score is spread over the corpus, and
where in the corpus it is highest."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from core.formatting import percent, visible_token
from views.panels.heads.data import EvidenceData, KindShare, PictureMoment, SequenceLine, Token
from views.panels.heads.deciles import DecileBars
from views.theme import current, text_scale, theme_changes
from views.theme_colors import Theme
from views.widgets.bar_rows import BarRow, BarRows
from views.widgets.buttons import LinkButton
from views.widgets.flow import FlowLayout
from views.widgets.patch_image import PatchImage
from views.widgets.text import ElidedLabel, show_text, wrapped

WIDE = 350  # pixels of the whole, from which on its parts stand side by side
PICTURE = 116  # pixels of a picture's width: two fit a small window
STRONGEST = 0.5  # of the blue behind a token that is read: the words stay readable on it
KIND_TIP = (
    "Show where the head does this, and how often. The share is of all that it attends to over the corpus, in a text "
    "but for the first token; – where the test is of one query alone"
)


def marked(line: SequenceLine, theme: Theme) -> str:
    """A sequence as rich text: what is read on blue, as strong as it is read; the token that reads underlined."""
    return f"<b>{line.weight}</b>&nbsp; " + "".join(_token(token, theme) for token in line.tokens)


def _token(token: Token, theme: Theme) -> str:
    shown = escape(visible_token(token.text))
    style = ""
    if token.share > 0:
        style += f"background-color:{_rgba(theme, STRONGEST * token.share**0.5)};"
    if token.asks:
        style += f"color:{theme.color('selection').name()};font-weight:bold;text-decoration:underline;"
    if style:
        place = f"<span style='color:{theme.color('muted').name()};font-size:small'>&nbsp;{token.position}</span>"
        shown = f"<span style='{style}'>{shown}</span>{place}"
    return (" " if token.text[:1].isspace() else "") + shown + (" … " if token.gap else "")


def _rgba(theme: Theme, alpha: float) -> str:
    color = theme.color("positive")
    return f"rgba({color.red()},{color.green()},{color.blue()},{round(255 * alpha)})"


def _bar(kind: KindShare, chosen: bool) -> BarRow:
    share = "–" if kind.covers is None else percent(kind.covers)
    return BarRow(kind.name, kind.covers or 0.0, share, tip=KIND_TIP, bold=kind.passed, chosen=chosen)


class EvidenceView(QWidget):
    kind_wanted = Signal(str)  # the name of a test
    step_wanted = Signal(int)  # the head before or after, in the table's order
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._data: EvidenceData | None = None
        self.before, self.after = QPushButton("‹"), QPushButton("›")
        for button, step, words in ((self.before, -1, "The head before"), (self.after, 1, "The next head")):
            button.setFixedWidth(26)
            button.setStyleSheet("padding: 2px 0px;")
            button.setAccessibleName(words)
            button.setToolTip(f"{words} in the order of the table")
            button.clicked.connect(lambda _=False, step=step: self.step_wanted.emit(step))
        self.name = ElidedLabel("", "heading")
        self.back = LinkButton("All heads")
        self.back.setToolTip("Back to the table of all heads")
        self.back.clicked.connect(lambda: self.closed.emit())
        self.note, self.caption, self.covers_of = wrapped(), wrapped(), wrapped()
        self.covers = BarRows("Share that each test tells of what the head attends to", clickable=True, labels=0.62)
        self.covers.row_clicked.connect(self._want_kind)
        self.deciles = DecileBars()
        self.lines: list[QLabel] = []
        self.pictures: list[PatchImage] = []
        self._parts = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._parts.setSpacing(8)
        self._sequences, self._flow = QVBoxLayout(), FlowLayout(gap=8)
        self._sequences.setSpacing(5)
        self._lay_out()
        theme_changes().changed.connect(self._remark)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(6)
        for widget in (self.before, self.after):
            top.addWidget(widget)
        top.addWidget(self.name, 1)
        top.addWidget(self.back)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 2, 8, 2)
        column.setSpacing(5)
        for widgets in ((self.covers_of, self.covers), (self.caption, self.deciles)):
            part = QVBoxLayout()
            part.setSpacing(5)
            for widget in widgets:
                part.addWidget(widget)
            part.addStretch(1)
            self._parts.addLayout(part, 1)
        column.addLayout(self._parts)
        column.addLayout(self._sequences)
        column.addLayout(self._flow)
        column.addWidget(self.note)
        column.addStretch(1)
        self.scroll = QScrollArea()
        self.scroll.setFrameShape(QFrame.Shape.NoFrame)
        self.scroll.setWidgetResizable(True)
        self.scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.scroll.setWidget(inner)
        self.scroll.setMinimumSize(150, 60)
        self.scroll.setAccessibleName("Evidence of the head")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addWidget(self.scroll, 1)

    def set_data(self, data: EvidenceData | None) -> None:
        if data is self._data or data is None:
            return
        before, self._data = self._data, data
        self.name.setText(f"{data.head}: {data.labels}")
        show_text(self.note, data.note)
        show_text(self.covers_of, data.covers_of)
        self.covers.set_rows([_bar(each, each.name == data.kind) for each in data.kinds], 1.0)
        show_text(self.caption, data.caption)
        self.deciles.set_deciles(data.deciles)
        self._set_lines(data.lines)
        self._set_pictures(data.pictures)
        if before is None or before.head != data.head:
            self.scroll.verticalScrollBar().setValue(0)

    def _set_lines(self, lines: tuple[SequenceLine, ...]) -> None:
        for label in self.lines:
            self._sequences.removeWidget(label)
            label.hide()
            label.deleteLater()
        self.lines = []
        for line in lines:
            label = wrapped(role="")
            label.setTextFormat(Qt.TextFormat.RichText)
            label.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            label.setAccessibleName(line.words)
            label.setToolTip(line.words)
            self._sequences.addWidget(label)
            self.lines.append(label)
        self._remark()

    def _remark(self) -> None:
        if self._data is not None:
            for label, line in zip(self.lines, self._data.lines, strict=True):
                label.setText(marked(line, current()))

    def _set_pictures(self, pictures: tuple[PictureMoment, ...]) -> None:
        self._flow.clear()
        self.pictures = []
        for each in pictures:
            image = PatchImage(PICTURE)
            image.set_image(each.pixels, each.grid)
            image.set_grid_shown(False)
            image.set_weights(each.weights)
            image.point_at(each.asks, each.offers)
            image.setFixedSize(PICTURE, PICTURE)
            image.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            image.setAccessibleName(each.words)
            image.setToolTip(each.words)
            self._flow.addWidget(image)
            self.pictures.append(image)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The bars and the deciles stand side by side where there is room."""
        super().resizeEvent(event)
        beside = self.width() >= WIDE * text_scale()
        way = QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        if way != self._parts.direction():
            self._parts.setDirection(way)

    def _want_kind(self, row: int) -> None:
        if self._data is not None:
            self.kind_wanted.emit(self._data.kinds[row].name)
