"""Self-repair, worked out from the runs themselves."""

from __future__ import annotations

import pytest

import wirescope as ws
from core.graph import Edge, Node, Reader
from core.lens.direct import direct_attribution
from core.lens.repair import LEAST, self_repair
from tests.core.engine.cases import case


@pytest.mark.parametrize("target", [Node("head", 0, 1), Edge(Node("mlp", 0), Reader("q", 1, 2))])
def test_repairs_are_changes_of_later_heads_against_the_cut(target: Node | Edge) -> None:
    session = case("gpt2").session()
    session.with_metric(ws.logit_difference(3, 5))
    cut = session.run([ws.Edit(target, "zero")])
    found = self_repair(session, session.clean, cut, target, count=100)
    before = direct_attribution(session, session.clean)
    after = direct_attribution(session, cut, scales_of=session.clean)
    first = 1 if isinstance(target, Node) else 2
    expected = {}
    for number, node in enumerate(session.graph.writers):
        change = after.values[number] - before.values[number]
        if (
            node.kind == "head"
            and node.layer >= first
            and change * (after.total - before.total) < 0
            and abs(change) >= LEAST * abs(found.effect)
        ):
            expected[node] = pytest.approx(change)
    assert {repair.node: repair.change for repair in found.repairs} == expected
    assert expected
    sizes = [abs(repair.change) for repair in found.repairs]
    assert sizes == sorted(sizes, reverse=True)
    later = [n for n, node in enumerate(session.graph.writers) if node.kind == "head" and node.layer >= first]
    changes = (after.values - before.values)[later]
    assert found.total == pytest.approx(changes[changes * found.effect < 0].sum())
    assert len(self_repair(session, session.clean, cut, target, count=1).repairs) == 1


def test_nothing_comes_after_an_edge_to_the_logits() -> None:
    session = case("gpt2").session()
    edge = Edge(Node("mlp", 0), Reader("logits"))
    found = self_repair(session, session.clean, session.run([ws.Edit(edge, "zero")]), edge)
    assert found.repairs == ()
    assert found.effect != 0
