"""What it costs to have the work done elsewhere: the same cuts of `names`, one edge at a time, by the worker in this
process, by one whose messages are written and read as bytes, and by a Ray actor on this machine. Each in turn: medians
of single cuts, and how many are answered a second, one behind the other, each to its last reply."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from app.messages.replies import RunReply
from app.messages.request import Reply, Request, RequestDone
from app.messages.wire.codec import Wire
from app.messages.wire.forms import forms
from app.worker.ray_home import Cluster
from app.worker.remote_side import RemoteSide, make_service
from core.edits import Edit
from core.graph import Graph
from core.project.document import Document
from core.project.examples import WORDS, example
from tests.benchmarks.table import Table

CUTS = 60
STORE_BYTES = 80_000_000
ROUNDS, OF_ROUND = 5, 250  # of cuts one behind the other
Times = tuple[float, float]  # milliseconds to the run, and to the end of the request
Ask = Callable[[Request], Times]
NUMBERS = itertools.count(1)  # of requests: a worker takes no older one


@dataclass
class Asked:
    """Seconds at which the run, and the end of a request, came."""

    run: float = 0.0
    end: float = 0.0

    def take(self, reply: Reply) -> None:
        if isinstance(reply, RunReply):
            self.run = time.perf_counter()
        elif isinstance(reply, RequestDone):
            self.end = time.perf_counter()


def tables() -> Iterator[Table]:
    document = example(WORDS).document
    service = make_service()
    side = RemoteSide()
    cluster = Cluster(cpus=2, store_bytes=STORE_BYTES)
    try:
        link = cluster.start(cluster.places()[0])
        homes = {
            "the thread of this process": lambda request: _in_process(service, request),
            "messages as bytes, in this process": _Linked(side),
            "a Ray actor on this machine": _Linked(link),
        }
        times = _times(homes, document)
        rates = _rates(homes, document)
        link.close()
    finally:
        side.close()
        cluster.leave()
    base = next(iter(times.values()))
    rows = [
        (name, f"{run:.1f} ms", f"{run / base[0]:.2f}", f"{end:.1f} ms", f"{end / base[1]:.2f}", f"{rates[name]:.1f}")
        for name, (run, end) in times.items()
    ]
    heads = ("the work is done by", "a cut, to its answer", "ratio", "to the last reply", "ratio", "edits a second")
    yield Table(f"One edge of names cut: medians of {CUTS} edges, and of {ROUNDS} rounds of {OF_ROUND}", heads, rows)


def _requests(document: Document, first: int, count: int) -> list[Request]:
    """One for each of some edges; none comes twice, as a worker keeps what it has run."""
    graph = Graph(4, 8, 8)
    edges = np.random.default_rng(0).permutation(graph.n_edges)[first:][:count]
    assert len(edges) == count
    cut = [replace(document, edits=(Edit(graph.edge(int(index)), "zero"),)) for index in edges]
    return [Request(next(NUMBERS), each) for each in cut]


def _times(homes: Mapping[str, Ask], document: Document) -> dict[str, Times]:
    """Of each home in turn, so that the machine is the same for all."""
    found: dict[str, list[Times]] = {name: [] for name in homes}
    for ask in homes.values():
        ask(Request(next(NUMBERS), document))  # opens the model
    for request in _requests(document, 0, CUTS):
        for name, ask in homes.items():
            found[name].append(ask(request))
    return {
        name: (statistics.median(run for run, _ in rows), statistics.median(end for _, end in rows))
        for name, rows in found.items()
    }


def _rates(homes: Mapping[str, Ask], document: Document) -> dict[str, float]:
    """Edits a second, the median of rounds; in each round the homes take turns, in one order and then in the other."""
    found: dict[str, list[float]] = {name: [] for name in homes}
    for turn in range(ROUNDS):
        requests = _requests(document, CUTS + turn * OF_ROUND, OF_ROUND)
        for name, ask in list(homes.items())[:: -1 if turn % 2 else 1]:
            started = time.perf_counter()
            for request in requests:
                ask(request)
            found[name].append(len(requests) / (time.perf_counter() - started))
    return {name: statistics.median(rates) for name, rates in found.items()}


def _in_process(service: Any, request: Request) -> Times:
    asked, started = Asked(), time.perf_counter()
    service.serve(request, asked.take, lambda: False)
    return 1000 * (asked.run - started), 1000 * (time.perf_counter() - started)


class _Linked:
    """Over a link, as the window's side asks."""

    def __init__(self, link: Any) -> None:
        self._link, self._wire, self._life, self._after = link, Wire(forms()), "", 0

    def __call__(self, request: Request) -> Times:
        asked, started = Asked(), time.perf_counter()
        encoded = self._wire.encode_in_parts(request)
        while missing := self._link.ask(encoded.data, {}, {}):
            for digest in missing:
                self._link.put_part(digest, encoded.parts[digest])
        while not asked.end:
            life, replies = self._link.replies(self._life, self._after, 10.0)
            self._life = life
            for serial, data, parts in replies:
                self._after = serial
                for digest, part in parts.items():
                    self._wire.kept.put(digest, part)
                asked.take(self._wire.decode(data))
        return 1000 * (asked.run - started), 1000 * (asked.end - started)
