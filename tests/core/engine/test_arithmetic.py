"""How much is computed, counted and not timed: the work falls with the layer, the rows and the circuit.

PyTorch's counter adds up the floating-point operations of all matrix products.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
import transformers
from torch.utils.flop_counter import FlopCounterMode

import wirescope as ws
from core.circuit import Circuit
from core.engine import batched_edits, circuit_run, few_queries
from core.engine.batched_edits import Scanner
from core.evaluation.faithfulness import FRACTIONS

LAYERS, WIDTH, HEADS, TOKENS, VOCABULARY = 6, 64, 4, 24, 50
OF_MLP = 2 * 2 * WIDTH * 4 * WIDTH  # of one position
OF_ATTENTION = 2 * WIDTH * 4 * WIDTH
OF_OUTPUT = 2 * WIDTH * VOCABULARY


def count(work: object) -> int:
    with FlopCounterMode(display=False) as counter:
        work()  # type: ignore[operator]
    return counter.get_total_flops()


def make(first_difference: int) -> ws.Session:
    """A GPT-2 of random weights, A and B that differ from a position on."""
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        n_layer=LAYERS, n_embd=WIDTH, n_head=HEADS, n_positions=TOKENS, vocab_size=VOCABULARY,
        bos_token_id=None, eos_token_id=None,
    )  # fmt: skip
    model = ws.load_model((transformers.GPT2LMHeadModel(config).eval(), None))
    a = torch.randint(VOCABULARY, (1, TOKENS))
    b = a.clone()
    b[:, first_difference:] = (b[:, first_difference:] + 1) % VOCABULARY
    session = ws.Session(model, model.pair(a, b))
    assert session.counterfactual is not None
    return session


def after(layer: int, rows: int) -> int:
    """What a change of an MLP's input needs: that MLP and all layers after it at the rows that change; in the last
    layer queries, sums and MLP at the one position that is read."""
    if layer == LAYERS - 1:
        return OF_MLP + OF_OUTPUT
    whole = rows * OF_MLP + (LAYERS - layer - 2) * rows * (OF_MLP + OF_ATTENTION)
    last = rows * OF_ATTENTION // 2 + OF_ATTENTION // 2 + OF_MLP
    return whole + last + OF_OUTPUT


def scores_and_mixes(layer: int, rows: int) -> int:
    """Of attention itself, where the counter sees it."""
    return (LAYERS - layer) * rows * TOKENS * WIDTH * 4


@pytest.mark.parametrize("first", [0, TOKENS // 2, TOKENS - 2])
def test_the_work_of_an_edit_is_that_of_the_rows_and_layers_after_it(first: int) -> None:
    session = make(first)
    rows = TOKENS - first
    counted = []
    for layer in range(LAYERS):
        edit = ws.Edit(f"input->m{layer}", "patch")
        counted.append(count(lambda edit=edit: session.run([edit])))  # type: ignore[misc]
        assert after(layer, rows) <= counted[-1] <= 1.02 * after(layer, rows) + scores_and_mixes(layer, rows)
    assert counted == sorted(counted, reverse=True)
    assert counted[-1] < 0.02 * count(lambda: session.model.adapter.own_forward(session.pair.clean.tensor))


def test_an_edge_in_a_scan_needs_less_of_the_first_mlp_and_of_the_last_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    """No keys and values of the last layer, whose one query reads each once; of the first MLP behind a head a product
    of the head's width in place of one of the stream's."""
    session, layer = make(0), 2
    edits = [ws.Edit(f"{writer}->a{layer}.h1<v>", "patch") for writer in ("input", "a0.h0", "a1.h2", "m1")]

    def counted() -> float:
        scanner = Scanner(session.engine)
        scanner.streams(edits)  # makes what all of them share
        return count(lambda: scanner.streams(edits)) / len(edits)

    fewer = counted()
    monkeypatch.setattr(few_queries, "pays", lambda *_: False)
    monkeypatch.setattr(batched_edits, "pays", lambda *_: False)
    keys_and_values = TOKENS * OF_ATTENTION // 2 - (4 * HEADS * TOKENS * WIDTH + OF_ATTENTION // 2)
    first_product = TOKENS * OF_MLP // 2 * (HEADS - 1) // HEADS
    assert counted() - fewer == pytest.approx(keys_and_values + first_product, rel=0.1)


def test_the_work_falls_with_the_first_changed_position() -> None:
    session = make(0)
    counted = [count(lambda p=p: session.run([ws.Edit("m0", "zero", positions=[p])])) for p in range(TOKENS)]  # type: ignore[misc]
    assert all(later < earlier for earlier, later in itertools.pairwise(counted))


def test_an_edit_that_stands_or_comes_back_costs_nothing() -> None:
    session = make(3)
    early, late = ws.Edit("input->m0", "patch"), ws.Edit("m0->m4", "zero")
    both = count(lambda: session.run([early, late]))
    assert count(lambda: session.run([early, late])) == 0
    assert count(lambda: session.run([early])) > 0
    assert count(lambda: session.run([early, late])) == 0
    late_alone = count(lambda: session.run([early, ws.Edit("m1->m4", "zero")]))
    assert late_alone < both / 2, "it starts where the standing edit's run is"


def test_a_circuits_work_is_that_of_its_nodes() -> None:
    """Nodes and ports that are not needed cost nothing; sums over kept edges come on top."""
    session = make(2)
    graph, rows = session.graph, TOKENS - 2
    assert count(lambda: session.run_circuit(Circuit(graph, np.empty(0, dtype=np.int64)))) == OF_OUTPUT
    names = ["input->m1", "m1->a3.h2<v>", "a3.h2->logits"]
    chain = ws.circuit_of(graph, names)
    value = OF_ATTENTION // HEADS // 4  # of the head's four products; its q and k are B's
    sums = 2 * WIDTH * len(names) * rows * 4  # readers x writers, a few zeros included
    attention = rows * TOKENS * WIDTH // HEADS * 4
    counted = count(lambda: session.run_circuit(chain))
    at_output = value + OF_OUTPUT  # what the head writes is read there alone
    assert rows * (OF_MLP + value) <= counted <= rows * (OF_MLP + value) + at_output + sums + attention

    order = np.random.default_rng(0).permutation(graph.n_edges)
    work = [
        count(lambda size=size: session.run_circuit(Circuit(graph, order[:size])))  # type: ignore[misc]
        for size in (max(1, round(fraction * graph.n_edges)) for fraction in FRACTIONS[:-1])
    ]
    assert work == sorted(work)
    assert work[0] < 0.05 * work[-1]
    assert count(lambda: session.run_circuit(Circuit(graph, np.arange(graph.n_edges)))) == 0, "that is the clean run"


def test_circuits_together_cost_what_they_cost_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of few rows a little more: a circuit computes ports that another one reads, so that weights are fetched once."""
    session = make(2)
    graph = session.graph
    order = np.random.default_rng(1).permutation(graph.n_edges)
    circuits = [Circuit(graph, order[:size]) for size in (10, 60, 200)]
    alone = sum(count(lambda c=c: session.run_circuit(c)) for c in circuits)  # type: ignore[misc]
    assert alone < count(lambda: session.run_circuits(circuits)) < 1.02 * alone
    monkeypatch.setattr(circuit_run, "FEW_ROWS", 0)
    assert count(lambda: session.run_circuits(circuits)) == alone


def test_a_scans_work_is_that_of_the_layers_after_each_edit() -> None:
    """Of the last layer without keys and values of every row."""
    session = make(TOKENS // 2)
    rows = TOKENS - TOKENS // 2
    edges = [edge for edge in session.graph.edges if edge.reader.name == "m3"]
    counted = count(lambda: ws.Scan(session, edges).run())
    values = len(edges) * rows * 2 * WIDTH * WIDTH  # what writers write, in A and in B
    in_scan = after(3, rows) - rows * OF_ATTENTION // 2 + OF_ATTENTION // 2 + 4 * HEADS * TOKENS * WIDTH
    upper = len(edges) * (1.05 * in_scan + scores_and_mixes(3, rows)) + values
    assert 0.98 * len(edges) * in_scan <= counted <= upper
