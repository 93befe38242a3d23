"""Input card A or B: a prompt as token chips that turn into a field, or a picture with its patch grid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from PySide6.QtCore import QMimeData, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QDrag,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QImage,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QAbstractButton, QApplication, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from views.panels.inputs.data import CardData, Tint
from views.panels.watching.panel import VerdictLabel
from views.theme import RADIUS, current
from views.widgets.boxes import DashedBox
from views.widgets.brush_image import BrushImage
from views.widgets.chips import ChipScroll, TokenChips
from views.widgets.drops import CARD_MIME, accept_copy, can_read, read
from views.widgets.line_icons import IconButton
from views.widgets.prompt_edit import PromptEdit
from views.widgets.text import ElidedLabel, TintedLabel, enlarge, plain_tip, show_text, wrapped

_PLACEHOLDERS = {"A": "Type or drop a prompt", "B": "Add a counterfactual: the prompt with one thing changed"}
_ID_PLACEHOLDERS = {
    "A": "Type token ids, as numbers: 464 3139 286. This model has no tokenizer.",
    "B": "Add a counterfactual: as many token ids, some of them others",
}
_NO_PICTURE = {"A": "Drop, paste or open a picture.", "B": "Add a counterfactual picture: drop, paste or open one."}


class InputCard(QWidget):
    """Shows a CardData; emits what the user wants with it. Loading and tokenizing happen elsewhere."""

    text_committed = Signal(str, str)  # letter, text
    image_requested = Signal(str)
    paste_requested = Signal(str)
    paths_dropped = Signal(str, list)  # letter, paths or addresses
    image_dropped = Signal(str, QImage)
    text_dropped = Signal(str, str)
    removed = Signal(str)
    picked_changed = Signal(tuple)  # tokens, or patches by rows

    def __init__(self, letter: Literal["A", "B"], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.letter = letter
        self._data = CardData(letter, "text")
        self._editing = False
        self._dragged_over = False
        self._pressed: QPointF | None = None
        self.setAcceptDrops(True)
        self.setAccessibleName("Clean input A" if letter == "A" else "Counterfactual input B")

        self.mark = TintedLabel(letter, "positive" if letter == "A" else "negative")
        enlarge(self.mark, 1.15)
        self.words = ElidedLabel(role="muted")
        self.header = QHBoxLayout()
        self.header.setSpacing(2)
        self.header.addWidget(self.mark)
        self.header.addSpacing(6)
        self.header.addWidget(self.words, 1)

        self.chips = TokenChips("positive" if letter == "A" else "negative")
        self.chips.edit_requested.connect(self.start_editing)
        self.chips.picked_changed.connect(self.picked_changed)
        self.chip_scroll = ChipScroll(self.chips)
        self.editor = PromptEdit(_PLACEHOLDERS[letter])
        self.editor.setAccessibleName(f"Text of {letter}")
        self.editor.committed.connect(self._commit)
        self.editor.cancelled.connect(self._cancel)
        self.picture = BrushImage()
        self.picture.setAccessibleName(f"Picture {letter}")
        self.picture.picked_changed.connect(self.picked_changed)
        self.name = ElidedLabel(role="muted", mode=Qt.TextElideMode.ElideMiddle)
        self.problem = wrapped(role="warning")
        self.notes = wrapped()
        self.legend = wrapped()
        self._tint: Tint | None = None
        self.verdict = VerdictLabel()
        self.picture_row = self._make_picture_row()
        self.invitation = self._make_invitation()

        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        layout.addLayout(self.header)
        layout.addWidget(self.verdict)
        for widget in (self.chip_scroll, self.editor, self.picture, self.picture_row, self.invitation):
            layout.addWidget(widget)
        layout.addWidget(self.legend)
        layout.addWidget(self.problem)
        layout.addWidget(self.notes)
        self.set_card(self._data)

    def _make_picture_row(self) -> QWidget:
        """Under a picture: its name, and what one can do with it."""
        letter = self.letter
        self.open_button = IconButton("folder", f"Open a picture for {letter}", "Open a picture…")
        self.paste_button = IconButton("paste", f"Paste a picture into {letter}", "Paste a picture (Ctrl+V)")
        self.grid_button = IconButton("grid", "Patch grid", "Show the patch grid")
        self.grid_button.setCheckable(True)
        self.grid_button.setChecked(True)
        self.grid_button.toggled.connect(self.picture.set_grid_shown)
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.name, 1)
        for button in (self.open_button, self.paste_button, self.grid_button):
            layout.addWidget(button)
        self._join(self.open_button, self.paste_button)
        return row

    def _make_invitation(self) -> QWidget:
        """In the place of a picture that is not there yet."""
        box = DashedBox()
        layout = QVBoxLayout(box)
        layout.setSpacing(8)
        layout.addWidget(wrapped(_NO_PICTURE[self.letter]))
        row = QHBoxLayout()
        open_file, paste = QPushButton("Open…"), QPushButton("Paste")
        open_file.setAccessibleName(f"Open a picture for {self.letter}")
        paste.setAccessibleName(f"Paste a picture into {self.letter}")
        paste.setToolTip("Paste a picture from the clipboard (Ctrl+V)")
        row.addWidget(open_file)
        row.addWidget(paste)
        row.addStretch(1)
        layout.addLayout(row)
        self._join(open_file, paste)
        return box

    def _join(self, open_file: QAbstractButton, paste: QAbstractButton) -> None:
        open_file.clicked.connect(lambda: self.image_requested.emit(self.letter))
        paste.clicked.connect(lambda: self.paste_requested.emit(self.letter))

    # ---- showing -------------------------------------------------------------------------------------------

    def set_card(self, data: CardData) -> None:
        """Show a card. A text that is being edited stays in its field until it is committed or given up."""
        self._data = data
        self.chips.set_tokens(data.tokens)
        if data.text and not data.tokens:  # it cannot be read as tokens, but it can be mended
            self.chips.set_pending(data.text)
        if data.image is not None or data.kind == "image":
            self._editing = False
            self.picture.set_image(data.image, data.grid)
        self._show_tint()
        show_text(self.problem, data.problem)
        show_text(self.notes, "\n".join(data.notes))
        self._arrange()

    def set_takes_ids(self, ids: bool) -> None:
        """Whether the model reads numbers of tokens in place of text."""
        self.editor.set_invitation((_ID_PLACEHOLDERS if ids else _PLACEHOLDERS)[self.letter])
        self.editor.setAccessibleName(f"{'Token ids' if ids else 'Text'} of {self.letter}")

    def set_picked(self, indices: Sequence[int]) -> None:
        """Tokens, or patches by rows."""
        self.chips.set_picked([i for i in indices if i < len(self._data.tokens)])
        rows, columns = self._data.grid or (0, 0)
        self.picture.set_picked([i for i in indices if i < rows * columns])

    def set_tint(self, tint: Tint | None) -> None:
        """Colour the tokens or patches, with a legend below; None takes the colours away."""
        if tint == self._tint:
            return
        self._tint = tint
        self._show_tint()

    def _show_tint(self) -> None:
        shares = () if self._tint is None else self._tint.shares
        tokens, patches = len(self._data.tokens), int(np.prod(self._data.grid or (0,)))
        self.chips.set_tint(shares if len(shares) == tokens else ())
        fits = patches > 0 and len(shares) == patches
        self.picture.set_weights(np.abs(np.asarray(shares, dtype=np.float32)) if fits else None)
        shown = fits or (tokens > 0 and len(shares) == tokens)
        show_text(self.legend, self._tint.legend if shown and self._tint is not None else "")
        self.legend.setToolTip(plain_tip(self._tint.tip) if shown and self._tint is not None else "")

    def point_at(self, asks: int, offers: int, prefix: int = 0) -> None:
        """Mark the positions that an attention pattern is pointed at: what asks, what offers; -1 for none. prefix:
        positions before the first patch of a picture."""
        self.chips.point_at(asks, offers)
        self.picture.point_at(max(asks - prefix, -1), max(offers - prefix, -1))

    def card(self) -> CardData:
        return self._data

    def is_empty(self) -> bool:
        return not self._data.text and not self._data.tokens and self._data.image is None

    def _arrange(self) -> None:
        text = self._data.kind == "text"
        field = text and (self._editing or not self._data.text)
        self.editor.setVisible(field)
        if field and not self._editing:
            self.editor.setPlainText(self._data.text)
        self.chip_scroll.setVisible(text and not field)
        has_picture = not text and self._data.image is not None
        self.picture.setVisible(has_picture)
        self.picture_row.setVisible(has_picture or (not text and self._data.awaited))
        self.name.setEnabled(not self._data.awaited)
        self.grid_button.setVisible(self._data.grid is not None)
        self.name.setText(self._data.name)
        self.invitation.setVisible(not text and not has_picture and not self._data.awaited)

    # ---- editing -------------------------------------------------------------------------------------------

    def start_editing(self) -> None:
        if self._data.kind != "text":
            return
        self._editing = True
        self.editor.setPlainText(self._data.text)
        self._arrange()
        self.editor.setFocus(Qt.FocusReason.OtherFocusReason)
        self.editor.moveCursor(self.editor.textCursor().MoveOperation.End)

    def _commit(self, text: str) -> None:
        had_text, by_key = bool(self._data.text), self.editor.hasFocus()
        self._editing = False
        if text == self._data.text:
            self._arrange()
        elif not text.strip() and self.letter == "B":
            self._arrange()
            if had_text:
                self.removed.emit(self.letter)
        else:
            if text.strip():
                self.chips.set_pending(text)
                self.editor.hide()
                self.chip_scroll.show()
            else:
                self._arrange()
            self.text_committed.emit(self.letter, text)
        if by_key and not self.chip_scroll.isHidden():
            self.chips.setFocus(Qt.FocusReason.OtherFocusReason)

    def _cancel(self) -> None:
        self._editing = False
        self.editor.setPlainText(self._data.text)
        self._arrange()
        if self.chip_scroll.isVisible():
            self.chips.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Paste):
            self.paste_requested.emit(self.letter)
        else:
            super().keyPressEvent(event)

    # ---- dropping ------------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if can_read(event.mimeData()):
            accept_copy(event)
            self.show_drop(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.show_drop(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self.show_drop(False)
        if self.take(event.mimeData()):
            accept_copy(event)

    def show_drop(self, over: bool) -> None:
        self._dragged_over = over
        self.update()

    def take(self, mime: QMimeData) -> bool:
        """Pass on what was dropped here or pasted. False when there is nothing to read in it."""
        dropped = read(mime)
        if dropped is None:
            return False
        if dropped.paths:
            self.paths_dropped.emit(self.letter, list(dropped.paths))
        elif dropped.image is not None:
            self.image_dropped.emit(self.letter, dropped.image)
        else:
            self.text_dropped.emit(self.letter, dropped.text)
        return True

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._dragged_over:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(current().color("accent"), 1.5, Qt.PenStyle.DashLine))
        painter.setBrush(current().color("accent", 0.12))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), RADIUS, RADIUS)
        painter.end()

    # ---- dragging card B onto the canvas -------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = event.position() if event.button() == Qt.MouseButton.LeftButton else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.letter != "B" or self._pressed is None or self.is_empty():
            return
        if (event.position() - self._pressed).manhattanLength() < QApplication.startDragDistance():
            return
        self._pressed = None
        mime = QMimeData()
        mime.setData(CARD_MIME, b"B")
        drag = QDrag(self)
        drag.setMimeData(mime)
        drag.setPixmap(self.mark.grab())
        drag.exec(Qt.DropAction.CopyAction)
