"""What it says: the logit lens of a node, or of the stream after it, and its direct share of the metric."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from core.formatting import answer_words, change_words, number, signed
from views.panels.inspector.data import LogitLensData, LogitLensRow
from views.widgets.bar_rows import BarRow, BarRows
from views.widgets.buttons import LinkButton
from views.widgets.section import Section
from views.widgets.text import dim, show_text, wrapped

_NODE_TIP = (
    "Which answers the node itself makes more likely: what it writes, read with the model's last layer (its norm's\n"
    "scale frozen), in logits above the mean of all answers (nostalgebraist 2020; Elhage et al. 2021)"
)
_STREAM_TIP = (
    "What the model would answer if it ended here: all that is written up to this node's part of its layer, read\n"
    "with the model's last layer, as probabilities (nostalgebraist 2020)"
)
_SHARE_TIP = (
    "Direct logit attribution (Elhage et al. 2021): what the node writes itself into the metric's logits,\n"
    "with the final norm's scale frozen. What later nodes make of it is not in it."
)


class LogitLensSection(Section):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("What it says", parent, word="logit lens")
        self._data = LogitLensData()
        self._stream = False
        self.switch = LinkButton("show the stream", flush=True)
        self.switch.clicked.connect(self._switch)
        self.body.addWidget(self.switch, 0, Qt.AlignmentFlag.AlignLeft)  # below: the column may be narrow
        self.rows = BarRows("What it says")
        self.warning = wrapped()
        self.why = wrapped()
        self.share_words = wrapped()
        self.share_words.setToolTip(_SHARE_TIP)
        self.share = BarRows("Direct share")
        for widget in (self.rows, self.warning, self.share, self.share_words, self.why):
            self.body.addWidget(widget)

    def show_logit_lens(self, data: LogitLensData | None) -> None:
        """None: nothing is known yet."""
        self.setVisible(data is not None)
        if data is None:
            return
        self._data = data
        self.set_stale(False)
        show_text(self.why, data.why)
        self._show()

    def shows_stream(self) -> bool:
        """Whether the rows are of the stream after the node."""
        return self._stream or not self._data.node

    def _show(self) -> None:
        data, stream = self._data, self.shows_stream()
        rows = data.stream if stream else data.node
        self.switch.setVisible(bool(data.node and data.stream))
        self.switch.setText("show the node" if stream else "show the stream")
        self.switch.setToolTip(_NODE_TIP if stream else _STREAM_TIP)
        self.rows.setVisible(bool(rows))
        show_text(self.warning, data.warning if stream and rows else "")
        self.rows.set_rows([_bar(row, stream) for row in rows], most=1.0 if stream else 0.0)
        what = "stream" if stream else "logit lens"
        self.hint.setText(*((f"{what} at {data.at}", f"at {data.at}", "") if data.at else ("",)))
        known = data.share is not None
        self.share.setVisible(known)
        if data.share is not None:
            value = data.share
            color = "positive" if value >= 0 else "negative"
            row = BarRow("direct", value, change_words(value), color, _SHARE_TIP)
            self.share.set_rows([row], most=data.largest)
        words = f"It adds this to {data.words} by itself: the {_ordinal(data.rank)} share among {data.of} nodes."
        show_text(self.share_words, words if known else "")

    def _switch(self) -> None:
        self._stream = not self._stream
        self._show()

    def set_stale(self, stale: bool) -> None:
        self.rows.set_stale(stale)
        self.share.set_stale(stale)
        dim(self.share_words, stale)


def _bar(row: LogitLensRow, stream: bool) -> BarRow:
    text = number(row.value, 2 if row.value >= 0.1 else 3) if stream else signed(row.value)
    color = "neutral" if stream else "positive" if row.value >= 0 else "negative"
    asked = "\none of the metric's answers" if row.asked else ""
    return BarRow(
        answer_words(row.label), row.value, text, color, f"{row.label!r}: {row.value:.4f}{asked}", bold=row.asked
    )


def _ordinal(rank: int) -> str:
    if rank == 1:
        return "largest"
    ending = "th" if 10 <= rank % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(rank % 10, "th")
    return f"{rank}{ending} largest"
