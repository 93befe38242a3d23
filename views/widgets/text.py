"""Words and numbers as the panels write them, and the labels that hold them.

Labels never clip: what does not fit is elided and the whole text becomes the tooltip.
"""

from __future__ import annotations

import html
from functools import cache

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QFont, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from core.glossary import explained
from views.theme import current, keep_font, mono_font, text_scale, theme_changes, ui_font

_LOOKS = frozenset((QEvent.Type.FontChange, QEvent.Type.StyleChange))


def plain_tip(text: str) -> str:
    """A tooltip that shows `text` as it is: Qt would take `<q>` for markup."""
    if "<" not in text and "&" not in text:
        return text
    return "<span>" + html.escape(text).replace("\n", "<br>") + "</span>"


def unbroken(text: str) -> str:
    """A text that stays on one line: a longer one around it breaks before or after it."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


class ElidedLabel(QLabel):
    """One line of plain text that gives way: elided to its width, whole in the tooltip."""

    def __init__(
        self,
        text: str = "",
        role: str = "",
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._text = text
        self._shorter: tuple[str, ...] = ()
        self._mode = mode
        self._tip = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        if role:
            self.setProperty("role", role)
        self._elide()

    def setText(self, text: str, *shorter: str) -> None:
        """`shorter` are ways to say it where there is less room, longest first."""
        if (text, shorter) == (self._text, self._shorter):
            return
        self._text, self._shorter = text, shorter
        self.setAccessibleName(text)
        self._elide()
        self.updateGeometry()

    def text(self) -> str:
        """The whole text."""
        return self._text

    def shown_text(self) -> str:
        """What is on the screen."""
        return super().text()

    def set_tip(self, tip: str) -> None:
        """A tooltip of its own; an elided label still says its whole text first."""
        self._tip = tip
        self._elide()

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self._text) + 2, metrics.height() + 2)

    def minimumSizeHint(self) -> QSize:
        whole = self.sizeHint()
        return QSize(min(whole.width(), self.fontMetrics().horizontalAdvance("MM…")), whole.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in _LOOKS:
            self.updateGeometry()
            self._elide()

    def _elide(self) -> None:
        shown, width, metrics = self._text, self.width(), self.fontMetrics()
        if shown and width < metrics.horizontalAdvance(shown):
            fitting = [text for text in self._shorter if metrics.horizontalAdvance(text) <= width]
            last = self._shorter[-1] if self._shorter else self._text
            shown = fitting[0] if fitting else metrics.elidedText(last, self._mode, width)
        if shown != super().text():
            super().setText(shown)
        tips = [self._text] if shown != self._text else []
        tip = plain_tip("\n".join(tips + ([self._tip] if self._tip else [])))
        if tip != self.toolTip():  # a window has hundreds of labels, and Qt sends an event for each that is told
            self.setToolTip(tip)


class TintedLabel(ElidedLabel):
    """An elided label in one of the theme's colours."""

    def __init__(self, text: str = "", color: str = "text", parent: QWidget | None = None) -> None:
        super().__init__(text, parent=parent)
        self._color = color
        theme_changes().changed.connect(self._retint)
        self._retint()

    def set_color(self, color: str) -> None:
        if color != self._color:
            self._color = color
            self._retint()

    def color(self) -> str:
        """The name of the theme's colour in use."""
        return self._color

    def _retint(self) -> None:
        self.setStyleSheet(f"color: {getattr(current(), self._color)};")


def wrapped(text: str = "", role: str = "muted") -> QLabel:
    """A label of several lines; hidden while it is empty (see `show_text`)."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setProperty("role", role)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def dim(label: QLabel, stale: bool) -> None:
    """Words that hold numbers of an earlier state."""
    sheet = f"color: {current().faint};" if stale else ""
    if sheet != label.styleSheet():  # Qt would style it anew all the same
        label.setStyleSheet(sheet)


def set_role(label: QLabel, role: str) -> None:
    """What a label says, in the style sheet's words; may change."""
    if label.property("role") != role:
        label.setProperty("role", role)
        label.style().unpolish(label)
        label.style().polish(label)


def heading(text: str) -> QLabel:
    """A heading that does not give way."""
    label = QLabel(text)
    label.setProperty("role", "heading")
    return label


def explained_heading(text: str, word: str) -> ElidedLabel:
    """A heading that gives way, with a word's line of the glossary in its tooltip."""
    label = ElidedLabel(text, "heading")
    label.set_tip(explained(word))
    return label


def enlarge(label: QLabel, factor: float) -> None:
    """Larger and bold, in proportion to the user's font."""

    def large() -> QFont:
        font = scaled(ui_font(), factor)
        font.setBold(True)
        return font

    keep_font(label, large)


def show_text(label: QLabel, text: str) -> None:
    """Set a label's text, and show it only when there is some."""
    label.setText(text)
    label.setVisible(bool(text))


def scaled(font: QFont, factor: float) -> QFont:
    """The same font in another size, so that it follows the user's font scaling."""
    result = QFont(font)
    result.setPointSizeF(max(6.0, font.pointSizeF() * factor))
    return result


def small_mono() -> QFont:
    """For names and numbers in dense lists. Shared: copy it to change it."""
    return _small_mono(text_scale())


@cache
def _small_mono(scale: float) -> QFont:
    return scaled(mono_font(), 0.92)


def fit_height(dialog: QWidget) -> None:
    """As high as what stands in it: the words of a dialog wrap by its width, which `adjustSize` does not ask for."""
    layout = dialog.layout()
    width = max(dialog.width(), dialog.minimumWidth())
    dialog.resize(width, max(layout.heightForWidth(width), layout.minimumSize().height()))
