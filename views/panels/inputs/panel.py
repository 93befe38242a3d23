"""The left column: the pair of inputs, the metric, and the list of edits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QImage
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from core.project.metric_choice import MetricChoice
from views.panels.edits.panel import EditsList
from views.panels.inputs.card import InputCard
from views.panels.inputs.column import InputsColumn
from views.panels.inputs.data import CardData, MetricOption
from views.panels.inputs.metric_editor import MetricEditor
from views.panels.inputs.regions import RegionsRow
from views.panels.watching.panel import WatchingRow
from views.theme import as_card
from views.widgets.buttons import LinkButton, open_below
from views.widgets.drops import accept_copy, can_read
from views.widgets.line_icons import IconButton
from views.widgets.text import wrapped


class InputsPanel(QFrame):
    """Cards A and B, the metric and the edits. Drops outside the cards go to A."""

    text_committed = Signal(str, str)  # letter, text
    image_requested = Signal(str)  # letter: open a file
    paste_requested = Signal(str)
    paths_dropped = Signal(str, list)  # letter, local paths or addresses as text
    image_dropped = Signal(str, QImage)
    text_dropped = Signal(str, str)
    swap_requested = Signal()
    counterfactual_removed = Signal()
    example_chosen = Signal(str)  # key
    metric_changed = Signal(MetricChoice)
    picked_changed = Signal(tuple)  # tokens, or patches by rows: edits apply there only

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        as_card(self)
        self.setAccessibleName("Inputs")
        self.setAcceptDrops(True)
        self.card_a = InputCard("A")
        self.card_b = InputCard("B")
        self._add_header_buttons()
        for card in (self.card_a, self.card_b):
            card.text_committed.connect(self.text_committed)
            card.image_requested.connect(self.image_requested)
            card.paste_requested.connect(self.paste_requested)
            card.paths_dropped.connect(self.paths_dropped)
            card.image_dropped.connect(self.image_dropped)
            card.text_dropped.connect(self.text_dropped)
            card.picked_changed.connect(self.picked_changed)
        self.card_b.removed.connect(lambda _letter: self.counterfactual_removed.emit())
        self.where = self._make_where()
        self.regions = RegionsRow()
        self.watching = WatchingRow()
        self.metric_editor = MetricEditor()
        self.metric_editor.metric_changed.connect(self.metric_changed)
        self.edits = EditsList()

        below = self.watching, self.metric_editor, self.edits
        self.scroll_area = InputsColumn(
            (self.card_a, self.regions, self.card_b, self.where), below, (self.card_a.picture, self.card_b.picture)
        )
        self.cards = self.scroll_area.cards
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 4, 1, 4)
        layout.addWidget(self.scroll_area)
        self._describe_cards()

    def _add_header_buttons(self) -> None:
        self.examples = LinkButton("Examples ▾")
        self.examples.setToolTip("Inputs to start from")
        self.examples_menu = QMenu(self.examples)
        self.examples.clicked.connect(lambda: open_below(self.examples, self.examples_menu))
        self.examples.hide()
        self.card_a.header.addWidget(self.examples)
        self.make = LinkButton("Make ▾")
        self.make.setToolTip("Make B from A")
        self.make.setAccessibleName("Make B from A")
        self.make_menu = QMenu(self.make)
        self.make_menu.setToolTipsVisible(True)
        self.make.clicked.connect(lambda: open_below(self.make, self.make_menu))
        self.card_b.header.addWidget(self.make)
        self.swap = IconButton("swap-vertical", "Swap A and B")
        self.swap.clicked.connect(self.swap_requested)
        self.remove = IconButton("cross", "Remove the counterfactual")
        self.remove.clicked.connect(self.counterfactual_removed)
        self.card_b.header.addWidget(self.swap)
        self.card_b.header.addWidget(self.remove)

    def _make_where(self) -> QWidget:
        """Where edits apply, while tokens or patches are picked."""
        self.where_words = wrapped(role="selected")
        self.where_clear = LinkButton("Clear")
        self.where_clear.setToolTip("Edits apply everywhere again (Esc in a card)")
        self.where_clear.clicked.connect(lambda: self.picked_changed.emit(()))
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.where_words, 1)
        layout.addWidget(self.where_clear, 0, Qt.AlignmentFlag.AlignTop)
        row.hide()
        return row

    def wanted_height(self, width: int) -> int:
        """Pixels with which nothing scrolls, in so many of width."""
        return self.scroll_area.wanted_height(width - 2) + 8

    # ---- showing -------------------------------------------------------------------------------------------

    def set_card(self, data: CardData) -> None:
        """Show card A or B. An empty B is a CardData without text, tokens and image."""
        card = self.card_a if data.letter == "A" else self.card_b
        other = (card.card().text, card.card().image is None) != (data.text, data.image is None)
        card.set_card(data)
        self._describe_cards()
        if other and data.letter == "A":
            for area in (self.cards, self.scroll_area):
                area.verticalScrollBar().setValue(0)  # a new input is read from its beginning

    def set_picked(self, indices: Sequence[int], words: str) -> None:
        """Show picked tokens or patches on both cards. words: what they are, for the line below."""
        self.card_a.set_picked(indices)
        self.card_b.set_picked(indices)
        self.where_words.setText(words)
        self.where.setVisible(bool(words))

    def show_problem(self, letter: str, problem: str) -> None:
        """Say on a card what is wrong with something new; what the card shows stays."""
        card = self.card_a if letter == "A" else self.card_b
        card.set_card(replace(card.card(), problem=problem))

    def set_examples(self, examples: Sequence[tuple[str, str]]) -> None:
        """Pairs of key and title."""
        self.examples_menu.clear()
        for key, title in examples:
            action = self.examples_menu.addAction(title)
            action.triggered.connect(lambda _checked=False, key=key: self.example_chosen.emit(key))
        self.examples.setVisible(bool(examples))

    def set_making(self, can: bool, tip: str) -> None:
        """Whether B can be made from A now, and what is said about it."""
        self.make.setEnabled(can)
        self.make.setToolTip(tip)

    def set_metric_options(self, options: Sequence[MetricOption]) -> None:
        self.metric_editor.set_options(options)

    def set_answers(self, answers: Sequence[str], foils: Sequence[str] = ()) -> None:
        """What the target and foil fields offer."""
        self.metric_editor.set_answers(answers, foils)

    def set_metric(self, choice: MetricChoice) -> None:
        self.metric_editor.set_metric(choice)

    def set_metric_problem(self, problem: str, fix: MetricChoice | None = None) -> None:
        self.metric_editor.set_problem(problem, fix)

    def start_editing(self, letter: Literal["A", "B"]) -> None:
        """Open a card's text field."""
        (self.card_a if letter == "A" else self.card_b).start_editing()

    def _describe_cards(self) -> None:
        a, b = self.card_a.card(), self.card_b.card()
        aligned = b.tokens and len(a.tokens) == len(b.tokens)
        for card, first, more in ((self.card_a, "clean", ""), (self.card_b, "counterfactual", ", aligned")):
            words = [" · ".join([first, *_count(card.card())]), first, ""]
            card.words.setText(*([words[0] + more, *words] if aligned and more else words))
        present = not self.card_b.is_empty()
        self.swap.setVisible(present)
        self.remove.setVisible(present)

    # ---- dropping ------------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if can_read(event.mimeData()):
            accept_copy(event)
            self.card_a.show_drop(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.card_a.show_drop(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self.card_a.show_drop(False)
        if self.card_a.take(event.mimeData()):
            accept_copy(event)


def _count(card: CardData) -> list[str]:
    if card.kind == "image":
        return [f"{card.grid[0]} × {card.grid[1]} patches"] if card.image is not None and card.grid else []
    return [f"{len(card.tokens)} token{'s' * (len(card.tokens) != 1)}"] if card.tokens else []
