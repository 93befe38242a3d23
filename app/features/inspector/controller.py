"""What the inspector asks of the selection, and where the replies are shown; positions that are pinned there;
directions to steer along."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject

from app.features.inspector.presenter import edit_state, inspection, of_targets
from app.features.inspector.queries import (
    ArrowQuery,
    ArrowReply,
    AverageQuery,
    AverageReply,
    ByPositionQuery,
    ByPositionReply,
    NeuronsQuery,
    NeuronsReply,
    NodeQuery,
    NodeReply,
    PathsQuery,
    PathsReply,
    RepairQuery,
    RepairReply,
    SeveralQuery,
    SeveralReply,
    SteeringQuery,
    SteeringReply,
)
from app.messages.arrow import Arrow
from app.messages.request import QueryRefusal
from app.workbench.figure import Figure
from app.workbench.workbench import Workbench
from core.edits import EDIT_WORDS, KINDS, REPLACED, EditKind, Target
from core.formatting import pairs_words
from core.graph import Edge, Entries, Node
from core.groups import GROUP_COLORS
from core.project.step_names import position_words
from views.panels.inspector.data import EdgeInspection, NodeInspection, SeveralInspection
from views.panels.inspector.panel import InspectorPanel

NO_CELL = (-1, -1)
KEYS = ("arrow", "node", "neurons", "average", "positions", "paths", "repair", "several", "steering")


class InspectorController(QObject):
    """Of one window. point_at: marks on card A the positions that one asks and that one offers in the attention; the
    third number is how many positions come before the first patch."""

    def __init__(
        self, workbench: Workbench, inspector: InspectorPanel, point_at: Callable[[int, int, int], None]
    ) -> None:
        super().__init__(inspector)
        self._workbench, self._inspector, self._point_at = workbench, inspector, point_at
        self._several: SeveralReply | None = None
        self._clicked = NO_CELL
        self._along: tuple[EditKind, float] | None = None  # to edit by once there is a direction
        self._sets_of: tuple[object, ...] = ()  # the state whose backups are cut together
        self._measured: Figure[ByPositionReply] | None = None
        self._measured_at: tuple[int, ...] = ()  # the positions that were selected then
        workbench.selection_changed.connect(self._select)
        workbench.positions_changed.connect(self._take_positions)
        workbench.history_changed.connect(self._follow)
        workbench.edits_changed.connect(lambda _: self._follow())
        workbench.given_up.connect(lambda _: self._give_up())
        workbench.inspection_changed.connect(self._show)
        workbench.stale_changed.connect(inspector.set_stale)
        workbench.model_opened.connect(lambda _: inspector.show_nothing())
        for kind, slot in (
            (ArrowReply, self._show_arrow),
            (NodeReply, self._show_node),
            (NeuronsReply, self._show_neurons),
            (AverageReply, self._show_average),
            (ByPositionReply, self._show_by_position),
            (PathsReply, self._show_paths),
            (RepairReply, self._show_repair),
            (SeveralReply, self._take_several),
            (SteeringReply, self._steer),
            (QueryRefusal, self._take_unanswered),
        ):
            workbench.on(kind, slot)
        inspector.edit_requested.connect(self._edit)
        inspector.drag_ended.connect(lambda: workbench.history.seal())
        inspector.repair.cut_requested.connect(self._cut_backups)
        inspector.restore_current_requested.connect(workbench.editing.restore_selection)
        inspector.measure_requested.connect(partial(workbench.ask, False))
        inspector.edge_selected.connect(self._select_edge)
        inspector.target_selected.connect(lambda target: workbench.select((target,)))
        inspector.several.group_requested.connect(workbench.grouping.group)
        inspector.several.ungroup_requested.connect(workbench.grouping.ungroup)
        inspector.attention.average_requested.connect(self._ask_average)
        inspector.attention.matrix.cell_clicked.connect(self._click_cell)
        inspector.attention.pin_requested.connect(self._pin)
        inspector.arrow.edit_requested.connect(workbench.editing.edit_arrow)
        workbench.arrow_changed.connect(lambda _: self._ask_arrow())
        inspector.attention.pointed.connect(self._point)
        inspector.positions.position_clicked.connect(lambda position: self._pin(position, False))
        inspector.positions.measure_requested.connect(self._measure_positions)

    # ---- what is wanted ------------------------------------------------------------------------------------

    def _select(self, selection: tuple[Target, ...]) -> None:
        """Ask for all that belongs to another selection."""
        self._inspector.clear_findings()
        self._several = None
        self._along = None
        for key in KEYS:
            self._workbench.set_query(key, None)
        self._inspector.arrow.show_arrow(None)
        one = selection[0] if len(selection) == 1 else None
        if isinstance(one, Node) and one.whole.kind == "mlp":
            self._workbench.set_query("neurons", NeuronsQuery(one.whole))
        if isinstance(one, Node) and not one.is_unit:
            self._workbench.set_query("node", NodeQuery(one, self._position()))
            if self._inspector.attention.shows_average():
                self._ask_average(True)
        elif isinstance(one, Edge):
            self._workbench.set_query("paths", PathsQuery(one))
        elif len(selection) > 1:
            self._workbench.set_query("several", SeveralQuery(selection))
        self._follow()

    def _position(self) -> int | None:
        """Where the lens reads: at the last of the pinned positions."""
        positions = self._workbench.positions
        return positions[-1] if positions else None

    def _one(self) -> Target | None:
        selection = self._workbench.selection
        return selection[0] if len(selection) == 1 else None

    def _follow(self) -> None:
        """The document is another one: is there an edit of the selection to be repaired; how large is the dataset."""
        one, document = self._one(), self._workbench.document
        edited = one is not None and bool(document.edits_of(one))
        asked = RepairQuery(one, self._sets_of == document.run) if edited and one is not None else None
        self._workbench.set_query("repair", asked)
        if not edited:
            self._inspector.show_repair(None)
        self._inspector.attention.set_inputs(len(document.dataset))
        if len(self._workbench.selection) > 1:
            self._inspector.show_several(self.several())

    def _cut_backups(self) -> None:
        """Of the present edits: others are not cut before it is asked for again."""
        self._sets_of = self._workbench.document.run
        self._follow()

    def _take_positions(self, positions: tuple[int, ...]) -> None:
        self._inspector.attention.set_pinned(positions)
        self._inspector.router.set_pinned(positions)
        self._ask_arrow()
        self._inspector.positions.set_pinned(positions)
        one = self._one()
        if isinstance(one, Node) and not one.is_unit:
            self._workbench.set_query("node", NodeQuery(one, self._position()))

    def _ask_average(self, wanted: bool) -> None:
        one = self._one()
        head = isinstance(one, Node) and one.kind == "head"
        self._workbench.set_query("average", AverageQuery(one) if wanted and head and isinstance(one, Node) else None)

    def _measure_positions(self) -> None:
        one = self._one()
        if isinstance(one, Node):
            self._workbench.set_query("positions", ByPositionQuery(one))

    def _give_up(self) -> None:
        """What the user has cancelled does not start again with the next change."""
        self._along = None
        for key in ("positions", "steering"):
            self._workbench.set_query(key, None)

    # ---- what is shown -------------------------------------------------------------------------------------

    def inspection(self) -> NodeInspection | EdgeInspection | None:
        """What the inspector shows of a single selection."""
        workbench, one = self._workbench, self._one()
        if one is None or workbench.opened is None:
            return None
        known = workbench.known
        seen = known.inspected if known.inspected is not None and known.inspected.target == one else None
        return inspection(
            one,
            workbench.usable(),
            workbench.positions,
            workbench.opened,
            workbench.ready,
            known.scored,
            seen,
            known.measured.get(one),
        )

    def _show(self) -> None:
        data = self.inspection()
        if isinstance(data, NodeInspection):
            self._inspector.show_node(data)
        elif isinstance(data, EdgeInspection):
            self._inspector.show_edge(data)
        elif len(self._workbench.selection) <= 1:  # several are shown as that changes
            self._inspector.show_nothing()

    def _show_node(self, reply: NodeReply) -> None:
        if reply.node != self._one():
            return
        self._inspector.identity.set_traits(reply.traits)
        self._inspector.logit_lens.show_logit_lens(reply.logit_lens)
        measured, workbench = self._measured, self._workbench
        known = measured is not None and measured.holds(workbench.document) and measured.reply.node == reply.node
        here = self._measured_at == workbench.positions
        self._inspector.positions.show_positions(
            measured.reply.data if measured is not None and known and here else reply.positions
        )

    def _show_neurons(self, reply: NeuronsReply) -> None:
        one = self._one()
        if isinstance(one, Node) and one.whole == reply.node:
            self._inspector.neurons.show_neurons(reply.data, one)
            self._inspector.router.show_router(reply.data.router)

    def _show_average(self, reply: AverageReply) -> None:
        if reply.node == self._one():
            self._inspector.attention.show_average(reply.data)

    def _show_by_position(self, reply: ByPositionReply) -> None:
        """Measured once: it takes long, so another document has estimates again until it is asked for."""
        self._workbench.set_query("positions", None)
        if reply.node == self._one():
            self._measured = Figure(ByPositionQuery(reply.node), reply, self._workbench.document)
            self._measured_at = self._workbench.positions
            self._inspector.positions.show_positions(reply.data)

    def _show_arrow(self, reply: ArrowReply) -> None:
        if reply.arrow == self._workbench.arrow:
            self._inspector.arrow.show_arrow(reply.data)

    def _show_paths(self, reply: PathsReply) -> None:
        if reply.edge == self._one():
            scored = self._workbench.scored
            over = f", {pairs_words(scored.pairs)}" if scored is not None and scored.pairs else ""
            self._inspector.paths.show_paths(reply.paths, reply.how + over)

    def _show_repair(self, reply: RepairReply) -> None:
        if reply.target == self._one():
            self._inspector.show_repair(reply.data)

    def _take_several(self, reply: SeveralReply) -> None:
        if reply.targets == self._workbench.selection:
            self._several = reply
            self._inspector.show_several(self.several())

    def _take_unanswered(self, reply: QueryRefusal) -> None:
        if isinstance(reply.query, SteeringQuery | ByPositionQuery):
            self._give_up()
            self._workbench.message.emit(reply.words)

    # ---- several at once -----------------------------------------------------------------------------------

    def several(self) -> SeveralInspection:
        """What the inspector shows of a selection of several."""
        workbench, reply = self._workbench, self._several
        document, selection = workbench.usable(), workbench.selection
        group = workbench.grouping.selected()
        edits = [document.edit_of(target, workbench.positions) for target in selection]
        kinds = {None if edit is None else edit.kind for edit in edits}
        first = edits[0] if len(kinds) == 1 else None
        kind = document.cut_kind if reply is None else reply.kind
        where = (
            f" {position_words(workbench.positions, workbench.labels, document.regions)}" if workbench.positions else ""
        )
        scored = workbench.scored
        alone = ", on the pair on the cards" if scored is not None and scored.pairs else ""  # not over the dataset
        return SeveralInspection(
            members=selection,
            names=tuple(target.name for target in selection),
            kind_words=REPLACED[kind] + where + alone,
            joint=None if reply is None else reply.joint,
            alone=None if reply is None else reply.alone,
            name="" if group is None else group.name,
            color=GROUP_COLORS[len(document.groups) % len(GROUP_COLORS)] if group is None else group.color,
            grouped=group is not None,
            no_group=workbench.grouping.why_not(),
            edit=of_targets(edit_state(first, document, workbench.editing.has_counterfactual()), selection),
            direction=workbench.direction,
            cuts=EDIT_WORDS[document.cut_kind],
            nothing_to_edit=all(isinstance(target, Node) and target.kind == "logits" for target in selection),
        )

    # ---- edits ---------------------------------------------------------------------------------------------

    def _edit(self, kind: EditKind, amount: float) -> None:
        if not KINDS[kind].along:  # else along A minus B, which is made first
            self._workbench.editing.edit_selection(kind, amount)
        elif not self._workbench.editing.edit_along(kind, amount):
            self._along = kind, amount
            self._workbench.set_query("steering", SteeringQuery(self._workbench.selection))

    def _steer(self, reply: SteeringReply) -> None:
        """There is a direction: steer along it, if that is still wanted."""
        along, self._along = self._along, None
        self._workbench.set_query("steering", None)
        if along is not None and (reply.targets, reply.positions) == (
            self._workbench.selection,
            self._workbench.positions,
        ):
            self._workbench.editing.edit_along(*along, reply.directions)

    # ---- the selection and its positions -------------------------------------------------------------------

    def _select_edge(self, index: int) -> None:
        assert self._workbench.opened is not None
        self._workbench.select((self._workbench.opened.graph.edge(index),))

    def _click_cell(self, query: int, key: int) -> None:
        """A weight of the attention is clicked, whose row is pinned next."""
        self._clicked = query, key

    def _pin(self, position: int, extend: bool) -> None:
        """Let edits apply at a position only, or, again, everywhere; beside other positions if it extends them. A
        weight that was clicked is chosen with its row; another one of the row takes its place."""
        workbench, (query, key), self._clicked = self._workbench, self._clicked, NO_CELL
        pinned, arrow, one = workbench.positions, workbench.arrow, self._one()
        of_cell = query == position and not extend and isinstance(one, Node) and one.kind == "head"
        other = of_cell and pinned == (position,) and (arrow is None or arrow.entries.keys != (key,))
        alone = set() if pinned == (position,) and not other else {position}
        workbench.set_positions(tuple(sorted(set(pinned) ^ {position} if extend else alone)))
        if of_cell and isinstance(one, Node):
            chosen = Arrow(Entries(one, (key,)), (position,))
            workbench.set_arrow(chosen if workbench.positions == (position,) else None)

    def _ask_arrow(self) -> None:
        """Ask why the head looks there, as long as a weight is chosen."""
        arrow = self._workbench.arrow
        self._workbench.set_query("arrow", None if arrow is None else ArrowQuery(arrow))
        if arrow is None:
            self._inspector.arrow.show_arrow(None)

    def _point(self, asks: int, offers: int) -> None:
        """Mark on card A what is pointed at in the attention."""
        opened = self._workbench.opened
        prefix = 0 if opened is None or opened.is_text else opened.prefix
        self._point_at(asks, offers, prefix)
