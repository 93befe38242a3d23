"""What it costs to have the work done elsewhere: the same cuts of `names`, one edge at a time, by the worker in this
process, by one whose messages are written and read as bytes, and by a Ray actor on this machine. Medians, in turn."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
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
Times = tuple[float, float]  # milliseconds to the run, and to the end of the request


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
        link.close()
    finally:
        side.close()
        cluster.leave()
    base = next(iter(times.values()))
    rows = [
        (name, f"{run:.1f} ms", f"{run / base[0]:.2f}", f"{end:.1f} ms", f"{end / base[1]:.2f}")
        for name, (run, end) in times.items()
    ]
    heads = ("the work is done by", "a cut, to its answer", "ratio", "to the last reply", "ratio")
    yield Table(f"One edge of names cut, {CUTS} edges, median", heads, rows)


def _times(homes: dict[str, Callable[[Request], Times]], document: Document) -> dict[str, Times]:
    """Of each home in turn, so that the machine is the same for all."""
    edges = np.random.default_rng(0).permutation(Graph(4, 8, 8).n_edges)[:CUTS]
    found: dict[str, list[Times]] = {name: [] for name in homes}
    for number, index in enumerate([None, *edges.tolist()], 1):
        edits = () if index is None else (Edit(Graph(4, 8, 8).edge(index), "zero"),)
        request = Request(number, replace(document, edits=edits))
        for name, ask in homes.items():
            told = ask(request)
            if index is not None:  # the first opens the model
                found[name].append(told)
    return {
        name: (statistics.median(run for run, _ in rows), statistics.median(end for _, end in rows))
        for name, rows in found.items()
    }


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
        while missing := self._link.ask(encoded.data, {}):
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
