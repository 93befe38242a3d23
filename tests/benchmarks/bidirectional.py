"""Exact effects and circuits where every position reads every other: DINOv2 over 257 patches, against its own forward.

A change anywhere reaches every row one layer later, so that what an exact run needs goes with the layers behind the
edge alone. Counted beside what is measured: multiplications, as shares of the own forward's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch

import wirescope as ws
from core.engine.circuit_nodes import CircuitState, kept_by
from core.evaluation.faithfulness import FRACTIONS, sizes_of
from core.graph import Edge, Reader
from core.models import packs
from tests.benchmarks.arithmetic import of_session, share
from tests.benchmarks.models import dinov2, forward
from tests.benchmarks.speed import curve, in_turn, scanned
from tests.benchmarks.table import Table

EACH = 7  # edges of each kind of reader, of a layer
FORWARDS = 3  # beside them
KINDS = ("q", "k", "v")
Part = tuple[int, float, float]  # edges, multiplications and time of one


def tables() -> Iterator[Table]:
    if not packs.is_installed("dinov2-small"):
        return
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        session = dinov2()
        for _ in range(session.graph.layers):
            session.engine.pack()
        yield whole(session)
        yield by_layer(session)
    finally:
        torch.set_num_threads(threads)
    yield of_circuits(session)


def whole(session: ws.Session) -> Table:
    """The figures with an aim, as the page of speeds has them."""
    rows = []
    for what, aim, measure in (
        ("exact scan of an edge, readers drawn by their edges", ".10", scanned),
        ("ten-point curve", "6", curve),
    ):
        ran, baseline = measure(session)
        rows.append([what, f"{ran:.0f} ms", f"{baseline:.0f} ms", f"{ran / baseline:.2f}", aim])
    heads = ("what", "took", "own", "ratio", "aim")
    return Table("DINOv2, 257 patches: against the own forward, processor time, one thread", heads, rows)


def by_layer(session: ws.Session) -> Table:
    """Edges of some readers of each layer: means over heads and MLP by how many edges each has, and over all layers."""
    graph, counted = session.graph, of_session(session)
    heads: list[Part] = []
    mlps: list[Part] = []
    for layer in range(graph.layers):
        for kind, of_kind in (("head", heads), ("mlp", mlps)):
            edges = drawn(graph, layer, kind)
            ws.Scan(session, edges).run()  # makes what the edges of a stage share
            ran, baseline = in_turn([ws.Scan(session, edges).run], lambda: forwards(session))
            needed = float(np.mean([share(counted, edge, in_scan=True)[0] for edge in edges]))
            of_kind.append((number(graph, layer, kind), needed, ran / len(edges) / baseline * FORWARDS))
    table = [[str(n), *shares(pair)] for n, pair in enumerate(zip(heads, mlps, strict=True))]
    everything = shares([*heads, *mlps])
    title = "An exact effect in a scan, by the layer of the edge: shares of the own forward"
    return Table(title, ("layer", "edges", "multiplications", "time"), [*table, ["all", *everything]])


def forwards(session: ws.Session) -> None:
    for _ in range(FORWARDS):
        forward(session)


def shares(parts: Sequence[Part]) -> list[str]:
    """How many edges, and means over them."""
    edges = [part[0] for part in parts]
    means = (np.average([part[column] for part in parts], weights=edges) for column in (1, 2))
    return [f"{sum(edges):,}", *(f"{mean:.3f}" for mean in means)]


def number(graph: ws.Graph, layer: int, kind: str) -> int:
    return sum(len(graph.edges_into(reader)) for reader in of_kind(graph, layer, kind))


def of_kind(graph: ws.Graph, layer: int, kind: str) -> list[Reader]:
    kinds = KINDS if kind == "head" else ("mlp",)
    return [reader for reader in graph.readers if reader.kind in kinds and reader.layer == layer]


def drawn(graph: ws.Graph, layer: int, kind: str) -> list[Edge]:
    """Of one head of a layer, each layer another one, or of its MLP: to EACH edges into a reader."""
    some = of_kind(graph, layer, kind)
    if kind == "head":
        some = [reader for reader in some if reader.head == layer % graph.heads]
    return [graph.edge(index) for reader in some for index in list(graph.edges_into(reader))[-EACH:]]


def of_circuits(session: ws.Session) -> Table:
    """What each circuit of a curve needs at least: of its nodes what is on a kept path, the sums that ports read."""
    scores, graph = ws.trace(session, "eap"), session.graph
    rows, total = [], np.zeros(4)
    for size in sizes_of(graph.n_edges, FRACTIONS)[:-1]:
        state = kept_by(scores.top(size).pruned(), True, session.engine.reads is not None, None)
        needed = circuit_work(session, state)
        total += needed
        rows.append([f"{size:,}", str(len(state.writers)), *(f"{part:.3f}" for part in (*needed, needed.sum()))])
    rows.append(["all", "", *(f"{part:.2f}" for part in (*total, total.sum()))])
    heads = ("edges", "nodes", "MLPs", "ports", "heads", "sums", "together")
    return Table("What the circuits of the curve need at least, as shares of the own multiplications", heads, rows)


def circuit_work(session: ws.Session, state: CircuitState) -> np.ndarray:
    """Shares of the own forward: MLPs, ports, what heads mix and write, sums over kept edges."""
    shape, graph, length = session.model.adapter.shape, session.graph, session.engine.length
    mlp = sum(p.numel() for p in session.model.adapter.mlp_part(0).parameters() if p.ndim > 1)
    port, everywhere = shape.head_width * shape.width, set(state.writers[state.everywhere].tolist())
    work = np.zeros(4)
    for index, reader in enumerate(graph.readers):
        if not state.reading[index] or reader.kind == "logits":
            continue
        writer = graph.writer_index(ws.Node("mlp", reader.layer)) if reader.kind == "mlp" else None
        if reader.kind == "q":
            writer = graph.writer_index(ws.Node("head", reader.layer, reader.head))
        rows = length if writer is None or writer in everywhere else 1
        work[3] += rows * int(state.matrix[0, index].sum()) * shape.width
        work[0 if reader.kind == "mlp" else 1] += rows * (mlp if reader.kind == "mlp" else port)
    for writer in state.writers.tolist():
        if graph.writers[writer].kind == "head":
            rows = length if writer in everywhere else 1
            work[2] += rows * (2 * length * shape.head_width + port)
    return work / of_session(session).forward.multiplications
