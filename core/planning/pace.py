"""How fast this machine is with a model that need not be there: its first layers are laid out in memory with random
weights, and really opened, traced and scanned. What the whole model takes is reckoned by its multiplications."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle, islice
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from core.edits import Edit, EditKind
from core.engine.batched_edits import POSITIONS as SCANNED
from core.free_memory import free_bytes
from core.graph import Graph, Reader
from core.models.adapter import Adapter
from core.models.causal_lm import LOGITS_BYTES
from core.models.model import Model
from core.planning.sketch import Sketch
from core.scan import Scan
from core.session import Session
from core.tracing.costs import POSITIONS
from core.tracing.trace import trace

SHARE_OF_FREE = 0.5  # of the machine's free memory, for the layers that are measured
MOST_LAYERS = 4
MOST_WORDS = 32768  # of a vocabulary, that the output is measured with
ROUNDS, LONG = 3, 1.0  # rounds, and seconds after which there are no more
KINDS: tuple[EditKind, ...] = ("zero", "patch")
T = TypeVar("T")


@dataclass(frozen=True)
class ByLayer:
    """Seconds of a run of one edge: at once, and for each layer that comes after its reader's."""

    at_once: float
    each: float

    def mean(self, graph: Graph) -> float:
        """Over all edges of a graph."""
        layers = np.array([reader.layer if reader.kind != "logits" else graph.layers - 1 for reader in graph.readers])
        after = np.average(graph.layers - 1 - layers, weights=np.diff(graph.first_edge))
        return self.at_once + self.each * float(after)


@dataclass(frozen=True)
class Pace:
    """Seconds of some layers of a model. adapter: of these. session: to open one on a pair, with the runs over both
    inputs and the check against the model's own forward. trace: by EAP, of one pair among as many as go together. cut:
    of an edge. scanned: of an edge in a scan. head: of the whole model's output at one position. own_head: where the
    model's own forward makes it, at every position or, with too many tokens to keep, at one."""

    adapter: Adapter
    session: float
    trace: float
    cut: ByLayer
    scanned: ByLayer
    head: float
    own_head: float


def measured_pace(
    whole: Sketch, length: int, pairs: int = 1, clock: Callable[[], float] = time.perf_counter, same: int = 0
) -> Pace | None:
    """Of this machine, as many threads as torch takes; None where two layers do not fit into half of its free memory.
    length: positions of an input. pairs: that are traced. clock: tells seconds. same: how many positions at the
    beginning are the same in A and B."""
    sizes = [sum(weight.nbytes for weight in block.parameters()) for block in whole.adapter.blocks]
    count = int(min(len(sizes), MOST_LAYERS, free_bytes() * SHARE_OF_FREE // max(sizes)))
    if count < min(2, len(sizes)):
        return None
    adapter = whole.some_layers(count)
    model = Model(whole.name, whole.name, adapter)
    one = model.pair(*_pair(adapter, whole.side, length, 1, same))
    together = max(1, min(pairs, POSITIONS // one.length))
    batch = model.pair(*_pair(adapter, whole.side, length, together, same))
    trace(Session(model, batch), "eap")  # what is loaded and made once is there now
    opened, session = _timed(lambda: Session(model, one), clock)
    traced, _ = _timed(lambda: trace(Session(model, batch, parity=session.parity), "eap"), clock)
    cut, scanned = _cuts(session, clock), _scans(session, one.length - same, clock)
    everywhere = one.length * (whole.adapter.vocabulary or 0) * whole.dtype.itemsize <= LOGITS_BYTES
    head, own_head = (_head_seconds(whole.adapter, clock, rows) for rows in (1, one.length if everywhere else 1))
    return Pace(adapter, opened, traced / together, cut, scanned, head, own_head)


def _cuts(session: Session, clock: Callable[[], float]) -> ByLayer:
    """Of one edge after the other."""
    graph = session.graph
    seconds: list[float] = []
    for kind in KINDS:  # weights are packed in the first round; runs are kept, so another kind is made anew
        seconds = []
        for layer in range(graph.layers):
            edits = [Edit(graph.edge(graph.edges_into(reader)[0]), kind) for reader in _of(graph, layer)]
            begun = clock()
            for edit in edits:
                session.run([edit])
            seconds.append((clock() - begun) / len(edits))
    return _by_layer(seconds)


def _scans(session: Session, rows: int, clock: Callable[[], float]) -> ByLayer:
    """Of an edge among as many as go together in a scan of a larger model. rows: of the positions, that change."""
    graph = session.graph
    seconds: list[float] = []
    many = max(1, SCANNED // rows)
    for layer in range(graph.layers):
        there = [graph.edge(number) for reader in _of(graph, layer)[:-1] for number in graph.edges_into(reader)]
        edges = list(islice(cycle(there), many))
        took, _ = _timed(lambda edges=edges: Scan(session, edges).run(), clock)  # type: ignore[misc]
        seconds.append(took / len(edges))
    return _by_layer(seconds)


def _of(graph: Graph, layer: int) -> list[Reader]:
    """The readers of a layer, its MLP last."""
    return [reader for reader in graph.readers if reader.kind != "logits" and reader.layer == layer]


def _by_layer(seconds: list[float]) -> ByLayer:
    """From those of an edge into each layer: a straight line over the layers that come after it."""
    if len(seconds) < 2:
        return ByLayer(seconds[0], 0.0)
    each, at_once = np.polyfit(np.arange(len(seconds))[::-1], seconds, 1)
    return ByLayer(max(float(at_once), 0.0), max(float(each), 0.0))


def _pair(adapter: Adapter, side: int, length: int, rows: int, same: int) -> tuple[Tensor, Tensor]:
    """A and B, drawn."""
    a, b = (inputs(adapter, side, length, rows, seed) for seed in (0, 1))
    if same and adapter.shape.input_kind == "text":
        b = torch.cat([a[:, :same], b[:, same:]], dim=1)
    return a, b


def inputs(adapter: Adapter, side: int, length: int, rows: int, seed: int) -> Tensor:
    """Drawn ones: ids [rows, length], or pixels [rows, 3, side, side]."""
    generator = torch.Generator("cpu").manual_seed(seed)
    if adapter.shape.input_kind == "text":
        return torch.randint(0, adapter.vocabulary or 1, (rows, length), generator=generator, device="cpu")
    return torch.randn(rows, 3, side, side, generator=generator, device="cpu").to(adapter.dtype)


def _head_seconds(adapter: Adapter, clock: Callable[[], float], rows: int) -> float:
    """Of the output of a language model at so many positions; it is part of the layers' times elsewhere."""
    words, width = adapter.vocabulary or 0, adapter.shape.width
    some = min(words, MOST_WORDS)
    if not some:
        return 0.0
    head = torch.zeros(some, width, dtype=adapter.dtype, device="cpu")
    stream = torch.zeros(rows, width, dtype=adapter.dtype, device="cpu")
    seconds, _ = _timed(lambda: torch.nn.functional.linear(stream, head), clock)
    return seconds * words / some


def _timed(work: Callable[[], T], clock: Callable[[], float]) -> tuple[float, T]:
    """The best of some rounds (one alone where it is long), and what it gave."""
    times: list[float] = []
    while len(times) < ROUNDS and sum(times) < LONG:
        begun = clock()
        given = work()
        times.append(clock() - begun)
    return min(times), given
