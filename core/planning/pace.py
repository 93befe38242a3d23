"""How fast this machine is with a model that need not be there: its first layers are laid out in memory with random
weights, and really opened, traced and scanned. What the whole model takes is reckoned from that
(`core.planning.seconds`)."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import cycle, islice
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.edits import Edit
from core.engine.packing import weights_of_layer
from core.free_memory import free_bytes
from core.graph import Edge
from core.metric_reading import CHUNK_BYTES
from core.models.adapter import Adapter
from core.models.causal_lm import LOGITS_BYTES
from core.models.model import Model
from core.planning.laps import BestLaps, Clock, Laps
from core.planning.sketch import Sketch
from core.scan import Scan
from core.session import Session
from core.tracing.costs import POSITIONS
from core.tracing.method import Method, method_named
from core.tracing.options import NoOptions
from core.tracing.told_options import Options
from core.tracing.trace import trace

SHARE_OF_FREE = 0.5  # of the machine's free memory, for the layers that are measured
MOST_LAYERS = 4
FEW_RUNS = 20  # forward runs of a pair, with which a method's own traces are measured
MOST_WORDS = 32768  # of a vocabulary, that the output is measured with
ROUNDS, LONG = 4, 6.0  # over all pieces; seconds after which there are no more


@dataclass(frozen=True)
class ByLayer:
    """Seconds of a run of one edge, by its reader's layer. last: into the last one, of which few rows are computed.
    at_once: into another, with what is computed of the last one. each: of every layer between the two."""

    last: float
    at_once: float
    each: float


@dataclass(frozen=True)
class EdgePace:
    """Seconds of a run of one edge, through layers whose weights are packed (`core.engine.packing`) and through others.
    What the whole model has none of is not measured apart."""

    packed: ByLayer
    others: ByLayer

    def by_layer(self, layers: int, packed: int) -> NDArray[np.float64]:
        """Of an edge into each layer of a whole model, of whose layers the last ones are packed, so many: [layers]."""
        of_layer = [self.packed if layer >= layers - packed else self.others for layer in range(layers)]
        seconds, between = [of_layer[-1].last], 0.0
        for layer in reversed(of_layer[:-1]):
            seconds.insert(0, layer.at_once + between)
            between += layer.each
        return np.array(seconds)


@dataclass(frozen=True)
class Together:
    """Seconds of an edge in a scan, among `count` that go together. read: of its output, of the whole model's size."""

    count: int
    edge: EdgePace
    read: float


@dataclass(frozen=True)
class Opened:
    """Seconds of some layers of a model. adapter: of these. session: to open one on a pair, with the runs over both
    inputs and the check against the model's own forward. trace: of one pair among as many as go together."""

    adapter: Adapter
    session: float
    trace: float


@dataclass(frozen=True)
class Pace:
    """Seconds of some layers of a model. one, some: of one layer, and of all that are measured: what work takes beside
    its layers is told by the two. forwards: forward runs of a pair by the method that was traced by. cut: of an edge.
    scanned: of an edge in a scan, among few and among many. read: of the whole model's output at one position, and its
    probabilities. own_head: where the model's own forward makes the output, at every position or, with too many tokens
    to keep, at one."""

    one: Opened
    some: Opened
    forwards: float
    cut: EdgePace
    scanned: tuple[Together, Together]
    read: float
    own_head: float


@dataclass(frozen=True)
class PlannedTrace:
    """length: positions of an input. pairs: that are traced. same: how many positions at the beginning are the same in
    A and B. method: that scores, told its options."""

    length: int
    pairs: int
    same: int
    method: Method
    options: Any

    @property
    def measurable(self) -> PlannedTrace:
        """The same where it is of few gradient runs; else by EAP."""
        method = self.method
        if method.slopes and not method.text_only and method.forwards(1, self.options) <= FEW_RUNS:
            return self
        return replace(self, method=method_named("eap"), options=NoOptions())


