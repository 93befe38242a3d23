"""One model's plans and the work that they are of, in a process of its own (`tests.benchmarks.plan`): of each piece
of work the megabytes that it holds, or what is planned and the milliseconds that one thread takes.

Work is timed as a plan times its pieces (`core.planning.laps`): works and plans are done in turn, so that both meet the
machine as quick as it can be."""

from __future__ import annotations

import functools
import gc
import random
import statistics
import sys
import time
from collections.abc import Callable

import torch

import wirescope as ws
from core.engine.batched_edits import POSITIONS
from core.engine.kept import MOST
from core.graph import Edge, Reader
from core.memory import give_back, keep_blocks_up_to
from core.planning.laps import BestLaps, Laps
from core.planning.pace import ROUNDS
from core.planning.plan import plan
from core.planning.sketch import sketch
from tests.benchmarks import models
from tests.process_memory import forget_peak, peak_since, resident

WORKS = ("open", "edits", "eap", "eap-ig", "scan")
TURNS = 3  # in which works and plans are done
PEAKS, MORE_PEAKS = 2, 9  # times that memory is measured, and that of short work
SHORT = 1.5  # seconds: memory of what is done sooner is measured more often
SMALLER = 2**14  # bytes: of blocks that the C library keeps


class ModelWork:
    """The pieces of work of one model on its first pair, each of several parts: what to do, and how often it is done
    thereby."""

    def __init__(self, name: str) -> None:
        opened = models.MAKERS[name]()
        self.model, self.pair, self._parity = opened.model, opened.pair, opened.parity
        self.first = opened.engine.first_patched_row
        self.graph = opened.graph
        ws.trace(opened, "eap")
        self._session: ws.Session | None = None
        self._some = self._spread(MOST + 16)  # more than an engine keeps runs of
        random.Random(0).shuffle(self._some)
        many = POSITIONS // (self.pair.length - self.first)
        batches = [self._together(edge.reader, many) for edge in self._spread(3)]
        self.parts: dict[str, list[tuple[Callable[[Laps | None], object], int]]] = {
            "open": [(lambda _: ws.Session(self.model, self.pair), 1)],
            "edits": [(self._edits, len(self._some))],
            "eap": [(functools.partial(self._trace, "eap"), 1)],
            "eap-ig": [(functools.partial(self._trace, "eap-ig"), 1)],
            "scan": [(functools.partial(self._scan, edges), len(edges)) for edges in batches],
        }

    def time(self, best: BestLaps) -> None:
        """In rounds that go over all of it."""
        for _ in range(ROUNDS):
            for work, parts in self.parts.items():
                for number, (do, count) in enumerate(parts):
                    best.time((work, number), do, count)

    def seconds(self, best: BestLaps, work: str) -> float:
        """Of one of each part."""
        return statistics.mean(best[work, number] for number in range(len(self.parts[work])))

    def forget(self) -> None:
        """The session that edits and scans share."""
        self._session = None

    def megabytes(self, work: str) -> float:
        """At most, of those beside the weights."""
        self.forget()
        del self.model.adapter.attention  # what a first session puts together is part of its work
        self.model.adapter.products.forget()
        gc.collect()
        give_back()
        forget_peak()
        before = resident()
        for do, _ in self.parts[work]:
            do(None)
        return (peak_since() - before) / 2**20

    def _spread(self, count: int) -> list[Edge]:
        """Edges that stand at even shares of all."""
        return [self.graph.edge(int((number + 0.5) / count * self.graph.n_edges)) for number in range(count)]

    def _together(self, reader: Reader, many: int) -> list[Edge]:
        """As many edges as a scan makes together, into the heads of one layer."""
        readers = [r for r in self.graph.readers if r.kind not in ("mlp", "logits") and r.layer == reader.layer]
        return [self.graph.edge(number) for reader in readers for number in self.graph.edges_into(reader)][:many]

    @property
    def session(self) -> ws.Session:
        if self._session is None:
            self._session = ws.Session(self.model, self.pair)
        return self._session

    def _edits(self, laps: Laps | None) -> None:
        for edge in self._some:
            self.session.run([ws.Edit(edge, "patch")], cancelled=laps)

    def _trace(self, method: str, laps: Laps | None) -> None:
        ws.trace(ws.Session(self.model, self.pair, parity=self._parity), method, cancelled=laps)

    def _scan(self, edges: list[Edge], laps: Laps | None) -> None:
        """Amid a scan of all edges, where as many weights are packed as have room."""
        for _ in range(self.graph.layers):
            self.session.engine.pack()
        ws.Scan(self.session, edges).run(cancelled=laps)


def _planned(source: str, tokens: int, side: int, first: int) -> list[tuple[float, float]]:
    """Megabytes and seconds, as `WORKS`."""
    needs = []
    for method in ("eap", "eap-ig"):
        made = plan(sketch(source, side=side or None), tokens, method=method, same=first, clock=time.process_time)
        needs.append([(need.bytes / 2**20, need.seconds or 0.0) for need in made.needs])
    both = [(held, min(seconds, others)) for (held, seconds), (_, others) in zip(*needs, strict=True)]
    opened, edited, _, (held, scanned) = both
    return [opened, edited, needs[0][2], needs[1][2], (held, scanned / made.edges)]


def main() -> None:
    torch.set_num_threads(1)
    what, source, tokens, side, name = sys.argv[1:]
    work = ModelWork(name)
    if what == "memory":
        print(*_peaks(work))
    else:
        print(*_times(work, source, int(tokens), int(side)))


def _peaks(work: ModelWork) -> list[float]:
    """Megabytes measured, as `WORKS`."""
    # Holes between smaller blocks stay: with those of up to 64 KB they were a fifth of what EAP-IG holds of few tokens.
    keep_blocks_up_to(SMALLER)
    most = []
    for what in WORKS:
        rounds: list[float] = []
        begun = time.process_time()
        while len(rounds) < PEAKS or (len(rounds) < MORE_PEAKS and time.process_time() - begun < SHORT):
            rounds.append(work.megabytes(what))
        most.append(statistics.median(rounds[1:]))  # the first one also loads code of libraries
    return most


def _times(work: ModelWork, source: str, tokens: int, side: int) -> list[float]:
    """Of each of `WORKS` megabytes planned, and milliseconds planned and measured."""
    best = BestLaps(time.process_time)
    plans = []
    for _ in range(TURNS):
        work.time(best)
        work.forget()
        plans.append(_planned(source, tokens, side, work.first))
    numbers: list[float] = []
    for what, needs in zip(WORKS, zip(*plans, strict=True), strict=True):
        planned = min(seconds for _, seconds in needs)
        numbers += [needs[0][0], planned * 1000, work.seconds(best, what) * 1000]
    return numbers
