"""From edits to a plan: which readers read something else than the stream, and which nodes write something
else.

The pass over the model is cut into stages: stage 2l is the attention of layer l, stage 2l + 1 its MLP, stage
2 * layers the `logits` reader. A plan lists, stage by stage, the edits that act there. Two runs whose plans
agree up to a stage agree in everything computed before it, so the later one may start there; that is what
`first_difference` finds.

Rows: in a causal model an edit at position p changes nothing before p. `first_row[stage]` is the first row
that differs from the clean run when the stage is done. It depends on the edits alone, never on the run one
starts from, so the same edits give the same numbers to the last bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from core.edit_kinds import KINDS, EditKind
from core.edits import ResolvedEdit
from core.graph import Edge, Entries, Graph, Node, Reader
from core.positions import RowPositions


@dataclass(frozen=True)
class Slot:
    """One edit at the positions that it owns (later edits of the same target have taken theirs), row by row."""

    kind: EditKind
    positions: RowPositions | None
    value: float | tuple[float, ...]
    strength: float
    seed: int = 0
    keys: RowPositions | None = None  # of entries of attention, whose queries the positions are

    @property
    def factor(self) -> float:
        """The value of `scale` and `noise`."""
        assert isinstance(self.value, float)
        return self.value

    @property
    def adds(self) -> bool:
        """Whether it adds to what is there instead of replacing it."""
        return KINDS[self.kind].adds


@dataclass(frozen=True)
class ReaderPlan:
    """What a reader reads: its own edits, then those of single edges (writer number, slot)."""

    slots: tuple[Slot, ...] = ()
    edges: tuple[tuple[int, Slot], ...] = ()


@dataclass(frozen=True)
class StagePlan:
    """The edits of one stage: readers that read there, writers that write there, units of the MLP that writes there,
    heads (by number) whose attention is edited, each entry by the last slot that has it."""

    readers: tuple[tuple[Reader, ReaderPlan], ...] = ()
    writers: tuple[tuple[int, tuple[Slot, ...]], ...] = ()
    units: tuple[tuple[int, tuple[Slot, ...]], ...] = ()
    patterns: tuple[tuple[int, tuple[Slot, ...]], ...] = ()

    @property
    def empty(self) -> bool:
        return not (self.readers or self.writers or self.units or self.patterns)


@dataclass(frozen=True)
class Plan:
    """stages[s] for every stage; input_slots are edits of the `input` node; first_row as the module says."""

    input_slots: tuple[Slot, ...]
    stages: tuple[StagePlan, ...]
    first_row: tuple[int, ...]  # one a stage; the stream's length where nothing has changed yet

    @cached_property
    def acting(self) -> dict[int, StagePlan]:
        """The stages that have edits: few of many, so plans are hashed and compared by these."""
        return {number: stage for number, stage in enumerate(self.stages) if not stage.empty}

    @cached_property
    def _hash(self) -> int:
        return hash((self.input_slots, tuple(self.acting.items()), self.first_row))

    def __hash__(self) -> int:
        return self._hash

    @property
    def empty(self) -> bool:
        return not self.input_slots and not self.acting

    @cached_property
    def entries_of_b(self) -> bool:
        """Whether weights of attention are taken from B."""
        slots = (slot for stage in self.acting.values() for _, slots in stage.patterns for slot in slots)
        return any(KINDS[slot.kind].from_b for slot in slots)

    def first_difference(self, other: Plan) -> int:
        """The first stage at which the two may differ (-1: the input); the number of stages where they
        agree."""
        if self.input_slots != other.input_slots:
            return -1
        stages, others = self.acting, other.acting
        return min(
            (number for number in stages.keys() | others.keys() if stages.get(number) != others.get(number)),
            default=len(self.stages),
        )


def stage_of_reader(reader: Reader, graph: Graph) -> int:
    if reader.kind == "logits":
        return 2 * graph.layers
    return 2 * reader.layer + (1 if reader.kind == "mlp" else 0)


def stage_of_writer(node: Node) -> int:
    """The stage in which a node writes; -1 for `input`."""
    if node.kind == "input":
        return -1
    return 2 * node.layer + (0 if node.kind == "head" else 1)


def make_plan(edits: Sequence[ResolvedEdit], graph: Graph, length: int, causal: bool, first_patched_row: int) -> Plan:
    """Sort edits into stages.

    first_patched_row: the first position at which A and B differ; before it, a patch changes nothing in a
    causal model.
    """
    node_slots: dict[int, list[Slot]] = {}
    reader_slots: dict[Reader, list[Slot]] = {}
    edge_slots: dict[Reader, dict[int, list[Slot]]] = {}
    unit_slots: dict[Node, list[Slot]] = {}
    entry_slots: dict[Node, list[Slot]] = {}
    shared: dict[object, Slot] = {}  # equal ones are one object, which is quick to compare
    last: tuple[object, ...] = ()
    for edit in edits:
        target, key = edit.target, edit[1:]
        if key != last:  # else the one before, which is quick to see
            slot, last = shared.get(key) or shared.setdefault(key, Slot(*key)), key
        if isinstance(target, Edge):
            of_reader = edge_slots.get(target.reader)
            if of_reader is None:
                of_reader = edge_slots[target.reader] = {}
            number = graph.writer_index(target.writer)
            slots = of_reader.get(number)
            if slots is None:
                of_reader[number] = [slot]
                continue
        elif isinstance(target, Reader):
            slots = reader_slots.setdefault(target, [])
        elif isinstance(target, Entries):
            entry_slots.setdefault(target.head, []).append(slot)
            continue
        elif target.is_unit:
            slots = unit_slots.setdefault(target, [])
        else:
            slots = node_slots.setdefault(graph.writer_index(target), [])
        _add_slot(slots, slot, length)

    node_slots = {number: acting for number, slots in node_slots.items() if (acting := _acting(slots))}
    reader_slots = {reader: acting for reader, slots in reader_slots.items() if (acting := _acting(slots))}
    n_stages = 2 * graph.layers + 1
    readers: list[list[tuple[Reader, ReaderPlan]]] = [[] for _ in range(n_stages)]
    for reader in sorted({*reader_slots, *edge_slots}, key=graph.reader_index):
        of_reader = edge_slots.get(reader, {})
        edges = tuple((writer, slot) for writer in sorted(of_reader) for slot in _acting(of_reader[writer]))
        plan = ReaderPlan(tuple(reader_slots.get(reader, ())), edges)
        if plan.slots or plan.edges:
            readers[stage_of_reader(reader, graph)].append((reader, plan))
    writers: list[list[tuple[int, tuple[Slot, ...]]]] = [[] for _ in range(n_stages)]
    for number in sorted(node_slots):
        if number > 0:
            writers[stage_of_writer(graph.writers[number])].append((number, tuple(node_slots[number])))
    units: list[list[tuple[int, tuple[Slot, ...]]]] = [[] for _ in range(n_stages)]
    for unit in sorted(unit_slots, key=lambda unit: unit.head):
        if acting := _acting(unit_slots[unit]):
            units[stage_of_writer(unit)].append((unit.head, tuple(acting)))
    patterns: list[list[tuple[int, tuple[Slot, ...]]]] = [[] for _ in range(n_stages)]
    for head in sorted(entry_slots, key=graph.writer_index):
        if _acting(entry_slots[head]):
            patterns[stage_of_writer(head)].append((graph.writer_index(head), tuple(entry_slots[head])))
    input_slots = tuple(node_slots.get(0, ()))
    by_stage = zip(readers, writers, units, patterns, strict=True)
    stages = tuple(StagePlan(tuple(r), tuple(w), tuple(u), tuple(p)) for r, w, u, p in by_stage)
    return Plan(input_slots, stages, _first_rows(input_slots, stages, length, causal, first_patched_row))


def _add_slot(slots: list[Slot], new: Slot, length: int) -> None:
    """Add a slot; it takes its positions away from the slots before it."""
    if not slots:
        slots.append(new)
        return
    earlier = []
    for slot in slots:
        remaining = _without(slot.positions, new.positions, length)
        if any(remaining):
            earlier.append(replace(slot, positions=remaining))
    slots[:] = [*earlier, new]


def _without(positions: RowPositions | None, excluded: RowPositions | None, length: int) -> RowPositions:
    """The positions that are left, row by row. None stands for all of every row."""
    if excluded is None:
        return ()
    if positions is None:
        positions = (tuple(range(length)),) * len(excluded)
    by_row = zip(positions, excluded, strict=True)
    return tuple(tuple(place for place in row if place not in without) for row, without in by_row)


def _acting(slots: list[Slot]) -> list[Slot]:
    """The slots that change anything. One of strength 0 has taken its positions from those before it, no more."""
    return [slot for slot in slots if slot.strength != 0.0]


def _first_rows(
    input_slots: tuple[Slot, ...],
    stages: tuple[StagePlan, ...],
    length: int,
    causal: bool,
    first_patched: int,
) -> tuple[int, ...]:
    def row(slot: Slot) -> int:
        if not causal:
            return 0
        first = 0 if slot.positions is None else min(places[0] for places in slot.positions if places)
        if slot.keys is not None:  # no query before it sees a key
            first = max(first, min(places[0] for places in slot.keys))
        return max(first, first_patched) if KINDS[slot.kind].from_b else first

    current = min((row(slot) for slot in input_slots), default=length)
    rows = []
    for stage in stages:
        slots = {id(slot): slot for _, plan in stage.readers for _, slot in plan.edges}  # equal ones are mostly one
        slots |= {id(slot): slot for _, plan in stage.readers for slot in plan.slots}
        slots |= {id(slot): slot for _, some in (*stage.writers, *stage.units, *stage.patterns) for slot in some}
        current = min([current, *(row(slot) for slot in slots.values())])
        rows.append(current)
    return tuple(rows)
