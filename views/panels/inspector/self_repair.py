"""Self-repair: which later heads and MLPs make up for an edit, the norm's share, and what cutting all of them does."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from core.formatting import percent, signed
from core.glossary import explained
from views.panels.inspector.data import RepairData
from views.widgets.buttons import LinkButton
from views.widgets.text import dim, show_text, wrapped

_TIP = (
    "Measured: by how much each later node's direct share of the metric's logits changed against the edit,\n"
    "with the final norm's scale of the run without it. McGrath et al. 2023, “The Hydra Effect”"
)
_NORM_TIP = (
    "What all nodes write counts for more or less since the final norm divides by another scale after the edit\n"
    "(Rushing & Nanda 2024)"
)


class SelfRepair(QWidget):
    cut_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words, self.norm, self.sets = wrapped(), wrapped(), wrapped()
        self.words.setToolTip(explained("self-repair", _TIP))
        self.norm.setToolTip(_NORM_TIP)
        self.cut = LinkButton("cut these together", color="accent", flush=True)
        self.cut.setToolTip("Really cut them all, and one by one, with this edit and without it: do they cover for it?")
        self.cut.clicked.connect(lambda: self.cut_requested.emit())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for widget in (self.words, self.norm, self.sets):
            layout.addWidget(widget)
        layout.addWidget(self.cut, 0, Qt.AlignmentFlag.AlignLeft)
        self.show_repair(None)

    def text(self) -> str:
        """The words shown."""
        return self.words.text()

    def show_repair(self, data: RepairData | None) -> None:
        """None: there is no edit here, or nothing is known of it yet."""
        self.setVisible(data is not None)
        self.set_stale(False)
        if data is None:
            for label in (self.words, self.norm, self.sets):
                show_text(label, "")
            return
        edit = "cut" if data.cut else "edit"
        rows = ", ".join(f"{name} {signed(change)}" for name, change in data.rows)
        words = f"Self-repair on this pair, after this {edit}: {rows} (measured, direct share of {data.words})"
        none = f"On this pair no later head or MLP makes up for this {edit} (measured by their direct shares)."
        show_text(self.words, words if data.rows else none)
        norm = f"The final norm's scale alone: {signed(data.norm)}"
        if data.norm_share > 0:
            norm += f", {percent(data.norm_share)} of all that works against this {edit}"
        show_text(self.norm, f"{norm}.")
        show_text(self.sets, self._sets(data, edit))
        self.cut.setVisible(bool(data.rows) and not data.sets)

    @staticmethod
    def _sets(data: RepairData, edit: str) -> str:
        if not data.sets:
            return ""
        joint, summed, joint_before, summed_before = data.sets
        return (
            f"Cut together with this {edit} in place they change the metric by {signed(joint)}, one by one by "
            f"{signed(summed)} in all; without this {edit} by {signed(joint_before)} and {signed(summed_before)} "
            f"({data.put_in}, measured)."
        )

    def set_stale(self, stale: bool) -> None:
        for label in (self.words, self.norm, self.sets):
            dim(label, stale)