def measured_pace(
    whole: Sketch,
    planned: PlannedTrace,
    packed: int = 0,
    together: tuple[int, int] = (1, 1),
    clock: Clock = time.perf_counter,
) -> Pace | None:
    """Of this machine, as many threads as torch takes; None where two layers do not fit into half of its free memory.
    packed: of how many layers of the whole model weights are packed. together: how many edges a scan of it makes at
    once, at least and at most. clock: tells seconds.

    Pieces are timed by laps (`core.planning.laps`), in rounds that go over all of them: a machine that others share is
    slow for seconds, in which one piece would have had all of its rounds."""
    sizes = [sum(weight.nbytes for weight in block.parameters()) for block in whole.adapter.blocks]
    count = int(min(len(sizes), MOST_LAYERS, free_bytes() * SHARE_OF_FREE // max(sizes)))
    if count < min(2, len(sizes)):
        return None
    some = LaidOut(whole, planned.measurable, count)
    one = LaidOut(whole, planned.measurable, 1) if count > 1 else some
    states = [state for state, there in ((False, packed < len(sizes)), (True, packed > 0)) if there]
    everywhere = some.session.pair.length * (whole.adapter.vocabulary or 0) * whole.dtype.itemsize <= LOGITS_BYTES
    positions = some.session.pair.length if everywhere else 1
    best = BestLaps(clock)
    rounds, begun = 0, clock()
    while not rounds or (rounds < ROUNDS and clock() - begun < LONG):
        rounds += 1
        for layers in (some,) if one is some else (some, one):
            layers.time_opening(best)
        for state in states:
            some.time_edges(best, state, together)
        for number in {1, *together}:
            _time_reading(best, whole.adapter, number)
        _time_head(best, "own head", whole.adapter, positions)

    def edge(*piece: Any) -> EdgePace:
        by_state = ([best[(*piece, state, layer)] for layer in range(count)] for state in (states[-1], states[0]))
        return EdgePace(*map(_by_layer, by_state))

    one_opened, opened = (Opened(each.adapter, best[each, "open"], best[each, "trace"]) for each in (one, some))
    few, many = (Together(number, edge("scan", number), best["read", number]) for number in together)
    return Pace(one_opened, opened, some.forwards, edge("cut"), (few, many), best["read", 1], best["own head"])


class LaidOut:
    """Some layers of a model in memory, with random weights. session: of one pair. forwards: see `Pace`."""

    def __init__(self, whole: Sketch, planned: PlannedTrace, layers: int) -> None:
        self.adapter = whole.some_layers(layers)
        self._model = Model(whole.name, whole.name, self.adapter)
        self._one = self._model.pair(*_pair(self.adapter, whole.side, planned.length, 1, planned.same))
        self._rows = max(1, min(planned.pairs, POSITIONS // self._one.length))
        self._batch = self._model.pair(*_pair(self.adapter, whole.side, planned.length, self._rows, planned.same))
        self.forwards = planned.method.forwards(1, planned.options)
        self._method, self._options = planned.method.name, Options(**asdict(planned.options))
        self._strength = 1.0
        self._trace()  # what is loaded once is there now
        self.session = Session(self._model, self._one)

    def _trace(self, laps: Laps | None = None) -> None:
        parity = self.session.parity if laps else None
        trace(Session(self._model, self._batch, parity=parity), self._method, options=self._options, cancelled=laps)

    def time_opening(self, best: BestLaps) -> None:
        """Time opening a session, and tracing a pair among as many as go together."""
        best.time((self, "open"), lambda laps: Session(self._model, self._one))
        best.time((self, "trace"), self._trace, count=self._rows)

    def time_edges(self, best: BestLaps, packed: bool, together: tuple[int, int]) -> None:
        """Time an edge cut, and one in a scan among few and among many, into each layer; with weights that are packed
        or not."""
        adapter = self.adapter
        adapter.products.forget()
        adapter.products.layers = adapter.shape.layers  # so that no run packs any
        if packed:
            for layer in range(adapter.shape.layers):
                adapter.products.pack(weights_of_layer(adapter, layer, self.session.engine.reads is None))
        graph = self.session.graph
        self._cut([graph.edge(0)])  # the first one runs B, and has new memory
        for layer in range(graph.layers):
            readers = [reader for reader in graph.readers if reader.kind != "logits" and reader.layer == layer]
            into = [graph.edges_into(reader) for reader in readers]
            first = [graph.edge(edges[0]) for edges in into]
            best.time(("cut", packed, layer), partial(self._cut, first), len(first))
            others = [graph.edge(number) for edges in into[:-1] for number in edges]  # none into the MLP
            for count in set(together):
                some = list(islice(cycle(others), count))
                best.time(("scan", count, packed, layer), partial(self._scan, some), count)

    def _cut(self, edges: Sequence[Edge], laps: Laps | None = None) -> None:
        """One after the other, with edits of their own each time: the same ones would be known."""
        self._strength *= 0.999
        for edge in edges:
            self.session.run([Edit(edge, "patch", strength=self._strength)], cancelled=laps)

    def _scan(self, edges: Sequence[Edge], laps: Laps) -> None:
        Scan(self.session, edges).run(cancelled=laps)


def _by_layer(seconds: Sequence[float]) -> ByLayer:
    """From those of an edge into each layer: of all but the last a straight line, over how many are between."""
    *others, last = seconds
    if len(others) < 2:
        at_once = max(others[0] if others else last, last)
        return ByLayer(last, at_once, at_once - last)
    each, at_once = np.polyfit(np.arange(len(others))[::-1], others, 1)
    return ByLayer(float(last), max(float(at_once), 0.0), max(float(each), 0.0))


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


def _time_reading(best: BestLaps, adapter: Adapter, count: int) -> None:
    """Time one output and the logarithm of its probabilities, which a session reads its usual metric off, among so many
    that are made together (`core.metric_reading`)."""
    size = (adapter.vocabulary or 1) * adapter.dtype.itemsize
    rows = min(count, max(1, CHUNK_BYTES // size))

    def read(output: Tensor) -> None:
        for row in output.split(1):  # type: ignore[no-untyped-call]
            row.log_softmax(dim=-1)

    _time_head(best, ("read", count), adapter, rows, read, rows)


def _time_head(
    best: BestLaps,
    name: Hashable,
    adapter: Adapter,
    rows: int,
    read: Callable[[Tensor], None] = lambda output: None,
    count: int = 1,
) -> None:
    """Time the output of a language model at so many positions, of which the layers that are run have a small one.
    read: what is made of it. count: how many outputs that is."""
    words, width = adapter.vocabulary or 0, adapter.shape.width
    some = min(words, MOST_WORDS)
    head = torch.ones(some, width, dtype=adapter.dtype, device="cpu")  # not zeros, which need no memory of their own
    stream = torch.ones(rows, width, dtype=adapter.dtype, device="cpu")

    def made(laps: Laps) -> None:
        if words:
            read(torch.nn.functional.linear(stream, head))

    best.time(name, made, count * some / words if words else 1)
