"""Self-repair: after a cut, later heads often write what the cut one wrote, so the cut does less than it should.

Measured as the change of each head's direct logit attribution between the run without an edit and the run with it, with
the norms' scales of the run without it in both, so that only what the heads write counts (McGrath et al. 2023, "The
Hydra Effect", section 2; Wang et al. 2022, section 4, on backup name movers). A change against the cut's own effect is
a repair.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.graph import Edge, Graph, Node
from core.lens.direct import direct_attribution
from core.result import Result
from core.session import Session

LEAST = 0.01  # of the edit's effect: a smaller change is no repair to speak of


@dataclass(frozen=True)
class Repair:
    """node: a later head. change: of its share of the metric's logits, in logits."""

    node: Node
    change: float


@dataclass(frozen=True)
class SelfRepair:
    """words: the direction. effect: change of its value by the edit. repairs: the heads that work against it most, the
    strongest first, those that do so to speak of. total: all changes of later heads against it."""

    words: str
    effect: float
    repairs: tuple[Repair, ...]
    total: float


def self_repair(session: Session, without: Result, with_it: Result, target: Node | Edge, count: int = 3) -> SelfRepair:
    """What later heads do about an edit. without, with_it: the runs on either side of it.

    Raises ArgumentError as `direct_attribution` does.
    """
    before = direct_attribution(session, without)
    after = direct_attribution(session, with_it, scales_of=without)
    graph = session.graph
    effect = after.total - before.total
    first = _first_layer(graph, target)
    changes = [
        Repair(node, float(after.values[number] - before.values[number]))
        for number, node in enumerate(graph.writers)
        if node.kind == "head" and node.layer >= first and node != target
    ]
    against = [repair for repair in changes if repair.change * effect < 0]
    against.sort(key=lambda repair: -abs(repair.change))
    telling = tuple(repair for repair in against[:count] if abs(repair.change) >= LEAST * abs(effect))
    return SelfRepair(before.words, effect, telling, sum(repair.change for repair in against))


def _first_layer(graph: Graph, target: Node | Edge) -> int:
    """The first layer whose heads can answer."""
    if isinstance(target, Edge):
        return target.reader.layer + 1 if target.reader.kind != "logits" else graph.layers
    return 0 if target.kind == "input" else target.layer + 1
