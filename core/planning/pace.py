"""How fast this machine is with a model that need not be there: its first layers are laid out in memory with random
weights, and really opened, traced and scanned. What the whole model takes is reckoned from that
(`core.planning.seconds`)."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import cycle, islice
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.edits import Edit
from core.engine.packing import weights_of_layer
from core.free_memory import free_bytes
from core.graph import Graph, Reader
from core.metric_reading import CHUNK_BYTES
from core.models.adapter import Adapter
from core.models.causal_lm import LOGITS_BYTES
from core.models.model import Model
from core.models.products import Products
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
SHORT = 0.1  # seconds for which a piece is done again within a round


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
    clock: Callable[[], float] = time.perf_counter,
) -> Pace | None:
    """Of this machine, as many threads as torch takes; None where two layers do not fit into half of its free memory.
    packed: of how many layers of the whole model weights are packed. together: how many edges a scan of it makes at
    once, at least and at most. clock: tells seconds.

    Every piece is timed in rounds that go over all of them, and its best counts: a core that others share is slow for
    seconds, in which one piece would have had all of its rounds."""
    sizes = [sum(weight.nbytes for weight in block.parameters()) for block in whole.adapter.blocks]
    count = int(min(len(sizes), MOST_LAYERS, free_bytes() * SHARE_OF_FREE // max(sizes)))
    if count < min(2, len(sizes)):
        return None
    some = LaidOut(whole, planned.measurable, count, clock)
    one = LaidOut(whole, planned.measurable, 1, clock) if count > 1 else some
    some.cuts()  # memory is new then
    states = [state for state, there in ((False, packed < len(sizes)), (True, packed > 0)) if there]
    everywhere = some.session.pair.length * (whole.adapter.vocabulary or 0) * whole.dtype.itemsize <= LOGITS_BYTES
    positions = some.session.pair.length if everywhere else 1
    best = Best()
    rounds, begun = 0, clock()
    while not rounds or (rounds < ROUNDS and clock() - begun < LONG):
        rounds += 1
        for layers in (some,) if one is some else (some, one):
            layers.opened(best)
        for state in states:
            some.edges(state, together, best)
        for number in {1, *together}:
            best.add(("read", number), _read_seconds(whole.adapter, clock, number))
        best.add("own head", _head_seconds(whole.adapter, clock, positions))

    def edge(*name: Any) -> EdgePace:
        of_packed, of_others = (_by_layer(best[(*name, state)]) for state in (states[-1], states[0]))
        return EdgePace(of_packed, of_others)

    one_opened, opened = (
        Opened(each.adapter, float(best["open", each]), float(best["trace", each])) for each in (one, some)
    )
    few, many = (Together(number, edge("scan", number), float(best["read", number])) for number in together)
    read, own_head = float(best["read", 1]), float(best["own head"])
    return Pace(one_opened, opened, some.forwards, edge("cut"), (few, many), read, own_head)


class Best:
    """The least seconds of pieces, by their names: of one, or of one by layer."""

    def __init__(self) -> None:
        self._of: dict[Hashable, NDArray[np.float64]] = {}

    def add(self, name: Hashable, seconds: float | Sequence[float]) -> None:
        self._of[name] = np.minimum(self._of.get(name, np.float64(np.inf)), np.asarray(seconds, dtype=np.float64))

    def __getitem__(self, name: Hashable) -> NDArray[np.float64]:
        return self._of[name]


class LaidOut:
    """Some layers of a model in memory, with random weights. session: of one pair. forwards: see `Pace`."""

    def __init__(self, whole: Sketch, planned: PlannedTrace, layers: int, clock: Callable[[], float]) -> None:
        self.adapter = whole.some_layers(layers)
        self.clock = clock
        self._model = Model(whole.name, whole.name, self.adapter)
        self._one = self._model.pair(*_pair(self.adapter, whole.side, planned.length, 1, planned.same))
        self._rows = max(1, min(planned.pairs, POSITIONS // self._one.length))
        self._batch = self._model.pair(*_pair(self.adapter, whole.side, planned.length, self._rows, planned.same))
        self.forwards = planned.method.forwards(1, planned.options)
        self._method, self._options = planned.method.name, Options(**asdict(planned.options))
        trace(
            Session(self._model, self._batch), self._method, options=self._options
        )  # what is loaded once is there now
        self.session = Session(self._model, self._one)
        self._edited = 0  # rounds

    def opened(self, best: Best) -> None:
        """Time opening a session, and tracing a pair among as many as go together."""
        parity = self.session.parity

        def traced() -> None:
            trace(Session(self._model, self._batch, parity=parity), self._method, options=self._options)

        best.add(("open", self), _timed(lambda: Session(self._model, self._one), self.clock))
        best.add(("trace", self), _timed(traced, self.clock) / self._rows)

    def edges(self, packed: bool, together: tuple[int, int], best: Best) -> None:
        """Time an edge cut, and one in a scan among few and among many, into each layer; with weights that are packed
        or not."""
        adapter = self.adapter
        adapter.products = Products()
        adapter.products.layers = adapter.shape.layers  # so that no run packs any
        if packed:
            for layer in range(adapter.shape.layers):
                adapter.products.pack(weights_of_layer(adapter, layer, self.session.engine.reads is None))
        best.add(("cut", packed), self.cuts())
        for count in set(together):
            best.add(("scan", count, packed), self._scans(count))

    def cuts(self) -> list[float]:
        """Seconds of one edge after the other, into each layer, with edits of their own each time: the same ones would
        be known."""
        graph, seconds = self.session.graph, []
        self._edited += 1
        for layer in range(graph.layers):
            edges = [graph.edge(graph.edges_into(reader)[0]) for reader in _of(graph, layer)]
            edits = [Edit(edge, "patch", strength=1 - self._edited / 100) for edge in edges]
            started = self.clock()
            for edit in edits:
                self.session.run([edit])
            seconds.append((self.clock() - started) / len(edits))
        return seconds

    def _scans(self, together: int) -> list[float]:
        """Seconds of an edge among so many that go together in a scan, into each layer."""
        graph = self.session.graph
        seconds: list[float] = []
        for layer in range(graph.layers):
            there = [graph.edge(number) for reader in _of(graph, layer)[:-1] for number in graph.edges_into(reader)]
            edges = list(islice(cycle(there), together))
            took = _timed(lambda edges=edges: Scan(self.session, edges).run(), self.clock)  # type: ignore[misc]
            seconds.append(took / len(edges))
        return seconds


def _of(graph: Graph, layer: int) -> list[Reader]:
    """The readers of a layer, its MLP last."""
    return [reader for reader in graph.readers if reader.kind != "logits" and reader.layer == layer]


def _by_layer(seconds: Sequence[float] | NDArray[np.float64]) -> ByLayer:
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


def _read_seconds(adapter: Adapter, clock: Callable[[], float], count: int) -> float:
    """Of one output and the logarithm of its probabilities, which a session reads its usual metric off, among so many
    that are made together (`core.metric_reading`)."""
    size = (adapter.vocabulary or 1) * adapter.dtype.itemsize
    rows = min(count, max(1, CHUNK_BYTES // size))

    def read(output: Tensor) -> None:
        for row in output.split(1):  # type: ignore[no-untyped-call]
            row.log_softmax(dim=-1)

    return float(_head_seconds(adapter, clock, rows, read) / rows)


def _head_seconds(
    adapter: Adapter, clock: Callable[[], float], rows: int, read: Callable[[Tensor], None] = lambda output: None
) -> float:
    """Of the output of a language model at so many positions, of which the layers that are run have a small one. read:
    what is made of it."""
    words, width = adapter.vocabulary or 0, adapter.shape.width
    some = min(words, MOST_WORDS)
    if not some:
        return 0.0
    head = torch.ones(some, width, dtype=adapter.dtype, device="cpu")  # not zeros, which need no memory of their own
    stream = torch.ones(rows, width, dtype=adapter.dtype, device="cpu")
    seconds = _timed(lambda: read(torch.nn.functional.linear(stream, head)), clock)
    return float(seconds * words / some)


def _timed(work: Callable[[], object], clock: Callable[[], float]) -> float:
    """Seconds; of short work the best of many times."""
    times: list[float] = []
    while sum(times) < SHORT:
        begun = clock()
        work()
        times.append(clock() - begun)
    return min(times)
