"""What a node does position by position: how much it writes there, and what editing it there does."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from core.formatting import change_words, number
from views.panels.inspector.data import ByPositionData, ByPositionRow
from views.theme import hue_of
from views.widgets.bar_rows import BarRow, BarRows
from views.widgets.buttons import LinkButton
from views.widgets.section import Section
from views.widgets.text import dim, show_text, wrapped

REGIONS_TIP = (
    "Effects of editing at one position at a time, added up. Measured ones need not add up to the effect of editing "
    "all of a region at once: pick it by its name for that"
)


class ByPositionSection(Section):
    """A click on a row pins its position, again lets it go. The rows show effects or, on request, what is written."""

    position_clicked = Signal(int)
    measure_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("By position", parent, word="position")
        self._data: ByPositionData | None = None
        self._pinned: tuple[int, ...] = ()
        self._norms = False
        self._regions: tuple[tuple[str, tuple[int, ...]], ...] = ()
        self.switch = LinkButton("show what it writes", flush=True)
        self.switch.clicked.connect(self._switch)
        self.body.addWidget(self.switch, 0, Qt.AlignmentFlag.AlignLeft)  # below: the column may be narrow
        self.rows = BarRows("By position", clickable=True)
        self.rows.row_clicked.connect(self._click)
        self.regions = wrapped()
        self.regions.setToolTip(REGIONS_TIP)
        self.words = wrapped()
        self.measure = LinkButton("measure each", color="accent", flush=True)
        self.measure.setToolTip("Make the edit at one position at a time and see what the metric really does")
        self.measure.clicked.connect(self.measure_requested)
        self.body.addWidget(self.rows)
        self.body.addWidget(self.regions)
        self.body.addWidget(self.words)
        self.body.addWidget(self.measure, 0, Qt.AlignmentFlag.AlignLeft)

    def show_positions(self, data: ByPositionData | None) -> None:
        self.setVisible(data is not None)
        self._data = data
        if data is not None:
            self.set_stale(False)
            self._show()

    def set_regions(self, regions: tuple[tuple[str, tuple[int, ...]], ...]) -> None:
        """What effects are summed over: names and positions."""
        if regions != self._regions:
            self._regions = regions
            self._show()

    def set_pinned(self, positions: tuple[int, ...]) -> None:
        self._pinned = positions
        self._show()

    def _region_words(self, data: ByPositionData) -> str:
        """Sums over what has a name; empty where the regions are of other positions."""
        last = max((places[-1] for _, places in self._regions), default=-1)
        if not 0 <= last < len(data.effects):
            return ""
        sums = ((name, sum(data.effects[place] for place in places)) for name, places in self._regions)
        return "By region: " + " · ".join(f"{name} {change_words(total)}" for name, total in sums)

    def shows_norms(self) -> bool:
        return self._norms or (self._data is not None and all(row.effect is None for row in self._data.rows))

    def _rows(self) -> tuple[ByPositionRow, ...]:
        if self._data is None:
            return ()
        return self._data.written if self.shows_norms() else self._data.rows

    def _show(self) -> None:
        data = self._data
        if data is None:
            return
        norms = self.shows_norms()
        rows = []
        for row in self._rows():
            effect = row.effect or 0.0
            tip = f"position {row.position}: writes a vector of length {row.norm:.3g}"
            if row.effect is not None:
                tip += f"; {'measured' if data.measured else 'estimated'} effect there {change_words(effect)}"
            chosen = row.position in self._pinned
            tip += "\nClick: edits apply everywhere again" if chosen else "\nClick: edits apply at this position only"
            label = row.label
            if norms:
                rows.append(BarRow(label, row.norm, number(row.norm, 2), "neutral", tip, chosen=chosen))
            else:
                color = hue_of(effect, data.direction)
                hollow = not data.measured
                rows.append(BarRow(label, effect, change_words(effect), color, tip, hollow, chosen=chosen))
        self.rows.set_rows(rows)
        can_switch = any(row.effect is not None for row in data.rows)
        self.switch.setVisible(can_switch)
        self.switch.setText("show its effect" if norms else "show what it writes")
        tips = ("How much the node writes at each position", "What editing the node at each position does")
        self.switch.setToolTip(tips[norms])
        self.hint.setText(*(("length written", "length") if norms else (data.kind_words, "")))
        show_text(self.regions, "" if norms else self._region_words(data))
        listed = len(self._rows())
        few = f"the strongest {listed} of {data.of} positions" if listed < data.of else ""
        how = "" if norms else f"{'measured' if data.measured else 'estimated'}, one position at a time"
        show_text(self.words, data.why or "; ".join(words for words in (how, few) if words))
        self.measure.setVisible(not data.measured and not data.why)

    def _switch(self) -> None:
        self._norms = not self._norms
        self._show()

    def _click(self, row: int) -> None:
        if self._data is not None:
            self.position_clicked.emit(self._rows()[row].position)

    def set_stale(self, stale: bool) -> None:
        self.rows.set_stale(stale)
        for label in (self.words, self.regions):
            dim(label, stale)
