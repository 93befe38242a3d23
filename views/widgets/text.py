"""Words and numbers as the panels write them, and the labels that hold them.

Labels never clip: what does not fit is elided and the whole text becomes the tooltip.
"""

from __future__ import annotations

import html
from functools import cache

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QFont, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from core.formatting import MINUS, number
from views.glossary import explained
from views.theme import current, keep_font, mono_font, text_scale, theme_changes, ui_font

_MOST_DIGITS = 5


def signed(value: float, digits: int = 2) -> str:
    """`+0.07`, `−0.34`, and `0.00` without a sign for what rounds to nothing."""
    text = f"{abs(value):.{digits}f}"
    if float(text) == 0.0:
        return text
    return (MINUS if value < 0 else "+") + text


def digits_to_see(change: float, fewest: int = 2) -> int:
    """Digits after the point with which a change does not round to nothing; `fewest` where that would take too many."""
    digits = fewest
    while digits <= _MOST_DIGITS and abs(change) < 0.5 * 10**-digits:
        digits += 1
    return digits if digits <= _MOST_DIGITS else fewest


def digits_of(value: float) -> int:
    """Digits after the point for a number of the metric or a change of it, the same wherever it stands: three below
    1, and more where it takes them to see it at all."""
    return digits_to_see(value, 2 if abs(value) >= 0.9995 or value == 0 else 3)


def change_words(change: float) -> str:
    """A change of the metric: `−1.47`, `+0.310`, `−0.045`."""
    return signed(change, digits_of(change))


def score_words(score: float, signed: bool = True) -> str:
    """A score, with its sign where that says anything: `−1.47`, `0.989`."""
    return change_words(score) if signed else number(score, digits_of(score))


def metric_digits(before: float, after: float) -> int:
    """Digits for the metric and its change in one line, so that they add up."""
    return digits_of(after - before) if after != before else digits_of(after)


def pretty_name(name: str) -> str:
    """An edge's or port's name as the window writes it: `a18.h4 → a24.h7 ⟨q⟩`."""
    name = name.replace(" -> ", "->").replace("->", " → ")
    for port in "qkv":
        name = name.replace(f" <{port}>", f"<{port}>").replace(f"<{port}>", f" ⟨{port}⟩")
    return name


def visible_token(text: str) -> str:
    """A token as a chip shows it: the leading space hidden, every other white space visible."""
    shown = text[1:] if text.startswith(" ") and len(text) > 1 else text
    return shown.replace(" ", "·").replace("\n", "⏎").replace("\t", "⇥").replace("\r", "␍") or "∅"


def answer_words(label: str) -> str:
    """An answer or a class name in a list: the leading space hidden, spaces between words kept."""
    if not label.strip():
        return visible_token(label)
    return label.removeprefix(" ").replace("\n", "⏎").replace("\t", "⇥").replace("\r", "␍")


def mark_space(answer: str) -> str:
    """An answer with its leading space, which counts, made visible: `·Mary`."""
    return "·" + answer[1:] if answer.startswith(" ") else answer


def unmark_space(shown: str) -> str:
    """The answer that `mark_space` shows."""
    return " " + shown[1:] if shown.startswith("·") else shown


def plain_tip(text: str) -> str:
    """A tooltip that shows `text` as it is: Qt would take `<q>` for markup."""
    if "<" not in text and "&" not in text:
        return text
    return "<span>" + html.escape(text).replace("\n", "<br>") + "</span>"


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
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.updateGeometry()
            self._elide()

    def _elide(self) -> None:
        shown = self._text
        if self.width() < self.sizeHint().width() - 2:
            metrics = self.fontMetrics()
            fitting = [text for text in self._shorter if metrics.horizontalAdvance(text) <= self.width()]
            last = self._shorter[-1] if self._shorter else self._text
            shown = fitting[0] if fitting else metrics.elidedText(last, self._mode, self.width())
        if shown != super().text():
            super().setText(shown)
        tips = [self._text] if shown != self._text else []
        self.setToolTip(plain_tip("\n".join(tips + ([self._tip] if self._tip else []))))


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
    label.setStyleSheet(f"color: {current().faint};" if stale else "")


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
