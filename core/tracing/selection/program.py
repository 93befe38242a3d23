"""The circuit of the largest sum of scores in which every edge lies on a path: an integer program (Nikankin et al.
2025, "BlackboxNLP-2025 MIB Shared Task: Improving Circuit Faithfulness via Better Edge Selection"), solved by HiGHS
(Huangfu & Hall 2018). There a circuit may have fewer edges than are asked for, and a share of them can be asked to have
positive scores; here it has just so many.

    largest   sum over edges of weight_e x_e,     x_e, y_b in {0, 1}
    where     sum of x_e = count
              x_e <= y of the node that writes it; x_e <= sum of y of the nodes that its reader feeds
              y_b <= sum of x_e into the node (but for `input`), y_b <= sum of x_e out of it (but for `logits`)

Of edges at spans an edge is x_e at a span and a node y at a span, and a K or V at one feeds its heads at all spans.
The graph has no cycles, so an edge that is kept can be followed from kept edge to kept edge, up to `logits` and down to
`input`. Circuits of two sizes need not share edges: the best of 20 is no beginning of the best of 21.

Steps:
1. Where the best edges are connected already, they are the answer.
2. Connected circuits made by hand, the best of them: of the best edges (and of those that `greedy` takes first) a few
   more than are asked for, without those on no path, then without the weakest of the others; or a few less, with the
   best edges between the nodes that are there.
3. Edges that no better circuit than that can have are left out, and those that it must have are set: an edge that is d
   below the last of the best ones costs d at least, and all of the best ones together are the most that there can be.
   Where still more than `POOL` beside them are left, the program is of the best ones and of the best at every node.
4. HiGHS solves it, for `SECONDS` at most. The better of what it has by then and of step 2 is the answer, with the gap
   to the most that any circuit could have. On a graph of tens of thousands of edges there mostly is a gap, the larger
   the fewer edges are asked for; where time runs out, how good the answer is depends on the machine.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.circuit import connected, kept_matrix, reachable_at
from core.errors import ArgumentError
from core.progress import while_asking
from core.tracing.order import best_first
from core.tracing.selection.flow import Blocks
from core.tracing.selection.greedy import greedy
from core.tracing.selection.ranked import Choice, Indices, Ranked

SECONDS = 20.0
EXACT = 1e-9  # of the largest score, for each edge: what is nearer to the most is the most
POOL = 3000  # edges that the program is of at most, beside as many as are asked for
CHECKED = 1000  # edges after which it is looked whether every node has them
AT_NODES = 3  # edges into a node, and out of it, that are in the pool whatever their score

Weights = NDArray[np.float64]


def program(ranked: Ranked, count: int, seconds: float = SECONDS) -> Choice:
    """`count` edges. Raises ArgumentError where no circuit of just so many edges is found in time, Cancelled (see
    `core.progress`)."""
    graph, spans = ranked.graph, ranked.spans
    scale = float(np.abs(ranked.weights).max(initial=0.0)) or 1.0
    weights = ranked.weights / scale
    order = best_first(weights)
    best = order[:count]
    if connected(graph, best, spans).all():
        return Choice(best)
    blocks = Blocks(graph, spans)
    orders = order, greedy(ranked)
    heuristic = _best([each for way in orders for each in _made_by_hand(ranked, blocks, way, order, count)], weights)
    most = float(weights[best].sum())
    candidates, fixed = _candidates(weights, order, count, heuristic)
    pool = _pool(blocks, candidates, heuristic, count)
    solved, most_of_pool = _solved(ranked, blocks, weights, candidates[pool], fixed[pool], count, seconds)
    if not pool.all():  # a circuit with one of the others
        outside = float(weights[candidates[~pool]].max())
        most_of_pool = max(most_of_pool, most - max(float(weights[best[-1]]) - outside, 0.0))
    edges = _best([each for each in (solved, heuristic) if each is not None], weights)
    if edges is None:
        raise ArgumentError(
            f"No connected circuit of just {count:,} edges was found in {seconds:g} seconds.", "Take another size."
        )
    total = float(weights[edges].sum())
    gap = max(min(most, most_of_pool) - total, 0.0) / max(abs(total), 1e-12)
    return Choice(edges[best_first(weights[edges])], gap if gap > 1e-6 else 0.0)


def _best(circuits: list[Indices], weights: Weights) -> Indices | None:
    return max(circuits, key=lambda each: float(weights[each].sum()), default=None)


def _candidates(
    weights: Weights, order: Indices, count: int, made: Indices | None
) -> tuple[Indices, NDArray[np.bool_]]:
    """Step 3: the edges that a better circuit can have, best first, and whether it must."""
    if made is None:
        return order, np.zeros(len(order), dtype=bool)
    missed = float(weights[order[:count]].sum() - weights[made].sum()) + EXACT * count
    last, following = float(weights[order[count - 1]]), float(weights[order[min(count, len(order) - 1)]])
    candidates = order[weights[order] >= last - missed]
    return candidates, weights[candidates] > following + missed


def _pool(blocks: Blocks, candidates: Indices, made: Indices | None, count: int) -> NDArray[np.bool_]:
    """Which of the candidates, best first, the program is of: [candidates]."""
    size = POOL + count
    if len(candidates) <= size:
        return np.ones(len(candidates), dtype=bool)
    pool = np.zeros(len(candidates), dtype=bool)
    pool[:size] = True
    entering, leaving = np.zeros(blocks.count, dtype=np.int64), np.zeros(blocks.count, dtype=np.int64)
    entering[0] = leaving[blocks.output] = AT_NODES  # there are none
    for place, edge in enumerate(candidates.tolist()):
        if not place % CHECKED and min(entering.min(), leaving.min()) >= AT_NODES:
            break
        writer, fed = blocks.writers[edge], blocks.fed_by(int(blocks.readers[edge]))
        if leaving[writer] < AT_NODES or (entering[fed] < AT_NODES).any():
            pool[place] = True
        leaving[writer] += 1
        entering[fed] += 1
    return pool if made is None else pool | np.isin(candidates, made)


# ---- step 2 ----


def _made_by_hand(ranked: Ranked, blocks: Blocks, way: Indices, order: Indices, count: int) -> list[Indices]:
    """Connected circuits of `count` edges, none where that number cannot be come to. way: all edges in the order in
    which they are taken; order: best first."""
    graph, spans = ranked.graph, ranked.spans
    low, high = 0, len(way)  # of the first `low` at most `count` are connected, of `high` more
    while high - low > 1:
        middle = (low + high) // 2
        if int(connected(graph, way[:middle], spans).sum()) <= count:
            low = middle
        else:
            high = middle
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    below, above = (part[np.argsort(place[part])] for part in (
        way[:size][connected(graph, way[:size], spans)] for size in (low, high)))  # fmt: skip
    made = [_filled(ranked, below, order, count), _trimmed(blocks, above, count)]
    return [each for each in made if len(each) == count and connected(graph, each, spans).all()]


def _filled(ranked: Ranked, edges: Indices, order: Indices, count: int) -> Indices:
    """A connected circuit with the best edges between the nodes that it has."""
    graph = ranked.graph
    fed, used = reachable_at(graph, kept_matrix(graph, edges, ranked.spans))
    inside: NDArray[np.bool_] = (fed.T[graph.edge_writers] & used.T[graph.edge_readers]).ravel()
    inside[edges] = False
    return np.concatenate([edges, order[inside[order]][: max(count - len(edges), 0)]])


def _trimmed(blocks: Blocks, edges: Indices, count: int) -> Indices:
    """A connected circuit, its edges best first, without the weakest that it can do without."""
    writers = blocks.writers[edges]
    feeds = [blocks.fed_by(reader) for reader in blocks.readers[edges].tolist()]
    leaving = np.bincount(writers, minlength=blocks.count)
    leaving[blocks.output] = 1
    entering = np.zeros(blocks.count, dtype=np.int64)
    for fed in feeds:
        entering[fed] += 1
    kept = np.ones(len(edges), dtype=bool)
    remaining = len(edges)
    for place in range(len(edges) - 1, -1, -1):
        if remaining == count:
            break
        fed = feeds[place]
        if leaving[writers[place]] > 1 and (entering[fed[leaving[fed] > 0]] > 1).all():
            kept[place] = False
            leaving[writers[place]] -= 1
            entering[fed] -= 1
            remaining -= 1
    return edges[kept]


# ---- step 4 ----


def _solved(
    ranked: Ranked,
    blocks: Blocks,
    weights: Weights,
    candidates: Indices,
    fixed: NDArray[np.bool_],
    count: int,
    seconds: float,
) -> tuple[Indices | None, float]:
    """The edges that HiGHS takes, None where it has none by then; and the most that a circuit's sum can be."""
    from scipy.optimize import Bounds, LinearConstraint, milp  # half a second to import
    from scipy.sparse import csr_array, hstack, identity, vstack

    edges, nodes = len(candidates), blocks.count
    out_of = csr_array((np.ones(edges), (np.arange(edges), blocks.writers[candidates])), shape=(edges, nodes))
    feeds = [blocks.fed_by(reader) for reader in blocks.readers[candidates].tolist()]
    places = np.repeat(np.arange(edges), [len(fed) for fed in feeds])
    into = csr_array((np.ones(len(places)), (places, np.concatenate(feeds))), shape=(edges, nodes))
    each_edge, each_node = identity(edges, format="csr"), identity(nodes, format="csr")
    below = vstack([
        hstack([each_edge, -out_of]),
        hstack([each_edge, -into]),
        hstack([-into.T, each_node])[1:],
        hstack([-out_of.T, each_node])[:-1],
    ], format="csr")  # fmt: skip
    total = csr_array(np.concatenate([np.ones(edges), np.zeros(nodes)])[None, :])
    least = np.concatenate([fixed.astype(np.float64), np.zeros(nodes)])
    solution = while_asking(
        lambda: milp(
            np.concatenate([-weights[candidates], np.zeros(nodes)]),
            integrality=np.ones(edges + nodes),
            bounds=Bounds(least, np.ones(edges + nodes)),
            constraints=[LinearConstraint(below, ub=0.0), LinearConstraint(total, count, count)],
            options={"time_limit": seconds, "mip_rel_gap": 1e-9},
        )
    )
    bound = getattr(solution, "mip_dual_bound", None)
    most = np.inf if bound is None or not np.isfinite(bound) else -float(bound)
    if solution.x is None:
        return None, most
    solved_edges = candidates[solution.x[:edges] > 0.5]
    possible = len(solved_edges) == count and connected(ranked.graph, solved_edges, ranked.spans).all()
    return (solved_edges if possible else None), most
