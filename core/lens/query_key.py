"""Query-key attribution: which writers make one score of a head, that of one pair of positions: "why does this head
look there?" (Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits", on QK circuits.)

    score = scale * q . k,    q = sum over writers u of Q u + Q rest + c,    k = sum over writers v of K v + K rest + d

Q and K are what norms, projections, norms of queries and keys, and rotation make of a vector at its position, with the
scales of all norms held as they are in this run: then they are linear, and the score is exactly the sum of the products
of every two parts. The rest is what the stream holds beside what nodes carry: biases of attention that belong to no
head, and what edits of the port add; c and d are the biases of norms and projections. The score is that before a
soft-cap, a bias of positions, and the mask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from core.engine.layer import LayerMath
from core.errors import ArgumentError, ModelError
from core.graph import Edge, Node, Reader
from core.lens.activations import activations
from core.lens.input_row import check_row, of_row
from core.models.adapter import Adapter, Places
from core.precision import Widened, widened
from core.result import Result
from core.session import Session

REST, BIAS = "biases and edits in the stream", "biases of norms and projections"


@dataclass(frozen=True)
class Side:
    """One side of a score. edges: into the port, one a writer. shares: of the score, in its unit, [writers + 2]: of
    every edge, then of REST and of BIAS; they sum to the score."""

    reader: Reader
    edges: tuple[Edge, ...]
    shares: NDArray[np.float64]

    def top(self, count: int) -> list[tuple[str, float]]:
        """The largest shares, by the names of their edges, REST and BIAS."""
        names = [*(edge.name for edge in self.edges), REST, BIAS]
        order = np.argsort(-np.abs(self.shares), kind="stable")[:count]
        return [(names[place], float(self.shares[place])) for place in order]


@dataclass(frozen=True)
class QueryKey:
    """score: of the head for the key position at the query position. weight: the attention it becomes. pairs: the
    products of every two parts, [query side, key side], which sum to the score. query, key: these summed over the other
    side."""

    head: Node
    positions: tuple[int, int]  # of the query, of the key
    score: float
    weight: float
    pairs: NDArray[np.float64]
    query: Side
    key: Side

    def top(self, count: int = 5) -> list[tuple[str, str, float]]:
        """The pairs of writers that count most: the edge into q, the edge into k, their product."""
        order = np.argsort(-np.abs(self.pairs), axis=None, kind="stable")[:count]
        sides = [[*(edge.name for edge in side.edges), REST, BIAS] for side in (self.query, self.key)]
        at = [divmod(int(place), self.pairs.shape[1]) for place in order]
        return [(sides[0][q], sides[1][k], float(self.pairs[q, k])) for q, k in at]


def query_key(
    session: Session, head: Node | str, query: int, key: int, result: Result | None = None, row: int = 0
) -> QueryKey:
    """Split the score of a head for the position `key` at the position `query` (negative ones from the row's end).

    result: of a run with positions="all", edits included; by default the unedited one. row: of the batch. Raises
    ArgumentError for what is no head, for a row and for positions that there are not or that the head does not see, and
    for a run of some positions; ModelError where a norm is none of those that are known.
    """
    graph, adapter = session.graph, session.model.adapter
    node = graph.parse(head) if isinstance(head, str) else head
    if not isinstance(node, Node) or node.kind != "head":
        raise ArgumentError(f"{head} is no head.", "Name one, for example a1.h0.")
    graph.writer_index(node)
    check_row(session.pair.batch, row)
    length = session.pair.clean.lengths[row]
    for place in (query, key):
        if not -length <= place < length:
            raise ArgumentError(f"Position {place} is outside the input.", f"It has positions 0 to {length - 1}.")
    query, key = query % length, key % length
    result = session.run(positions="all") if result is None else result
    known, state = activations(session, result), result.state
    with torch.no_grad():
        weights = state.pattern(adapter, node.layer, node.head)
        math, window = LayerMath(adapter, node.layer), adapter.attention[node.layer].window
        if adapter.shape.causal and (key > query or (window is not None and query - key >= window)):
            raise ArgumentError(f"{node.name} does not see position {key} from position {query}.", "Look back.")
        q_port, k_port, _ = graph.ports(node)
        sides = []
        for port, place in ((q_port, query), (k_port, key)):
            read = widened(of_row(known[f"->{port.name}"], row)[place])
            carried = torch.stack(list(_carried(session, result, node.layer, place, row)))
            parts = torch.cat([carried, (read - carried.sum(dim=0))[None]])
            at = Places(torch.tensor([[place]], device=adapter.device), state.length, state.grid)
            sides.append(_through(math, port, read, parts, at))
        pairs = sides[0] @ sides[1].T * math.weights.scale
    table: NDArray[np.float64] = pairs.cpu().double().numpy()
    writers = graph.writers[: graph.writers_before(q_port)]
    of_query, of_key = (tuple(Edge(writer, port) for writer in writers) for port in (q_port, k_port))
    return QueryKey(
        node,
        (query, key),
        float(table.sum()),
        float(of_row(weights, row)[query, key]),
        table,
        Side(q_port, of_query, table.sum(axis=1)),
        Side(k_port, of_key, table.sum(axis=0)),
    )


def _carried(session: Session, result: Result, layer: int, place: int, row: int) -> Iterator[Tensor]:
    """What every writer before a layer's attention carries at a position, [width], in the order of the graph."""
    adapter, state, number = session.model.adapter, result.state, 0

    def there(x: Tensor) -> Tensor:
        return widened(of_row(x, row)[place])

    def carried(out: Tensor) -> Tensor:
        delta = state.node_deltas.get(number)
        return out if delta is None else out + there(delta)

    yield carried(there(state.embedding))
    for earlier in range(layer):
        math, factor = LayerMath(adapter, earlier), state.factors[earlier]
        z, w_o = there(state.z[earlier]), widened(math.weights.w_o.to(adapter.device))
        for head in range(adapter.shape.heads):
            number += 1
            d = adapter.shape.head_width
            out = w_o[:, head * d : (head + 1) * d] @ z[head]
            yield carried(out if factor is None else out * there(factor))
        number += 1
        yield carried(there(state.mlp_out[earlier]))


def _through(math: LayerMath, port: Reader, read: Tensor, parts: Tensor, at: Places) -> Tensor:
    """What a port makes of parts [parts, width] of what it reads [width], and of nothing: [parts + 1, head_width]."""
    adapter, shape = math.adapter, math.shape
    heads = shape.heads if port.kind == "q" else shape.kv_heads
    first = 0 if port.kind == "q" else shape.heads
    epsilons = _epsilons(adapter, math.layer)

    def norm(x: Tensor) -> Tensor:
        return math.norm(x[:, None])[:, 0]

    def turn(x: Tensor) -> Tensor:
        return (math.query if port.kind == "q" else math.key)(x[:, None], at)[:, 0]

    with Widened():
        normed, norm_bias = _linear(norm, read[None], parts, epsilons)
        w, b = (
            None if x is None else widened(x.to(adapter.device)) for x in math.port_weights(range(first, first + heads))
        )
        assert w is not None
        bias = torch.einsum("hdw,pw->phd", w, norm_bias)
        if b is not None:
            bias = bias + b[:, 0]
        projected = torch.einsum("hdw,pw->phd", w, normed)
        whole = projected.sum(dim=0, keepdim=True) + bias
        turned, turned_bias = _linear(turn, whole, torch.cat([projected, bias]), epsilons)
    turned[-1] += turned_bias[0]
    return turned[:, port.head]


Map = Callable[[Tensor], Tensor]


def _linear(change: Map, at: Tensor, parts: Tensor, epsilons: Sequence[float]) -> tuple[Tensor, Tensor]:
    """What a norm (and a rotation) makes of parts [parts, ...] where it divides by what it does at `at` [1, ...], and
    its bias [1, ...]. It is found out which divisor makes it linear. Raises ModelError."""
    bias = change(torch.zeros_like(at))
    generator = torch.Generator("cpu").manual_seed(0)
    a, b = torch.randn(2, *at.shape, generator=generator, dtype=torch.float64, device="cpu").to(at)
    tolerance = 1e-9 if at.dtype == torch.float64 else 1e-3
    for divisor in _divisors(at, epsilons):

        def linear(x: Tensor, divisor: Map = divisor) -> Tensor:
            return (change(x) - bias) * divisor(x)

        both = 2 * linear(a) + 3 * linear(b)
        if torch.allclose(linear(2 * a + 3 * b), both, rtol=tolerance, atol=tolerance * float(both.abs().max())):
            return linear(parts) / divisor(at), bias
    raise ModelError(
        "Scores of this model cannot be split: a norm before them is neither a LayerNorm nor an RMSNorm.",
        "Look at the attention itself, or cut edges into q and k.",
    )


def _divisors(at: Tensor, epsilons: Sequence[float]) -> Iterator[Map]:
    """What a norm may divide by: nothing, or the root mean square or deviation over the last dimension or the last
    two."""

    def ones(x: Tensor) -> Tensor:
        return torch.ones((), dtype=x.dtype, device=x.device)

    yield ones
    for dims in [(-1,), (-2, -1)][: at.ndim - 1]:
        for centred in (False, True):
            for epsilon in epsilons:

                def root(x: Tensor, dims: tuple[int, ...] = dims, c: bool = centred, e: float = epsilon) -> Tensor:
                    x = x - x.mean(dim=dims, keepdim=True) if c else x
                    return (x.square().mean(dim=dims, keepdim=True) + e).sqrt()

                yield root


def _epsilons(adapter: Adapter, layer: int) -> tuple[float, ...]:
    """Those of the norms of a layer."""
    values = [getattr(part, name, None) for part in _modules(adapter, layer) for name in ("eps", "variance_epsilon")]
    return tuple(dict.fromkeys([*(float(each) for each in values if isinstance(each, float | int)), 0.0]))


def _modules(adapter: Adapter, layer: int) -> Iterator[nn.Module]:
    yield from adapter.blocks[layer].modules()
