"""Rows of a stream: taken from what covers it, from its later rows, and from what stands at some positions already."""

from __future__ import annotations

import pytest
import torch

from core.engine.rows import Held, Rows
from core.graph import Node, Reader
from tests.core.engine.cases import case

LENGTH = 5
STREAM = torch.arange(2 * LENGTH * 3).reshape(2, LENGTH, 3)
INDEX = torch.tensor([[4, 1], [2, 2]])


def test_rows_from_a_first_one_or_at_an_index() -> None:
    assert torch.equal(Rows(LENGTH).of(STREAM), STREAM)
    assert torch.equal(Rows(LENGTH, 2).of(STREAM), STREAM[:, 2:])
    at = Rows(LENGTH, index=INDEX)
    assert torch.equal(at.of(STREAM), torch.stack([STREAM[0, [4, 1]], STREAM[1, [2, 2]]]))
    assert (Rows(LENGTH).count, Rows(LENGTH, 2).count, at.count) == (5, 3, 2)
    assert Rows(LENGTH, LENGTH).none
    assert not at.none


def test_rows_of_a_tensor_that_starts_later() -> None:
    late = STREAM[:, 1:]
    assert torch.equal(Rows(LENGTH, 2).of(late, 1), STREAM[:, 2:])
    at = Rows(LENGTH, index=INDEX)
    assert torch.equal(at.of(late, 1), at.of(STREAM))


def test_one_row_stands_for_all_and_one_stream_for_a_batch() -> None:
    at = Rows(LENGTH, index=INDEX)
    assert torch.equal(at.of(STREAM[:, :1]), STREAM[:, :1])
    assert torch.equal(at.of(STREAM[:1]), torch.stack([STREAM[0, [4, 1]], STREAM[0, [2, 2]]]))
    by_head = STREAM[..., None].expand(-1, -1, -1, 4)
    assert torch.equal(at.of(by_head)[..., 0], at.of(STREAM))


def test_earlier_rows_are_put_before_later_ones_alone() -> None:
    assert torch.equal(Rows(LENGTH, 2).after(STREAM, STREAM[:, 2:]), STREAM)
    at = Rows(LENGTH, index=INDEX)
    assert torch.equal(at.after(STREAM, at.of(STREAM)), at.of(STREAM))


def test_what_stands_at_an_index_is_not_cut_again() -> None:
    at = Rows(LENGTH, index=torch.tensor([[0, 1, 2, 3, 4], [4, 3, 2, 1, 0]]))  # as many as the stream is long
    held = Held(at.of(STREAM), at)
    assert torch.equal(held.at(at), at.of(STREAM))
    with pytest.raises(AssertionError):
        held.at(Rows(LENGTH, 2))


@pytest.mark.parametrize("family", ["llama-grouped", "gptj"])
def test_a_run_tells_which_rows_it_has(family: str) -> None:
    """The last layer's heads and MLP, and `logits`, stand where the output reads; of a run over all positions, nowhere
    else than the rest."""
    session = case(family, batch=2).session()
    adapter, graph, reads = session.model.adapter, session.graph, session.engine.reads
    some, full = session.engine.clean(), session.engine.clean(full=True)
    at = Rows(some.length, index=reads)
    last = graph.layers - 1
    for node in (Node("input"), Node("head", 0, 1), Node("mlp", 0), Node("head", last, 1), Node("mlp", last)):
        assert some.out(adapter, node).shape[1] == some.rows_of(node).count
        assert full.rows_of(node).index is None
        assert torch.allclose(some.out_at(adapter, node, at), full.out_at(adapter, node, at), rtol=0, atol=1e-12)
    for reader in (Reader("q", last), Reader("mlp", 0), Reader("mlp", last), Reader("logits")):
        stream = some.stream_at(reader, graph.parallel, at)
        assert torch.allclose(stream, full.stream_at(reader, graph.parallel, at), rtol=0, atol=1e-12)
