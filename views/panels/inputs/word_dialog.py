"""What is printed on a picture: the word, its size, where it stands, and whether on a sticker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLineEdit, QPushButton, QWidget

from views.theme import SPACE
from views.widgets.form_dialog import FormDialog
from views.widgets.number_boxes import NumberBox
from views.widgets.text import wrapped

ABOUT = "A word is printed on the picture of card A. Does the model believe what it reads, or what it sees?"
CARDS = (
    ("Card B; A stays as it is", "B becomes A with this word printed on it"),
    ("Card A; B is without it", "A gets this word, and B becomes the picture without it: the answer of A is attacked"),
)
IN_REGION = "It stands in the middle of the patches that are picked."


@dataclass(frozen=True)
class PrintedWord:
    """size: of the font, as a share of the picture's height. on_a: whether A gets it, and B is the picture without."""

    text: str
    size: float
    place: str
    sticker: bool
    on_a: bool = False


class WordDialog(FormDialog):
    """Emits the word when it is to be printed; stays open, so that the answer is seen beside and another can be
    tried."""

    wanted = Signal(PrintedWord)

    def __init__(self, places: Sequence[str], size: float, parent: QWidget | None = None) -> None:
        super().__init__("Print a word", parent)
        self.word = QLineEdit()
        self.word.setAccessibleName("Word")
        self.word.setPlaceholderText("For example dog")
        self.word.setMaxLength(60)
        self.size_of = NumberBox()
        self.size_of.setRange(4, 100)
        self.size_of.setSuffix(" % of the picture's height")
        self.size_of.setValue(round(100 * size))
        self.size_of.setAccessibleName("Size of the letters, in percent of the picture's height")
        self.size_of.setToolTip("The word is written smaller where it would not fit")
        self.place = QComboBox()
        self.place.addItems([place.capitalize() for place in places])
        self.place.setAccessibleName("Place of the word")
        self._places = tuple(places)
        self.sticker = QCheckBox("On a white s&ticker")
        self.sticker.setChecked(True)
        self.sticker.setToolTip("Black letters on a white box; otherwise the letters alone, in black or white")
        self.card = QComboBox()
        self.card.setAccessibleName("Card that shows the picture with the word")
        for number, (name, tip) in enumerate(CARDS):
            self.card.addItem(name)
            self.card.setItemData(number, tip, Qt.ItemDataRole.ToolTipRole)
        self.card.setToolTip("\n".join(tip for _, tip in CARDS))
        self.region = wrapped(IN_REGION, role="selected")
        self.print_it = QPushButton("&Print It")
        self.print_it.setToolTip("Show the picture with this word on the card that is chosen (Enter)")
        form = QFormLayout()
        form.setSpacing(SPACE)
        form.addRow("&Word", self.word)
        form.addRow("&Size", self.size_of)
        form.addRow("Pl&ace", self.place)
        form.addRow("", self.sticker)
        form.addRow("Show it &on", self.card)
        column = self.lay_out([wrapped(ABOUT), form, self.region], self.print_it, self._tell)
        column.insertStretch(column.count() - 1, 1)
        self.resize(380, self.sizeHint().height())
        self.show_region(False)

    def show_region(self, picked: bool) -> None:
        """Whether a region is picked, which the word then stands in."""
        self.place.setEnabled(not picked)
        self.region.setVisible(picked)

    def _tell(self) -> None:
        place = self._places[self.place.currentIndex()]
        size, sticker = self.size_of.value() / 100, self.sticker.isChecked()
        word = PrintedWord(self.word.text(), size, place, sticker, bool(self.card.currentIndex()))
        self.wanted.emit(word)
