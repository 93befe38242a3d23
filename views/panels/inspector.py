"""The right column: what is known of the selected node or edge, and the edits that apply to it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from views.data import EdgeInspection, NodeInspection
from views.panels.attention_section import AttentionSection
from views.panels.edit_buttons import EditButtons
from views.panels.effects import Effects
from views.panels.links import LinkList
from views.theme import as_card, keep_font, mono_font
from views.widgets.text import ElidedLabel, TintedLabel, enlarge, pretty_name, show_text, wrapped

NOTHING = "Click a node or a wire to look into it."
_SIGNS = "Blue raises the metric, orange lowers it."


class InspectorPanel(QFrame):
    """Shows one inspection at a time; emits edits without naming the target: it is what is shown."""

    edit_requested = Signal(str, float)  # kind, factor (for scale)
    restore_current_requested = Signal()
    measure_requested = Signal()
    edge_selected = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        as_card(self)
        self.setAccessibleName("Inspector")
        self.setMinimumWidth(220)
        self.title = ElidedLabel("", mode=Qt.TextElideMode.ElideMiddle)
        enlarge(self.title, 1.23)
        self.subtitle = ElidedLabel("", "muted")
        self.edge_heading = ElidedLabel("This edge", "heading")
        self.edge_name = TintedLabel("", "selection")
        keep_font(self.edge_name, mono_font)
        self.hint = wrapped(NOTHING)
        self.attention = AttentionSection()
        self.effect_heading = ElidedLabel("Effect of editing it", "heading")
        self.effects = Effects()
        self.effects.measure_requested.connect(self.measure_requested)
        self.edits = EditButtons()
        self.edits.edit_requested.connect(self.edit_requested)
        self.edits.restore_requested.connect(self.restore_current_requested)
        self.reads = LinkList("Reads most", "Reads")
        self.writes = LinkList("Writes most to", "Writes to")
        for links in (self.reads, self.writes):
            links.edge_selected.connect(self.edge_selected)
        self.signs = wrapped(_SIGNS)
        self._lay_out()
        self.show_nothing(NOTHING)

    def _lay_out(self) -> None:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(14, 10, 14, 12)
        column.setSpacing(18)
        head = QHBoxLayout()
        head.setSpacing(9)
        head.addWidget(self.title)
        head.addWidget(self.subtitle, 1, Qt.AlignmentFlag.AlignBottom)
        edge_head = QHBoxLayout()
        edge_head.setSpacing(10)
        edge_head.addWidget(self.edge_heading)
        edge_head.addWidget(self.edge_name, 1)
        effect = QVBoxLayout()
        effect.setSpacing(6)
        effect.addLayout(edge_head)
        effect.addWidget(self.effect_heading)
        effect.addWidget(self.effects)
        effect.addSpacing(4)
        effect.addWidget(self.edits)
        links = QHBoxLayout()
        links.setSpacing(16)
        links.addWidget(self.reads, 1)
        links.addWidget(self.writes, 1)
        link_box = QVBoxLayout()
        link_box.setSpacing(6)
        link_box.addLayout(links)
        link_box.addWidget(self.signs)
        column.addLayout(head)
        column.addWidget(self.hint)
        column.addWidget(self.attention)
        column.addLayout(effect)
        column.addLayout(link_box)
        column.addStretch(1)
        self.scroll_area = QScrollArea()
        self.scroll_area.setWidget(content)
        self.scroll_area.setWidgetResizable(True)
        self.scroll_area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.scroll_area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 4, 1, 4)
        layout.addWidget(self.scroll_area)

    # ---- showing -------------------------------------------------------------------------------------------

    def show_nothing(self, hint: str = NOTHING) -> None:
        """Nothing is selected."""
        self._show_parts(node=False, edge=False)
        self.attention.hide()
        show_text(self.hint, hint)

    def show_node(self, data: NodeInspection) -> None:
        self._show_parts(node=True, edge=False)
        self.title.setText(data.title)
        self.subtitle.setText(data.subtitle)
        self.attention.show_attention(data)
        writes = data.node.kind != "logits"  # logits only read: there is nothing of theirs to replace
        for widget in (self.effect_heading, self.effects, self.edits):
            widget.setVisible(writes)
        self.effects.show_effects(data.estimated, data.measured, data.kind_words, data.waits)
        self.edits.show_edit(data.edited, data.has_counterfactual, data.factor)
        self.reads.set_links(data.reads)
        self.writes.set_links(data.writes)
        self.signs.setVisible(bool(data.reads or data.writes))

    def show_edge(self, data: EdgeInspection) -> None:
        self._show_parts(node=False, edge=True)
        self.attention.hide()
        self.edge_name.setText(pretty_name(data.title))
        self.effects.show_effects(data.estimated, data.measured, data.kind_words, data.waits)
        self.edits.show_edit(data.edited, data.has_counterfactual, data.factor)

    def set_stale(self, stale: bool) -> None:
        """Dim the numbers: they are of an earlier state."""
        for part in (self.attention, self.effects, self.reads, self.writes):
            part.set_stale(stale)

    def _show_parts(self, node: bool, edge: bool) -> None:
        self.hint.hide()
        self.title.setVisible(node)
        self.subtitle.setVisible(node)
        self.edge_heading.setVisible(edge)
        self.edge_name.setVisible(edge)
        self.effect_heading.setVisible(node)
        self.effects.setVisible(node or edge)
        self.edits.setVisible(node or edge)
        for widget in (self.reads, self.writes, self.signs):
            widget.setVisible(node)
