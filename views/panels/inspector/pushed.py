"""What a head pushes where it reads one input alone: its OV circuit, read in the model's answers."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from core.formatting import answer_words, number, signed
from views.panels.inspector.data import LogitLensRow
from views.panels.inspector.lens_data import PushedData
from views.widgets.bar_rows import BarRow, BarRows
from views.widgets.buttons import LinkButton
from views.widgets.section import Section
from views.widgets.text import dim, show_text, wrapped

_THERE_TIP = "By what stands at that position, with all that earlier layers have added to it"
_ALONE_TIP = (
    "By the token's embedding alone, through the norm before the head's layer: the OV circuit\n"
    "W_U W_O W_V W_E (Elhage et al. 2021)"
)


class PushedSection(Section):
    token_wanted = Signal(str)  # as it was typed; "" for the one at the position

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("What it pushes", parent, word="OV circuit")
        self._data = PushedData()
        self._alone = False
        self.switch = LinkButton("", flush=True)
        self.switch.clicked.connect(self._switch)
        self.rows = BarRows("What it pushes")
        self.words, self.why = wrapped(), wrapped()
        self.field = QLineEdit()
        self.field.setPlaceholderText("another token, and Enter")
        self.field.setAccessibleName("A token that the head reads")
        self.field.setToolTip(
            "Which answers does the head push where it reads this token's embedding? It begins with its "
            "space, where it has one. Empty: as above"
        )
        self.field.returnPressed.connect(self._ask)
        self.body.addWidget(self.switch, 0, Qt.AlignmentFlag.AlignLeft)
        for widget in (self.words, self.rows, self.why, self.field):
            self.body.addWidget(widget)
        self.show_pushed(None)

    def show_pushed(self, data: PushedData | None) -> None:
        """None: of what is selected there is nothing, or nothing is known yet."""
        self.setVisible(data is not None)
        if data is not None:
            self._data = data
            self.set_stale(False)
            self._show()

    def clear(self) -> None:
        """Another head: no token is asked for."""
        self.field.clear()
        self._alone = False
        self.show_pushed(None)

    def shows_alone(self) -> bool:
        """Whether the rows are of a token's embedding alone."""
        return self._data.can_type and (self._alone or not self._data.position)

    def _show(self) -> None:
        data, alone = self._data, self.shows_alone()
        self.switch.setVisible(data.can_type and bool(data.position))
        self.switch.setText("show what stands there" if alone else "show the token alone")
        self.switch.setToolTip(_THERE_TIP if alone else _ALONE_TIP)
        rows = data.alone if alone else data.there
        self.rows.set_rows([_bar(row) for row in rows])
        self.rows.setVisible(bool(rows))
        show_text(self.why, data.why_alone if alone else data.why)
        words = f"reading {data.token}, its embedding alone" if alone else f"reading what stands at {data.position}"
        show_text(self.words, f"{words}: logits for each unit of attention" if rows else "")
        self.field.setVisible(data.can_type)

    def _switch(self) -> None:
        self._alone = not self.shows_alone()
        self._show()

    def _ask(self) -> None:
        self._alone = bool(self.field.text())
        self.token_wanted.emit(self.field.text())

    def set_stale(self, stale: bool) -> None:
        self.rows.set_stale(stale)
        dim(self.words, stale)


def _bar(row: LogitLensRow) -> BarRow:
    color = "positive" if row.value >= 0 else "negative"
    return BarRow(
        answer_words(row.label),
        row.value,
        signed(row.value),
        color,
        f"{row.label!r}: {number(row.value, 4)}",
        bold=row.asked,
    )
