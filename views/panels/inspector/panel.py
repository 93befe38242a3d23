"""The right column: what is known of the selected node or edge, or of several at once, and the edits that apply."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from core.formatting import pretty_name
from core.tracing.meaning import hues
from views.panels.inspector.arrow import ArrowSection
from views.panels.inspector.attention_section import AttentionSection
from views.panels.inspector.by_position import ByPositionSection
from views.panels.inspector.data import EdgeInspection, NodeInspection, RepairData, SeveralInspection
from views.panels.inspector.edit_buttons import EditButtons
from views.panels.inspector.effects import Effects
from views.panels.inspector.identity import IdentityChips
from views.panels.inspector.links import LinkList
from views.panels.inspector.logit_lens import LogitLensSection
from views.panels.inspector.neurons import NeuronsSection
from views.panels.inspector.paths import PathsSection
from views.panels.inspector.pushed import PushedSection
from views.panels.inspector.router import RouterSection
from views.panels.inspector.self_repair import SelfRepair
from views.panels.inspector.several import SeveralSection
from views.panels.inspector.tokens import TokensSection
from views.theme import as_card, keep_font, mono_font
from views.widgets.data import NoteEntry
from views.widgets.note_editor import NoteEditor
from views.widgets.scroll_bars import scrolled
from views.widgets.text import ElidedLabel, TintedLabel, enlarge, explained_heading, show_text, unbroken, wrapped

NOTHING = "Click a node or a wire to look into it."
_KEYS_OF_GROUP = "X cuts them ({cuts}), P patches them (from B)."
_KEYS_OF_SEVERAL = "X cuts them ({cuts}), P patches them (from B), Ctrl+G groups them."


class InspectorPanel(QFrame):
    """Shows one inspection at a time; emits edits without naming the target: it is what is shown."""

    edit_requested = Signal(str, float)  # kind, and its amount (see EditButtons)
    drag_ended = Signal()
    restore_current_requested = Signal()
    measure_requested = Signal()
    edge_selected = Signal(int)
    target_selected = Signal(object)  # a node, or a member of the selection

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        as_card(self)
        self.setAccessibleName("Inspector")
        self.setMinimumWidth(220)
        self.title = ElidedLabel("", mode=Qt.TextElideMode.ElideMiddle)
        enlarge(self.title, 1.23)
        self.subtitle = ElidedLabel("", "muted")
        self.identity = IdentityChips()
        self.notes = NoteEditor(), NoteEditor()
        self.edge_heading = explained_heading("This edge", "edge")
        self.edge_name = TintedLabel("", "selection")
        keep_font(self.edge_name, mono_font)
        self.hint = wrapped(NOTHING)
        self.attention = AttentionSection()
        self.arrow = ArrowSection()
        self.several = SeveralSection()
        self.effect_heading = explained_heading("Effect of editing it", "effect")
        self.effects = Effects()
        self.edits = EditButtons()
        self.repair = SelfRepair()
        self.logit_lens = LogitLensSection()
        self.pushed = PushedSection()
        self.tokens = TokensSection()
        self.paths = PathsSection()
        self.neurons = NeuronsSection()
        self.router = RouterSection()
        self.positions = ByPositionSection()
        self.reads = LinkList("Reads most", "Reads")
        self.writes = LinkList("Writes most to", "Writes to")
        self.signs = wrapped("")
        self._join()
        self._lay_out()
        self.show_nothing(NOTHING)

    def _join(self) -> None:
        self.effects.measure_requested.connect(self.measure_requested)
        self.edits.edit_requested.connect(self.edit_requested)
        self.edits.drag_ended.connect(self.drag_ended)
        self.edits.restore_requested.connect(self.restore_current_requested)
        self.several.target_selected.connect(self.target_selected)
        self.paths.node_selected.connect(self.target_selected)
        self.neurons.node_selected.connect(self.target_selected)
        self.router.node_selected.connect(self.target_selected)
        self.arrow.edge_selected.connect(self.edge_selected)
        for links in (self.reads, self.writes):
            links.edge_selected.connect(self.edge_selected)

    def _lay_out(self) -> None:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(14, 10, 14, 12)
        column.setSpacing(16)
        head = QHBoxLayout()
        head.setSpacing(9)
        head.addWidget(self.title)
        head.addWidget(self.subtitle, 1, Qt.AlignmentFlag.AlignBottom)
        top = QVBoxLayout()
        top.setSpacing(6)
        top.addLayout(head)
        top.addWidget(self.identity)
        edge_head = QHBoxLayout()
        edge_head.setSpacing(10)
        edge_head.addWidget(self.edge_heading)
        edge_head.addWidget(self.edge_name, 1)
        top.addLayout(edge_head)
        effect = QVBoxLayout()
        effect.setSpacing(6)
        effect.addWidget(self.several)
        effect.addWidget(self.effect_heading)
        effect.addWidget(self.effects)
        effect.addSpacing(4)
        effect.addWidget(self.edits)
        effect.addWidget(self.repair)
        links = QHBoxLayout()
        links.setSpacing(16)
        links.addWidget(self.reads, 1)
        links.addWidget(self.writes, 1)
        link_box = QVBoxLayout()
        link_box.setSpacing(6)
        link_box.addLayout(links)
        link_box.addWidget(self.signs)
        column.addLayout(top)
        column.addWidget(self.hint)
        for editor in self.notes:
            column.addWidget(editor)
        column.addWidget(self.attention)
        column.addWidget(self.arrow)
        column.addLayout(effect)
        column.addWidget(self.router)
        column.addWidget(self.neurons)
        column.addWidget(self.paths)
        column.addLayout(link_box)
        column.addWidget(self.logit_lens)
        column.addWidget(self.pushed)
        column.addWidget(self.tokens)
        column.addWidget(self.positions)
        column.addStretch(1)
        self.scroll_area = scrolled(content)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 4, 1, 4)
        layout.addWidget(self.scroll_area)

    # ---- showing -------------------------------------------------------------------------------------------

    def set_notes(self, entries: Sequence[NoteEntry], titled: bool) -> None:
        """Of what is selected, one; while nothing is, two at most, which say what they are about."""
        for place, editor in enumerate(self.notes):
            editor.set_entry(entries[place] if place < len(entries) else None, titled)

    def show_nothing(self, hint: str = NOTHING) -> None:
        """Nothing is selected."""
        self._show_parts()
        self.clear_findings()
        show_text(self.hint, hint)

    def show_node(self, data: NodeInspection) -> None:
        self._show_parts(node=True)
        self.title.setText(data.title)
        self.subtitle.setText(data.subtitle, data.subtitle.partition(" · ")[0])
        self.attention.show_attention(data)
        self.positions.set_regions(data.regions)
        writes = data.node.kind != "logits"  # logits only read: there is nothing of theirs to replace
        for widget in (self.effect_heading, self.effects, self.edits):
            widget.setVisible(writes)
        self._show_effect(data)
        self.reads.set_links(data.reads)
        self.writes.set_links(data.writes)
        blue, orange = hues(data.effect.direction)
        has_signs = any(link.signed for link in (*data.reads, *data.writes))
        over = f"{data.links_of.capitalize()}. " if data.links_of and (data.reads or data.writes) else ""
        signs = " ".join(unbroken(half) for half in (f"Blue: {blue};", f"orange: {orange}."))
        show_text(self.signs, over + (signs if has_signs else ""))

    def show_edge(self, data: EdgeInspection) -> None:
        self._show_parts(edge=True)
        self.edge_name.setText(pretty_name(data.title))
        self._show_effect(data)

    def show_several(self, data: SeveralInspection) -> None:
        self._show_parts(several=True)
        self.title.setText(data.name if data.grouped else f"{len(data.members)} selected")
        self.subtitle.setText(f"group of {len(data.members)}" if data.grouped else "")
        self.several.show_several(data)
        keys = _KEYS_OF_GROUP if data.grouped or data.no_group else _KEYS_OF_SEVERAL
        show_text(self.hint, "" if data.nothing_to_edit else keys.format(cuts=data.cuts))
        self.edits.setVisible(not data.nothing_to_edit)
        self.edits.show_edit(data.edit)

    def _show_effect(self, data: NodeInspection | EdgeInspection) -> None:
        self.effects.show_effect(data.effect)
        self.edits.show_edit(data.edit)

    def show_repair(self, data: RepairData | None) -> None:
        """None: there is no edit here, or nothing is known of it yet."""
        self.repair.show_repair(data)

    def clear_findings(self) -> None:
        """Of another selection nothing is known yet."""
        self.identity.set_traits(())
        self.logit_lens.show_logit_lens(None)
        self.paths.show_paths(None)
        self.positions.show_positions(None)
        self.neurons.show_neurons(None)
        self.router.show_router(None)
        self.show_repair(None)

    def set_stale(self, stale: bool) -> None:
        """Dim the numbers: they are of an earlier state."""
        for part in (self.attention, self.effects, self.reads, self.writes):
            part.set_stale(stale)
        if stale:  # each brightens when its own answer comes
            of_one = (self.logit_lens, self.positions, self.identity, self.paths, self.neurons, self.router)
            for section in (*of_one, self.several, self.repair):
                section.set_stale(True)

    def _show_parts(self, node: bool = False, edge: bool = False, several: bool = False) -> None:
        self.hint.hide()
        self.title.setVisible(node or several)
        self.subtitle.setVisible(node or several)
        self.several.setVisible(several)
        self.edge_heading.setVisible(edge)
        self.edge_name.setVisible(edge)
        self.effect_heading.setVisible(node)
        self.effects.setVisible(node or edge)
        self.edits.setVisible(node or edge)
        if not node:
            self.attention.hide()
        for widget in (self.reads, self.writes, self.signs):
            widget.setVisible(node)
