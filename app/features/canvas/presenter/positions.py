"""What the second level shows: which links and columns of the unfolded circuit, and how they are marked."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from app.features.canvas.queries import PositionsReply
from app.messages.replies import InputsReply, InspectionReply, ModelReply
from app.presenters.edits import WAITS
from core.edits import REPLACED, Edit, EditTarget, Target
from core.formatting import BELOW, change_words, is_below_noise, visible_token
from core.graph import Edge, Entries, Node
from core.project.document import Document
from core.project.region_operations import region_of
from views.canvas.data import EdgeMark, NodeMark, NodeScores
from views.canvas.positions.data import (
    Column,
    Link,
    LinkMark,
    Move,
    Picture,
    Place,
    Positions,
    PositionsData,
    Spot,
    Wire,
)

MOST_WIRES, MOST_MOVES = 40, 26  # links shown at once
MOST_EDITED = 8  # moves into a column that one edit keeps shown
WEAKEST = 0.03  # of the strongest of its sort: weaker links are left out
ALL_TOKENS = 40  # tokens up to which every one has its column
MOST_PATCHES = 14  # columns of an image


@dataclass
class _Chosen:
    """Links as they are chosen, and the columns that they take."""

    most: int | None  # columns; None: all have room
    links: dict[Link, float | None] = field(default_factory=dict)
    columns: set[Positions] = field(default_factory=set)

    def take(self, link: Link, value: float | None, always: bool = False) -> bool:
        """Whether there was room."""
        if link in self.links:
            return False
        needed = {link.source, link.goal} if isinstance(link, Move) else {link.positions}
        if not always and self.most is not None and len(self.columns | needed) > self.most:
            return False
        self.links[link] = value
        self.columns |= needed
        return True


def positions_data(
    answer: PositionsReply,
    document: Document,
    opened: ModelReply,
    ready: InputsReply,
    selection: tuple[Target, ...],
    positions: Positions,
    move: Move | None,
    inspected: InspectionReply | None,
    picture: Picture | None,
    stale: bool,
    direction: int | None = 1,
) -> PositionsData:
    """Choose and mark links. document: with a B only if patches can take from it. move: the selected one; the rest of
    what is selected follows from the selection and the positions. direction: A's."""
    scores = answer.scores
    every = scores.columns
    read = {column for column in every if scores.reads is None or set(column) & set(scores.reads)}
    few = opened.is_text and len(every) <= ALL_TOKENS
    chosen = _Chosen(None if few else ALL_TOKENS if opened.is_text else MOST_PATCHES)
    chosen.columns |= set(every) if few else {column for column in every if set(column) & set(positions)}
    chosen.columns |= {column for column in every if region_of(document, column) is not None}
    if not few:
        if scores.reads is not None:
            chosen.columns |= read
        chosen.columns |= {column for column in every if column[0] < (0 if opened.is_text else min(opened.prefix, 1))}
    edits = [(edit, _columns_of(edit, every)) for edit in document.edits]
    _choose(chosen, answer, selection, move, edits)
    columns = [column for column in every if column in chosen.columns]

    edited, labels = _edited(edits, columns, document, answer, ready.noise_floor)
    measured = _measured(inspected, document)
    marks = []
    for place, (link, value) in enumerate(chosen.links.items()):
        kind, label = edited.get(link), labels.get(link, "")
        if isinstance(link, Move):
            kind = edited.get(link, edited.get(Spot(link.head, link.goal)))
        change = measured.get(link, answer.changes.get(_key(link)) if kind is not None else None)
        shown_value = value if change is None else -change
        lost = change is not None and is_below_noise(change, ready.noise_floor)
        solid = change is not None and not lost
        mark = EdgeMark(place, shown_value, solid, kind, label, direction=direction, below_noise=lost)
        marks.append(LinkMark(link, mark))
    spots: dict[Spot, NodeMark] = {}
    for link in chosen.links:
        for spot in _ends(link, opened):
            spots[spot] = NodeMark(edited.get(spot), labels.get(spot, ""), named=True)
    for target in edited:
        if isinstance(target, Spot):
            spots[target] = NodeMark(edited[target], labels.get(target, ""), named=True)
    shown = tuple(_column(column, opened, ready, positions, column in read, document) for column in columns)
    data = PositionsData(
        opened.graph,
        shown,
        tuple(marks),
        spots,
        direction=direction,
        picture=picture,
        links_in_all=max(scores.links, len(marks)),
        hidden_columns=len(every) - len(columns),
        edges=(len(answer.query.edges), answer.query.circuit),
        output_label=opened.output_label,
        kind_words=REPLACED[answer.kind],
        kept_words="" if answer.kept is None else answer.kept.words,
        stale=stale,
        note="" if marks else "No head and no wire of this circuit carries anything that counts for the metric.",
    )
    return with_selection(data, selection, positions, move)


