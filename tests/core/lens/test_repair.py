"""Self-repair, worked out from the runs themselves."""

from __future__ import annotations

import pytest

import wirescope as ws
from core.errors import ArgumentError
from core.graph import Edge, Node, Reader
from core.lens.direct import direct_attribution
from core.lens.repair import LEAST, backup_effects, later_nodes, self_repair
from tests.core.engine.cases import case


def answering(session: ws.Session, target: Node | Edge) -> set[Node]:
    """The heads and MLPs that can be reached from what an edit changes, by the graph's own edges."""
    graph = session.graph
    start = (
        Node("mlp" if target.reader.kind == "mlp" else "head", target.reader.layer, target.reader.head)
        if isinstance(target, Edge)
        else target
    )
    reached, known = {start}, True
    while known:
        known = {
            node
            for edge in graph.edges
            if edge.writer in reached and edge.reader.kind != "logits"
            for node in [_node(edge.reader)]
        } - reached
        reached |= known
    return reached - {start}


def _node(reader: Reader) -> Node:
    return Node("mlp", reader.layer) if reader.kind == "mlp" else Node("head", reader.layer, reader.head)


def test_the_mlp_of_a_neuron_does_not_answer_its_cut() -> None:
    graph = case("gpt2").session().graph
    behind = later_nodes(graph, Node("mlp", 1))
    assert Node("mlp", 1) not in behind
    for part in (Node("neuron", 1, 3), Node("expert", 1, 3)):
        assert later_nodes(graph, part) == behind


@pytest.mark.parametrize("target", [Node("head", 0, 1), Node("mlp", 0), Edge(Node("mlp", 0), Reader("q", 1, 2))])
def test_repairs_are_changes_of_later_nodes_against_the_cut(target: Node | Edge) -> None:
    session = case("gpt2").session()
    session.with_metric(ws.logit_difference(3, 5))
    cut = session.run([ws.Edit(target, "zero")])
    found = self_repair(session, session.clean, cut, target, count=100)
    before = direct_attribution(session, session.clean)
    after = direct_attribution(session, cut, scales_of=session.clean)
    later = answering(session, target)
    assert later == set(later_nodes(session.graph, target))
    expected, total = {}, 0.0
    for number, node in enumerate(session.graph.writers):
        change = after.values[number] - before.values[number]
        if node in later and change * (after.total - before.total) < 0:
            total += change
            if abs(change) >= LEAST * abs(found.effect):
                expected[node] = pytest.approx(change)
    assert {repair.node: repair.change for repair in found.repairs} == expected
    assert {node.kind for node in expected} == {"head", "mlp"}
    sizes = [abs(repair.change) for repair in found.repairs]
    assert sizes == sorted(sizes, reverse=True)
    assert found.total == pytest.approx(total)
    assert len(self_repair(session, session.clean, cut, target, count=1).repairs) == 1


def test_what_the_norm_adds_is_the_share_of_the_same_output_at_another_scale() -> None:
    """By the divisor of the final norm: what an unchanged node writes counts for more by the ratio of the scales."""
    setup = case("gpt2")
    session = setup.session()
    session.with_metric(ws.logit_difference(3, 5))
    target = Node("head", 1, 1)
    cut = session.run([ws.Edit(target, "zero")])
    found = self_repair(session, session.clean, cut, target, count=100)
    real = float(cut.metric[0] - session.clean.metric[0])
    assert found.effect + found.norm == pytest.approx(real, abs=1e-9)
    read = session.engine.reads[0, 0]
    scales = [
        (stream[0].var(unbiased=False) + setup.module.transformer.ln_f.eps).sqrt()
        for stream in (
            session.run(positions="all").state.final[:, read],
            session.run([ws.Edit(target, "zero")], positions="all").state.final[:, read],
        )
    ]
    written = direct_attribution(session, cut, scales_of=session.clean)
    for repair in found.repairs:
        share = written.values[session.graph.writer_index(repair.node)]
        assert repair.by_norm == pytest.approx(share * float(scales[0] / scales[1] - 1), abs=1e-9)
    assert 0 <= found.norm_share <= 1
    against = found.norm * found.effect < 0
    assert (found.norm_share > 0) == against


def test_backups_are_cut_together_and_one_by_one_with_the_edit_and_without() -> None:
    session = case("gpt2").session()
    edit, other = ws.Edit("a0.h1", "zero"), ws.Edit("m0", "scale", value=0.5)
    nodes = [Node("head", 1, 0), Node("head", 2, 3), Node("mlp", 1)]
    found = backup_effects(session, [edit], nodes, "zero", [other])
    cuts = [ws.Edit(node, "zero") for node in nodes]

    def metric(*edits: ws.Edit) -> float:
        return float(session.run([other, *edits]).metric[0])

    assert found.edit == pytest.approx(metric(edit) - metric())
    assert found.before.joint == pytest.approx(metric(*cuts) - metric())
    assert found.after.joint == pytest.approx(metric(edit, *cuts) - metric(edit))
    assert found.after.alone == pytest.approx([metric(edit, cut) - metric(edit) for cut in cuts])
    assert found.before.summed == pytest.approx(sum(metric(cut) - metric() for cut in cuts))
    assert found.together == pytest.approx(metric(edit, *cuts) - metric())
    for edits, some, words in (([edit], [], "no backups"), ([edit], [Node("head", 0, 1)], "edited already")):
        with pytest.raises(ArgumentError, match=words):
            backup_effects(session, edits, some, "zero")


def test_nothing_comes_after_an_edge_to_the_logits() -> None:
    session = case("gpt2").session()
    edge = Edge(Node("mlp", 0), Reader("logits"))
    found = self_repair(session, session.clean, session.run([ws.Edit(edge, "zero")]), edge)
    assert found.repairs == ()
    assert found.effect != 0
