"""The page in the canvas's place while no model is open: examples, packs to get, models used before."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from views.panels.status.panel import ThinProgress
from views.panels.welcome.data import PackRow
from views.theme import as_card
from views.widgets.buttons import LinkButton
from views.widgets.flow import FlowLayout
from views.widgets.scroll_bars import scrolled
from views.widgets.text import ElidedLabel, enlarge, plain_tip, show_text, wrapped

TITLE = "See which wires carry the answer"
LINE = "Open a model, give it a prompt or a picture, then click a wire: the answer changes at once."
_WIDEST = 720  # pixels: longer lines are hard to read


class PackCard(QFrame):
    """One model pack: what it is, how large, and the button that gets or opens it."""

    get_requested = Signal(str)
    open_requested = Signal(str)
    cancel_requested = Signal(str)

    def __init__(self, pack: PackRow, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pack = pack
        self.title = ElidedLabel(pack.title, "heading")
        facts = [pack.size_words, pack.license]
        self.facts = wrapped(" · ".join(fact for fact in facts if fact))
        self.description = wrapped(pack.description)
        self.button = QPushButton("Open" if pack.installed else "Get")
        self.button.setAccessibleName(f"{self.button.text()} {pack.title}")
        tip = "Open this model" if pack.installed else f"Download {pack.title}: {pack.size_words}"
        self.button.setToolTip(plain_tip(tip))
        self.button.clicked.connect(self._press)
        self.progress = ThinProgress()
        self.words = ElidedLabel("", "muted")
        self.cancel = LinkButton("Cancel", "selection")
        self.cancel.setAccessibleName(f"Cancel getting {pack.title}")
        self.cancel.clicked.connect(lambda: self.cancel_requested.emit(self.pack.name))

        self.getting = QWidget()
        line = QHBoxLayout(self.getting)
        line.setContentsMargins(0, 2, 0, 0)
        line.setSpacing(12)
        line.addWidget(self.progress, 1, Qt.AlignmentFlag.AlignVCenter)
        line.addWidget(self.words)
        line.addWidget(self.cancel)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.title)
        words.addWidget(self.description)
        words.addWidget(self.facts)
        words.addWidget(self.getting)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 10, 14, 10)
        layout.setSpacing(14)
        layout.addLayout(words, 1)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignVCenter)
        as_card(self)
        self.getting.hide()

    def show_progress(self, fraction: float | None, words: str) -> None:
        self.getting.show()
        self.button.setEnabled(False)
        self.progress.set_fraction(fraction)
        self.words.setText(words)

    def clear_progress(self) -> None:
        self.getting.hide()
        self.button.setEnabled(True)

    def _press(self) -> None:
        signal = self.open_requested if self.pack.installed else self.get_requested
        signal.emit(self.pack.name)


class WelcomePanel(QFrame):
    example_chosen = Signal(str)  # key
    open_folder_requested = Signal()
    recent_chosen = Signal(str)  # as given to set_recent
    pack_requested = Signal(str)  # name: download it
    pack_cancelled = Signal(str)
    model_requested = Signal(str)  # "pack:NAME" of an installed pack

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        as_card(self)
        self.setAccessibleName("Welcome")
        self.packs: dict[str, PackCard] = {}
        self.title = wrapped(TITLE, "heading")
        enlarge(self.title, 1.7)
        self.line = wrapped(LINE)
        self.examples_heading = ElidedLabel("Start with a guided example", "heading")
        self.examples = QWidget()
        self.example_grid = QGridLayout(self.examples)
        self.example_grid.setContentsMargins(0, 0, 0, 0)
        self.example_grid.setSpacing(8)
        self.packs_heading = ElidedLabel("Model packs: downloaded once, then used without a network", "heading")
        self.pack_column = QVBoxLayout()
        self.pack_column.setSpacing(8)
        self.problem = wrapped(role="warning")
        self.folder = QPushButton("Open a folder…")
        self.folder.setToolTip("A model's folder: Hugging Face or timm, with safetensors weights")
        self.folder.clicked.connect(self.open_folder_requested)
        self.recent_heading = ElidedLabel("Recent models", "heading")
        self.recent = FlowLayout(gap=8)

        column = QVBoxLayout()
        column.setSpacing(8)
        column.addStretch(1)
        column.addWidget(self.title)
        column.addWidget(self.line)
        column.addSpacing(16)
        for widget in (self.examples_heading, self.examples):
            column.addWidget(widget)
        column.addSpacing(14)
        column.addWidget(self.packs_heading)
        column.addLayout(self.pack_column)
        column.addWidget(self.problem)
        column.addSpacing(14)
        column.addWidget(self.recent_heading)
        column.addLayout(self.recent)
        column.addSpacing(4)
        column.addWidget(self.folder, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(2)
        inner = QWidget()
        inner.setMaximumWidth(_WIDEST)
        inner.setLayout(column)
        content = QWidget()
        centre = QHBoxLayout(content)
        centre.setContentsMargins(28, 20, 28, 20)
        centre.addWidget(inner)
        scroll = scrolled(content)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 4, 1, 4)
        layout.addWidget(scroll)
        self.set_examples(())
        self.set_packs(())
        self.set_recent(())
        self.set_problem("")

    # ---- showing -------------------------------------------------------------------------------------------

    def set_examples(self, examples: Sequence[tuple[str, str, str]]) -> None:
        """Key, title, one line about it."""
        while (item := self.example_grid.takeAt(0)) is not None:
            _remove(item.widget())
        self.example_buttons: dict[str, QPushButton] = {}
        for i, (key, title, words) in enumerate(examples):
            button = ExampleButton(title, words)
            button.clicked.connect(lambda _checked=False, key=key: self.example_chosen.emit(key))
            self.example_grid.addWidget(button, i // 3, i % 3)
            self.example_grid.setColumnStretch(i % 3, 1)
            self.example_buttons[key] = button
        self.examples_heading.setVisible(bool(examples))
        self.examples.setVisible(bool(examples))

    def set_packs(self, packs: Sequence[PackRow]) -> None:
        while (item := self.pack_column.takeAt(0)) is not None:
            _remove(item.widget())
        self.packs = {pack.name: PackCard(pack) for pack in packs}
        for card in self.packs.values():
            card.get_requested.connect(self.pack_requested)
            card.cancel_requested.connect(self.pack_cancelled)
            card.open_requested.connect(lambda name: self.model_requested.emit(f"pack:{name}"))
            self.pack_column.addWidget(card)
        self.packs_heading.setVisible(bool(packs))

    def set_pack_progress(self, name: str, fraction: float | None, words: str) -> None:
        """One pack is on its way; `fraction` None when its size is not known yet."""
        self.packs[name].show_progress(fraction, words)

    def clear_pack_progress(self, name: str) -> None:
        """It has arrived, failed, or was cancelled."""
        self.packs[name].clear_progress()

    def set_problem(self, text: str) -> None:
        """Why a pack could not be got."""
        show_text(self.problem, text)

    def set_recent(self, models: Sequence[str]) -> None:
        self.recent.clear()
        self.recent_buttons: dict[str, QPushButton] = {}
        for model in models:
            short = model if len(model) <= 44 else "…" + model[-43:]
            button = QPushButton(short.replace("&", "&&"))
            button.setToolTip(plain_tip(model))
            button.clicked.connect(lambda _checked=False, model=model: self.recent_chosen.emit(model))
            self.recent.addWidget(button)
            self.recent_buttons[model] = button
        self.recent_heading.setVisible(bool(models))


class ExampleButton(QPushButton):
    """A card that starts an example."""

    def __init__(self, title: str, words: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(title)
        self.setAccessibleDescription(words)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.title = wrapped(title, "heading")
        self.words = wrapped(words)
        for label in (self.title, self.words):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        for label in (self.title, self.words):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 10, 14, 10)
        layout.setSpacing(2)
        layout.addWidget(self.title)
        layout.addWidget(self.words)
        layout.addStretch(1)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        layout = self.layout()
        return layout.heightForWidth(width) if layout is not None else -1

    def sizeHint(self) -> QSize:
        return QSize(240, self.heightForWidth(max(self.width(), 120)))

    def minimumSizeHint(self) -> QSize:
        return QSize(100, self.title.sizeHint().height() + 20)


def _remove(widget: QWidget | None) -> None:
    if widget is not None:
        widget.hide()
        widget.deleteLater()