def _choose(
    chosen: _Chosen,
    answer: PositionsReply,
    selection: tuple[Target, ...],
    move: Move | None,
    edits: list[tuple[Edit, list[Positions]]],
) -> None:
    """What is edited, what is selected, then the strongest."""
    scores, graph = answer.scores, answer.query.graph
    columns = scores.columns
    wires = {
        Wire(graph.edge(index), columns[at]): value
        for index, at, value in scores.wires
        if answer.kept is None or answer.kept.holds(index, columns[at])
    }
    moves = {Move(head, columns[key], columns[query]): value for head, key, query, value in scores.moves}
    for edit, places in edits:
        if edit.positions is not None:
            for positions in places:
                if isinstance(edit.target, Edge):
                    wire = Wire(edit.target, positions)
                    chosen.take(wire, wires.get(wire), always=True)
                elif isinstance(edit.target, Node):
                    chosen.columns.add(positions)
                elif isinstance(edit.target, Entries):
                    for move_edited in _moves_of(edit.target, positions, columns)[:MOST_EDITED]:
                        chosen.take(move_edited, moves.get(move_edited), always=True)
    if move is not None:
        chosen.take(move, moves.get(move), always=True)
    for of_selection in (
        (link, value) for links in (moves, wires) for link, value in links.items() if _target(link) in selection
    ):
        chosen.take(*of_selection)
    for links, most in ((wires, MOST_WIRES), (moves, MOST_MOVES)):
        strongest = max((abs(value) for value in links.values()), default=0.0)
        count = 0
        for link, value in links.items():
            if count == most or abs(value) < WEAKEST * strongest:
                break
            count += chosen.take(link, value)


def _target(link: Link) -> Target:
    return link.head if isinstance(link, Move) else link.edge


def _key(link: Link) -> tuple[EditTarget, Positions]:
    """How a change of the metric by an edit of it is looked up."""
    if isinstance(link, Move):
        return Entries(link.head, link.source), link.goal
    return link.edge, link.positions


def _moves_of(entries: Entries, goal: Positions, columns: tuple[Positions, ...]) -> list[Move]:
    """The moves into a column that go by some weights."""
    keys = set(entries.keys)
    return [Move(entries.head, source, goal) for source in columns if keys & set(source)]


def _ends(link: Link, opened: ModelReply) -> tuple[Spot, ...]:
    """Where a link begins and ends. A wire into a shared key or value ends at all heads of its group."""
    if isinstance(link, Move):
        return Spot(link.head, link.source), Spot(link.head, link.goal)
    nodes = opened.graph.readers_of(link.edge.reader)
    return Spot(link.edge.writer, link.positions), *(Spot(node, link.positions) for node in nodes)


def _columns_of(edit: Edit, every: tuple[Positions, ...]) -> list[Positions]:
    """The columns that an edit reaches."""
    if edit.positions is None:
        return list(every)
    wanted = set(edit.positions)  # type: ignore[arg-type]
    return [column for column in every if wanted & set(column)]


