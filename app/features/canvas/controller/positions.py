"""The second level of the canvas in step with the workbench: what is asked of the engine while it shows, its data, and
what the user does there."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QAction

from app.features.canvas.presenter.positions import positions_data, with_scores
from app.features.canvas.queries import PositionsQuery, PositionsReply
from app.messages.arrow import Arrow
from app.messages.replies import ModelReply
from app.messages.request import QueryRefusal
from app.workbench.figure import Figure
from app.workbench.workbench import Workbench
from core.edits import REPLACED, EditTarget, Target
from core.graph import LOGITS, Entries
from views.canvas.levels import Levels
from views.canvas.positions.data import Move, Picture, Place, Positions, PositionsData, Spot, Wire
from views.figures.data import FigureCaption
from views.figures.positions import PositionsDrawing
from views.panels.inputs.data import CardData

KEY = "circuit over positions"
MOST_EDGES = 64  # of the circuit: the strongest


class PositionsController(QObject):
    """One window's second level. The circuit is the one that the first level showed when it was left. switch: the
    action that goes from one level to the other."""

    def __init__(self, workbench: Workbench, levels: Levels, switch: QAction) -> None:
        super().__init__(levels)
        self._workbench, self._levels, self._switch = workbench, levels, switch
        self._entered_with: tuple[Target, ...] = ()
        self._move: Move | None = None  # the selected one
        self._figure: Figure[PositionsReply] | None = None
        self._problem = ""
        self._picture: Picture | None = None
        self._choosing = False  # what the user selects here is of the circuit that shows
        self._soon = QTimer(self, singleShot=True, interval=0)  # many things change together
        self._soon.timeout.connect(self._follow)
        levels.level_changed.connect(self._enter)
        levels.set_words("Tokens", self._key())
        board = levels.positions
        board.selection_changed.connect(self._choose)
        board.edit_requested.connect(self._edit)
        board.patch_dropped.connect(self._patch)
        workbench.on(PositionsReply, self._take)
        workbench.on(QueryRefusal, self._take_problem)
        workbench.model_opened.connect(self._take_model)
        workbench.cards_changed.connect(self._take_cards)
        workbench.selection_changed.connect(self._take_selection)
        workbench.arrow_changed.connect(self._take_arrow)
        for changed in (workbench.canvas_changed, workbench.positions_changed, workbench.inspection_changed):
            changed.connect(lambda *_: self._later())

    @property
    def shown(self) -> bool:
        return self._levels.level == "positions"

    def data(self) -> PositionsData:
        """What the second level shows."""
        workbench = self._workbench
        opened, ready = workbench.opened, workbench.ready
        if opened is None or ready is None or self._figure is None:
            return self._waiting()
        if self._problem:
            return PositionsData(opened.graph, picture=self._picture, note=self._problem)
        data = positions_data(
            self._figure.reply,
            workbench.usable(),
            opened,
            ready,
            workbench.selection,
            workbench.positions,
            self._move,
            workbench.known.inspected,
            self._picture,
            stale=workbench.stale or not self._figure.holds(workbench.document),
            direction=workbench.direction,
        )
        return with_scores(data, workbench.extent.scores)

    def drawing(self) -> PositionsDrawing | None:
        """The second level as a figure, without selection, while it shows."""
        data = self.data() if self.shown and self._workbench.opened is not None else None
        if data is None or not data.links:
            return None
        columns = tuple(replace(column, chosen=False) for column in data.columns)
        return PositionsDrawing(replace(data, columns=columns, selection=()))

    def caption(self, caption: FigureCaption) -> FigureCaption:
        """A figure's caption with what the links of the second level are."""
        reply = None if self._figure is None else self._figure.reply
        if reply is None or not self.shown:
            return caption
        by = f"estimated by {reply.title} at each position, {REPLACED[reply.kind]}"
        by += "" if self._figure.holds(self._workbench.document) else ", of an earlier state"
        lines = [f"Dashed: {by}. Arcs: what a head moves from one position to another; lines: what stays at one."]
        lines += [f"Lines are where the circuit keeps an edge: {reply.kept.words}."] if reply.kept is not None else []
        return replace(caption, lines=[*lines, *caption.lines[1:]])

    def _waiting(self) -> PositionsData:
        """The words of what is being done, or of why there is nothing."""
        opened, ready = self._workbench.opened, self._workbench.ready
        assert opened is not None
        if self._problem:
            note = self._problem
        elif ready is None or self._workbench.busy:
            note = "Unfolding the circuit …"
        else:
            note = "There is no circuit to unfold: no edge has a score. Choose another metric or another B."
        return PositionsData(opened.graph, picture=self._picture, output_label=opened.output_label, note=note)

    # ---- the switch ----

    def _enter(self, level: str) -> None:
        self._switch.setChecked(level == "positions")
        if level == "positions":
            self._entered_with = self._workbench.selection
            self._move = None
        self._later()

    def _take_model(self, opened: ModelReply) -> None:
        words = "Tokens" if opened.is_text else "Patches"
        self._levels.set_words(words, self._key())
        self._switch.setText(f"U&nfold over {words}")
        self._figure, self._move, self._entered_with, self._problem = None, None, (), ""
        self._later()

    def _key(self) -> str:
        return self._switch.shortcut().toString()

    def _take_cards(self, a: CardData, b: CardData) -> None:
        if a.image is None or a.grid is None:
            self._picture = None
        elif self._picture is None or self._picture.pixels is not a.image:
            self._picture = Picture(a.image, a.grid)
        self._later()

    def _take_selection(self, selection: tuple[Target, ...]) -> None:
        """What is selected elsewhere may be of another part of the graph: that shows then too."""
        if not self._choosing:
            self._entered_with, self._move = selection, None
        self._later()

    def _take_arrow(self, arrow: Arrow | None) -> None:
        """Weights chosen elsewhere, as in the list of edits, are a move here, where it has columns of these."""
        if arrow is None or not arrow.armed or self._figure is None:
            return
        columns = set(self._figure.reply.scores.columns)
        if {arrow.entries.keys, arrow.queries} <= columns:
            self._move = Move(arrow.entries.head, arrow.entries.keys, arrow.queries)  # type: ignore[arg-type]
            self._later()

    # ---- asking and hearing ----

    def _later(self) -> None:
        if not self._soon.isActive():
            self._soon.start()

    def _follow(self) -> None:
        """Ask for what the second level needs, while it shows, and show what is known."""
        self._workbench.set_query(KEY, self._query())
        if self.shown and self._workbench.opened is not None:
            self._levels.positions.set_data(self.data())

    def _query(self) -> PositionsQuery | None:
        opened = self._workbench.opened
        if not self.shown or opened is None:
            return None
        data = self._workbench.presenter.canvas(self._entered_with)
        if data is None or self._workbench.scored is None:
            kept = None if self._figure is None else self._figure.reply
            return kept.query if kept is not None and kept.query.graph == opened.graph else None
        scores = self._workbench.scored.values
        strongest = sorted((mark.index for mark in data.edges), key=lambda index: -abs(scores[index]))[:MOST_EDGES]
        return PositionsQuery(opened.graph, tuple(sorted(strongest)), len(data.edges), self._regions(opened))

    def _regions(self, opened: ModelReply) -> tuple[Positions, ...]:
        """A brushed part of an image counts as one column, and so does each region that has a name."""
        if opened.is_text:
            return ()
        return tuple(sorted(self._workbench.positions)), *(
            region.positions for region in self._workbench.document.regions
        )

    def _take(self, reply: PositionsReply) -> None:
        self._figure, self._problem = Figure(reply.query, reply, self._workbench.document), ""
        self._later()

    def _take_problem(self, reply: QueryRefusal) -> None:
        if isinstance(reply.query, PositionsQuery):
            self._problem = reply.words
            self._later()

    # ---- what the user does there ----

    def _choose(self, places: tuple[Place, ...]) -> None:
        """Select what the places are of, and their positions."""
        self._move = places[0] if len(places) == 1 and isinstance(places[0], Move) else None
        positions = sorted({position for place in places for position in _positions(place)})
        targets = tuple(dict.fromkeys(_target(place) for place in places))
        self._choosing = True
        self._workbench.set_positions(tuple(positions))
        self._workbench.select(targets)
        self._choosing = False
        move = self._move
        self._workbench.set_arrow(None if move is None else Arrow(_entries(move), move.goal, armed=True))

    def _edit(self, place: Place, tool: str) -> None:
        """Cut or patch at the place's positions, which a click has selected."""
        self._workbench.editing.toggle(_edited(place), tool)

    def _patch(self, place: Place) -> None:
        self._levels.positions.choose((place,))
        self._workbench.editing.patch(_edited(place))


def _target(place: Place) -> Target:
    if isinstance(place, Spot):
        return place.node
    return place.edge if isinstance(place, Wire) else place.head


def _entries(move: Move) -> Entries:
    """The weights that a move goes by: cut, nothing of it moves."""
    return Entries(move.head, move.source)


def _edited(place: Place) -> EditTarget:
    return _entries(place) if isinstance(place, Move) else _target(place)


def _positions(place: Place) -> Positions:
    if isinstance(place, Spot) and place.node == LOGITS:
        return ()
    return place.goal if isinstance(place, Move) else place.positions
