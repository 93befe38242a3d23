"""Rules that choose edges, against definitions worked out another way, on graphs small enough to try every circuit."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from threading import Event

import numpy as np
import pytest
import scipy.optimize

from core import progress
from core.circuit import connected
from core.circuit.head_inputs import count_inputs
from core.errors import ArgumentError, Cancelled, InputError
from core.formatting import percent
from core.graph import Graph
from core.tracing.scores import Scores
from core.tracing.selection import GAP, RULES, Ranked, gap_of, sign_agreement
from core.tracing.selection.program import program

GRAPHS = {
    "plain": Graph(2, 1, 1),
    "heads": Graph(1, 2, 2),
    "shared keys and values": Graph(1, 2, 1),
    "coupled": Graph(1, 2, 2, coupled=True),
    "parallel": Graph(2, 1, 1, parallel=True),
}
LARGE = Graph(4, 4, 2)


def scores(graph: Graph, seed: int = 0, spans: int = 1, **more: object) -> Scores:
    values = np.random.default_rng(seed).normal(size=graph.n_edges * spans)
    whole = Scores(graph, values, "eap", "patch", {"model": "test"}, direction=1)
    if spans > 1:
        names = tuple(str(number) for number in range(spans))
        whole = replace(whole, values=values.reshape(-1, spans), level="edge-spans", spans=names)
    return replace(whole, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("by_size", [False, True])
def test_top_by_the_table_is_top_to_the_bit(by_size: bool) -> None:
    one = scores(LARGE)
    for count in (0, 1, 7, LARGE.n_edges):
        expected, found = one.top(count, by_size=by_size), one.select(count, "top", by_size=by_size)
        assert found.edges.tobytes() == expected.edges.tobytes()
        assert found.about == expected.about == one.select(count, by_size=by_size).about
        keys = np.abs(one.values) if by_size else one.values
        assert found.edges.tolist() == np.argsort(-keys, kind="stable")[:count].tolist()


@pytest.mark.parametrize("graph", [*GRAPHS.values(), LARGE], ids=[*GRAPHS, "large"])
@pytest.mark.parametrize(("direction", "spans"), [(1, 1), (-1, 1), (1, 3)])
def test_greedy_takes_the_best_edge_that_leads_to_what_it_has(graph: Graph, direction: int, spans: int) -> None:
    """Against a loop that looks at every edge, at every span, at every step."""
    one = scores(graph, 3, spans, direction=direction)
    values, every = one.values.ravel(), range(spans)
    in_circuit, taken = {("logits", span) for span in every}, []
    left = set(range(len(values)))

    def leads_on(part: int) -> bool:
        reader = graph.edge(part // spans).reader
        at = every if reader.kind in "kv" else [part % spans]
        return bool({(node.name, span) for node in graph.readers_of(reader) for span in at} & in_circuit)

    for _ in range(min(len(values), 40)):
        best = min(filter(leads_on, left), key=lambda part: (-direction * values[part], part))
        taken.append(best)
        left.remove(best)
        writer, at = graph.edge(best // spans).writer, [best % spans]
        of_layer = [node for node in graph.writers if (node.kind, node.layer) == ("head", writer.layer)]
        together = of_layer if graph.coupled and writer.kind == "head" else [writer]
        in_circuit |= {(node.name, span) for node in together for span in at}
    assert one.select(len(taken), "greedy").parts.tolist() == taken
    assert sorted(one.select(len(values), "greedy").parts.tolist()) == list(range(len(values)))


@pytest.mark.parametrize("graph", GRAPHS.values(), ids=GRAPHS)
@pytest.mark.parametrize(("count", "spans"), [(1, 1), (2, 1), (3, 1), (5, 1), (2, 2), (3, 2)])
def test_the_program_finds_the_largest_sum_of_a_connected_circuit(graph: Graph, count: int, spans: int) -> None:
    """Against all circuits of so many edges, or edges at spans: each of a larger sum has an edge on no path."""
    ranked = scores(graph, count, spans).ranked()
    choice = program(ranked, count)
    assert len(set(choice.edges.tolist())) == count
    assert connected(graph, choice.edges, spans).all()
    every = np.array(list(itertools.combinations(range(graph.n_edges * spans), count)), dtype=np.int64)
    sums = ranked.weights[every].sum(axis=1)
    found = ranked.weights[choice.edges].sum()
    assert not any(connected(graph, each, spans).all() for each in every[sums > found + 1e-9])
    assert choice.gap == 0


def test_without_time_the_program_gives_a_connected_circuit_and_its_gap() -> None:
    one = scores(LARGE)
    full, hurried = program(one.ranked(), 40), program(one.ranked(), 40, seconds=0.0)
    assert connected(LARGE, hurried.edges).all()
    sums = [float(one.values[each.edges].sum()) for each in (hurried, full)]
    assert sums[0] <= sums[1] <= sums[0] * (1 + hurried.gap) + 1e-9, "the gap holds what a better choice could have"
    assert full.gap == 0


def test_a_cancel_is_heard_while_the_program_is_solved(monkeypatch: pytest.MonkeyPatch) -> None:
    """The solver says nothing before its end: here it comes to that only when the cancel has been heard."""
    heard = Event()

    def endless(*_arguments: object, **_options: object) -> None:
        assert heard.wait(60)
        raise InterruptedError

    monkeypatch.setattr(scipy.optimize, "milp", endless)
    try:
        with pytest.raises(Cancelled), progress.watched(None, lambda: True):
            program(scores(LARGE).ranked(), 40)
    finally:
        heard.set()


def test_what_is_done_meanwhile_gives_its_result_and_its_error() -> None:
    assert progress.while_asking(lambda: 3) == 3
    with pytest.raises(ZeroDivisionError):
        progress.while_asking(lambda: 1 // 0)


def test_a_gap_is_said_by_the_circuit(monkeypatch: pytest.MonkeyPatch) -> None:
    import core.tracing.selection as selection

    hurried = replace(RULES["program"], choose=lambda ranked, count: program(ranked, count, seconds=0.0))
    monkeypatch.setitem(selection.RULES, "program", hurried)
    one = scores(LARGE)
    assert gap_of(one.select(40, "program").about) == pytest.approx(program(one.ranked(), 40, 0.0).gap, abs=1e-6)
    assert gap_of(one.select(40, "greedy").about) == 0


def test_a_gap_of_more_than_the_whole_sum_is_read_too() -> None:
    """Of a sum near 0 a better one may be many times as large; and a file may say anything."""
    assert gap_of({GAP: percent(12.5, 4)}) == pytest.approx(12.5)
    assert gap_of({GAP: "little"}) == 0


@pytest.mark.parametrize("graph", [GRAPHS["heads"], LARGE, GRAPHS["parallel"]], ids=["heads", "shared", "parallel"])
@pytest.mark.parametrize(("spans", "by_size"), [(1, False), (1, True), (2, False)])
def test_what_a_head_reads_of_a_writer_stands_together(graph: Graph, spans: int, by_size: bool) -> None:
    """By names, worked out edge by edge."""
    one = scores(graph, 4, spans, direction=-1)

    def input_of(part: int) -> tuple[str, str, int]:
        edge = graph.edge(part // spans)
        return edge.writer.name, ", ".join(node.name for node in inputs[edge.reader.name]), part % spans

    inputs = {}
    for reader in graph.readers:
        nodes = graph.readers_of(reader)
        if reader.kind == "q":  # with its K/V head's group
            nodes = next(graph.readers_of(port) for port in graph.ports(nodes[0]) if port.kind == "k")
        inputs[reader.name] = nodes
    towards = -one.values.ravel()
    sums: dict[tuple[str, str, int], float] = {}
    for part, value in enumerate(towards):
        sums[input_of(part)] = sums.get(input_of(part), 0.0) + float(value)
    order = one.select(len(towards), "attn-input", by_size=by_size).parts.tolist()
    assert sorted(order) == list(range(len(towards)))
    met = list(dict.fromkeys(map(input_of, order)))
    assert [input_of(part) for part in order] == [each for each in met for _ in range(_size(each, order, input_of))]
    ranked = [abs(sums[each]) if by_size else sums[each] for each in met]
    assert ranked == sorted(ranked, reverse=True)
    if spans == 1:
        assert count_inputs(graph) == len(sums)
        assert count_inputs(graph, np.array(order[:5])) == len({input_of(part) for part in order[:5]})


def _size(one: object, order: list[int], input_of: Callable[[int], object]) -> int:
    return sum(input_of(part) == one for part in order)


def test_consensus_puts_sure_edges_first_and_those_that_lead_away_last() -> None:
    one = scores(LARGE, agreement=np.where(np.arange(LARGE.n_edges) % 3 == 0, 1.0, 0.6))
    sure = one.agreement == 1.0
    order = one.select(LARGE.n_edges, "consensus").edges
    best, worst = np.flatnonzero(sure & (one.values > 0)), np.flatnonzero(sure & (one.values < 0))
    unsure = np.flatnonzero(~sure)
    expected = [part[np.argsort(-one.values[part], kind="stable")] for part in (best, unsure, worst)]
    assert order.tolist() == np.concatenate(expected).tolist()
    by_size = one.select(int(sure.sum()), "consensus", by_size=True)
    assert set(by_size.edges.tolist()) == set(np.flatnonzero(sure).tolist())


def test_agreement_is_the_share_of_draws_with_the_sign_of_the_mean() -> None:
    rng = np.random.default_rng(1)
    per_pair = np.stack([np.full(12, 2.0), np.r_[np.full(6, 1.0), np.full(6, -1.01)], np.zeros(12), -np.ones(12)], 1)
    found = sign_agreement(per_pair, draws=400, seed=5)
    assert found[[0, 2, 3]].tolist() == [1.0, 0.0, 1.0]
    assert 0.4 < found[1] < 0.75
    with pytest.raises(InputError):
        sign_agreement(rng.normal(size=(1, 4)))


@pytest.mark.parametrize("rule", [name for name in RULES if name != "top"])
@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"level": "nodes", "values": np.zeros(LARGE.n_writers)}, "nodes"),
        ({"kept": np.zeros(LARGE.n_edges, dtype=bool)}, "kept by a search"),
        ({"values": np.full(LARGE.n_edges, np.nan)}, "no score"),
    ],
)
def test_what_a_rule_cannot_choose_from_is_refused_with_the_reason(rule: str, more: dict, why: str) -> None:  # type: ignore[type-arg]
    one = scores(LARGE, agreement=np.ones(LARGE.n_edges), balance=((1, 0.5),))
    with pytest.raises(ArgumentError, match=why):
        replace(one, **more).select(3, rule)
    assert len(one.select(3, rule)) == 3


def test_consensus_needs_the_scores_of_each_pair() -> None:
    with pytest.raises(ArgumentError, match="each pair"):
        scores(LARGE).select(3, "consensus")
    with pytest.raises(ArgumentError, match="There are: top, greedy"):
        scores(LARGE).select(3, "best")


def test_scores_name_their_rule_and_their_circuits_do_too() -> None:
    one = scores(LARGE).with_rule("greedy")
    assert one.rule == "greedy"
    assert one.select(9).edges.tolist() == one.select(9, "greedy").edges.tolist() != one.top(9).edges.tolist()
    assert one.select(9).about["chosen by"] == "greedy"
    assert "chosen by" not in one.top(9).about
    assert '"chosen by": "greedy"' in one.select(9).to_json()
    assert '"chosen by": "top"' in one.top(9).to_json()


def test_every_rule_says_where_it_comes_from() -> None:
    for rule in RULES.values():
        assert rule.title
        assert rule.words
        assert len(rule.about) > 80
        assert Ranked(LARGE, np.zeros(LARGE.n_edges)).level == "edges"