def _edited(
    edits: list[tuple[Edit, list[Positions]]],
    columns: list[Positions],
    document: Document,
    answer: PositionsReply,
    noise_floor: float,
) -> tuple[dict[Place, str], dict[Place, str]]:
    """The kind of edit of each place, and what is said beside the last place of each edit."""
    kinds: dict[Place, str] = {}
    labels: dict[Place, str] = {}
    shown = set(columns)
    every = answer.scores.columns
    answer_moves = {Move(head, every[key], every[query]) for head, key, query, _ in answer.scores.moves}
    for edit, reached in edits:
        places: list[Place] = []
        for column in reached:
            if column in shown and isinstance(edit.target, Edge):
                places.append(Wire(edit.target, column))
            elif column in shown and isinstance(edit.target, Node) and edit.positions is not None:
                places.append(Spot(edit.target.whole, column))
            elif column in shown and isinstance(edit.target, Entries):
                moves = _moves_of(edit.target, column, tuple(columns))
                places += [move for move in moves if edit.positions is not None or move in answer_moves]
        kinds.update(dict.fromkeys(places, edit.kind))
        change = answer.changes.get((edit.target, edit.positions))  # type: ignore[arg-type]
        if places and edit.positions is not None:
            label = "" if change is None else BELOW if is_below_noise(change, noise_floor) else change_words(change)
            labels[places[-1]] = WAITS if document.waits(edit) else label
    return kinds, labels


def _measured(inspected: InspectionReply | None, document: Document) -> dict[Link, float]:
    """The measured change of the selected wire, where it is at positions and by the kind of the estimates."""
    if inspected is None or inspected.measured is None or not inspected.positions:
        return {}
    if not isinstance(inspected.target, Edge) or inspected.kind != document.cut_kind:
        return {}
    return {Wire(inspected.target, inspected.positions): inspected.measured}


def _column(
    column: Positions, opened: ModelReply, ready: InputsReply, positions: Positions, read: bool, document: Document
) -> Column:
    chosen = bool(set(column) & set(positions))
    if opened.is_text:
        label = ready.labels[column[0]]
        return Column(column, visible_token(label), label.strip() or visible_token(label), (), read, chosen)
    patches = tuple(position - opened.prefix for position in column)
    if len(column) > 1:
        region, count = region_of(document, column), f"{len(column)} patches"
        name, tip = (count, "") if region is None else (region.name, f"{region.name}, {count}")
        return Column(column, name, tip, patches, read, chosen)
    label = ready.labels[column[0]].replace(",", ", ")
    return Column(column, label, label, patches if patches[0] >= 0 else (), read, chosen)


def with_selection(
    data: PositionsData, selection: tuple[Target, ...], positions: Positions, move: Move | None
) -> PositionsData:
    """Mark what is selected: targets at the selected positions, or without any wherever they are shown."""
    if move is not None and selection == (move.head,) and positions == move.goal:
        return replace(data, selection=(move,))
    places: list[Place] = []
    for target in selection:
        for place in (*data.spots, *(mark.link for mark in data.links)):
            if isinstance(place, Move):
                continue
            part = place.node if isinstance(place, Spot) else place.edge
            if part == target and (not positions or set(place.positions) & set(positions)):
                places.append(place)
    return replace(data, selection=tuple(places))


MOST_SCORED = 60  # nodes at columns that are shown for their score alone


def with_scores(data: PositionsData, scores: NodeScores | None) -> PositionsData:
    """The second level with its nodes filled. A column of several positions has their sum."""
    if scores is None or scores.at is None or not data.columns:
        return data
    length = scores.at.shape[1]
    columns = [column.positions for column in data.columns]
    if any(position >= length for positions in columns for position in positions):
        return data  # of an input that is no longer there
    values = np.stack([np.nan_to_num(scores.at[:, list(positions)]).sum(axis=1) for positions in columns], axis=1)
    inner = values[1:]  # heads and MLPs; `input` is the chips
    strongest = np.argsort(-np.abs(inner), axis=None, kind="stable")[:MOST_SCORED]
    spots = dict(data.spots)
    for place in strongest[np.abs(inner).flat[strongest] > 0].tolist():
        row, column = divmod(place, len(columns))
        spots.setdefault(Spot(data.graph.writers[row + 1], columns[column]), NodeMark(named=True))
    place_of = {positions: place for place, positions in enumerate(columns)}
    for spot, mark in spots.items():
        if spot.node.kind in ("head", "mlp") and spot.positions in place_of:
            value = float(values[data.graph.writer_index(spot.node), place_of[spot.positions]])
            spots[spot] = replace(mark, score=value)
    return replace(data, spots=spots, scored=scores.how, signed=scores.signed, direction=scores.direction)
