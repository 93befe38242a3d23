"""Self-repair: after a cut, later nodes often write what the cut one wrote, so the cut does less than it should.

Each node's direct share of the metric's logits (`core.lens.direct`) is taken three times:

    before    of the run without the edit
    written   of the run with it, the norms' scales those of the run without: only what the nodes write differs
    real      of the run with it, with its own scales

    change    = written - before    what a later node writes otherwise: backup heads (Wang et al. 2022, section 4), and
                                    MLPs that erase less or more (McGrath et al. 2023, "The Hydra Effect", section 2)
    by_norm   = real - written      what the same output counts for since the final norm divides by another scale, of
                                    earlier nodes too (Rushing & Nanda 2024, "Explorations of Self-Repair in Language
                                    Models", section 4, on LayerNorm)

All of before, change and by_norm, over all nodes and biases, add up to the direction's value in the run with the edit.
A change against the edit's effect is a repair.

Backups that cover for each other do little one by one. So sets of them are cut too, by real runs: the effect of all
together against the sum of each alone, with the edit in place and without it (`backup_effects`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.edits import Edit, EditKind
from core.errors import ArgumentError
from core.graph import Edge, Graph, Node
from core.lens.direct import direct_attribution
from core.result import Result
from core.session import Session

LEAST = 0.01  # of the edit's effect: a smaller change is no repair to speak of


@dataclass(frozen=True)
class Repair:
    """node: a later head or MLP. change: of its share of the metric's logits by what it writes, in logits. by_norm: the
    further change of its share since the norms' scales are others."""

    node: Node
    change: float
    by_norm: float = 0.0


@dataclass(frozen=True)
class SelfRepair:
    """words: the direction. effect: change of its value by the edit, the norms' scales kept. repairs: the nodes that
    work against it most, the strongest first, those that do so to speak of. total: all changes of later nodes against
    it. norm: the change of the direction's value by the norms' scales alone, over all nodes; the whole change is
    `effect` + `norm`."""

    words: str
    effect: float
    repairs: tuple[Repair, ...]
    total: float
    norm: float = 0.0

    @property
    def norm_share(self) -> float:
        """The share of all that works against the edit which is the norm's: from 0, also where the norm works with the
        edit, to 1."""
        against = -self.norm if self.effect > 0 else self.norm
        written = abs(self.total)
        return against / (against + written) if against > 0 else 0.0


@dataclass(frozen=True)
class SetEffect:
    """What cutting a set does to the metric, in its unit: joint, all together; alone, each by itself."""

    joint: float
    alone: tuple[float, ...]

    @property
    def summed(self) -> float:
        return sum(self.alone)


@dataclass(frozen=True)
class BackupEffects:
    """nodes: the set; kind: what their cuts put in. before: without the edit whose backups they are; after: with it.
    edit: what that does by itself; together: it with the whole set cut."""

    nodes: tuple[Node, ...]
    kind: EditKind
    before: SetEffect
    after: SetEffect
    edit: float
    together: float


def self_repair(session: Session, without: Result, with_it: Result, target: Node | Edge, count: int = 3) -> SelfRepair:
    """What later heads and MLPs do about an edit. without, with_it: the runs on either side of it.

    Raises ArgumentError as `direct_attribution` does.
    """
    before = direct_attribution(session, without)
    written = direct_attribution(session, with_it, scales_of=without)
    real = direct_attribution(session, with_it)
    effect = written.total - before.total
    answering = later_nodes(session.graph, target)
    changes = [
        Repair(
            node,
            float(written.values[number] - before.values[number]),
            float(real.values[number] - written.values[number]),
        )
        for number, node in enumerate(session.graph.writers)
        if node in answering
    ]
    against = [repair for repair in changes if repair.change * effect < 0]
    against.sort(key=lambda repair: -abs(repair.change))
    telling = tuple(repair for repair in against[:count] if abs(repair.change) >= LEAST * abs(effect))
    total = sum(repair.change for repair in against)
    return SelfRepair(before.words, effect, telling, total, real.total - written.total)


def later_nodes(graph: Graph, target: Node | Edge) -> frozenset[Node]:
    """The heads and MLPs that can answer an edit: those that read what it changes, of an edge those behind its reader's
    node."""
    end = target.reader if isinstance(target, Edge) else target.whole  # an MLP does not answer a cut of its neuron
    kind: str = end.kind
    layer = end.layer
    if kind == "logits":
        return frozenset()
    if kind == "input":
        first_head = first_mlp = 0
    else:
        first_head = layer + 1
        first_mlp = layer + 1 if kind == "mlp" or graph.parallel else layer
    return frozenset(
        node
        for node in graph.writers
        if (node.kind == "head" and node.layer >= first_head) or (node.kind == "mlp" and node.layer >= first_mlp)
    )


def backup_effects(
    session: Session,
    edits: Sequence[Edit],
    backups: Sequence[Node],
    kind: EditKind,
    others: Sequence[Edit] = (),
    cancelled: Callable[[], bool] | None = None,
) -> BackupEffects:
    """Cut a set of backups together and one by one, with edits in place and without them: 2 (n + 2) runs.

    edits: those whose backups they are. kind: what the cuts put in. others: edits that are in place all the time.
    Changes of the metric, means over the rows. Raises ArgumentError for an empty set and one that is edited already,
    EditError for a kind that needs what is not there, Cancelled.
    """
    nodes = tuple(dict.fromkeys(backups))
    if not nodes:
        raise ArgumentError("There are no backups to cut.", "Name heads or MLPs.")
    for edit in (*edits, *others):
        if edit.name in {node.name for node in nodes}:
            raise ArgumentError(f"{edit.name} is edited already.", "Take it out of the set.")

    def metric(of: Sequence[Edit]) -> float:
        return float(session.run([*others, *of], cancelled=cancelled).metric.mean())

    def effect(base: float, in_place: Sequence[Edit]) -> SetEffect:
        cuts = [Edit(node, kind) for node in nodes]
        joint = metric([*in_place, *cuts]) - base
        return SetEffect(joint, tuple(metric([*in_place, cut]) - base for cut in cuts))

    plain, edited = metric(()), metric(edits)
    before, after = effect(plain, ()), effect(edited, edits)
    return BackupEffects(nodes, kind, before, after, edited - plain, edited - plain + after.joint)
