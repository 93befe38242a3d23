"""One model's plans and the work that they are of, in a process of its own (`tests.benchmarks.plan`): of each piece
of work the megabytes planned and measured, and the milliseconds of one thread.

A core that is shared with others is now as quick as it can be, now half as quick for some seconds. A plan takes the
best of some rounds of short pieces. So work is timed in laps too (`Laps`), and of each lap the best counts; works and
plans are done in turn, each begun while the core is quick."""

from __future__ import annotations

import ctypes
import functools
import gc
import random
import re
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

import wirescope as ws
from core.engine.batched_edits import POSITIONS
from core.graph import Edge, Reader
from core.memory import LARGEST_KEPT, MMAP_THRESHOLD, TRIM_THRESHOLD, give_back
from core.planning.plan import plan
from core.planning.sketch import sketch
from tests.benchmarks import models

WORKS = ("open", "edits", "eap", "eap-ig", "scan")
TURNS = 3
PEAKS, MORE_PEAKS = 3, 9  # times that memory is measured, and that of short work
SHORT = 1.5  # seconds: what is shorter is timed several times
QUICK, PATIENCE = 1.2, 5.0  # times what the small sum took at best; seconds after which work begins all the same
SMALLER = 2**14  # bytes


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
        self._some = self._spread(64)
        random.Random(0).shuffle(self._some)
        many = POSITIONS // (self.pair.length - self.first)
        batches = [self._together(edge.reader, many) for edge in self._spread(3)]
        self.parts: dict[str, list[tuple[Callable[[Laps], object], int]]] = {
            "open": [(lambda _: ws.Session(self.model, self.pair), 1)],
            "edits": [(self._edits, len(self._some))],
            "eap": [(functools.partial(self._trace, "eap"), 1)],
            "eap-ig": [(functools.partial(self._trace, "eap-ig"), 1)],
            "scan": [(functools.partial(self._scan, edges), len(edges)) for edges in batches],
        }

    def run(self, work: str) -> list[Laps]:
        """Once; the laps of each of its parts."""
        every = []
        for do, count in self.parts[work]:
            laps = Laps(count)
            do(laps)
            laps()
            every.append(laps)
        return every

    def forget(self) -> None:
        """The session that edits and scans share."""
        self._session = None

    def megabytes(self, work: str) -> float:
        """At most, of those beside the weights."""
        self.forget()
        self.model.adapter.__dict__.pop("attention", None)  # what a first session puts together is part of its work
        self.model.adapter.products.__init__()  # type: ignore[misc]
        gc.collect()
        give_back()
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
        before = _megabytes("VmRSS")
        self.run(work)
        return _megabytes("VmHWM") - before

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

    def _edits(self, laps: Laps) -> None:
        for edge in self._some:
            self.session.run([ws.Edit(edge, "patch")])
            laps()

    def _trace(self, method: str, laps: Laps) -> None:
        ws.trace(ws.Session(self.model, self.pair, parity=self._parity), method, cancelled=laps)

    def _scan(self, edges: list[Edge], laps: Laps) -> None:
        """Amid a scan of all edges, where as many weights are packed as have room."""
        for _ in range(self.graph.layers):
            self.session.engine.pack()
        ws.Scan(self.session, edges).run(cancelled=laps)


class Laps:
    """Seconds between two times that work asks whether it is cancelled, which it does between layers."""

    def __init__(self, count: int) -> None:
        self.count = count  # how often that is done which is timed
        self.seconds: list[float] = []
        self._last = time.process_time()

    def __call__(self) -> bool:
        now = time.process_time()
        self.seconds.append(now - self._last)
        self._last = now
        return False


class BestLaps:
    """Of the rounds of one piece of work."""

    def __init__(self) -> None:
        self._rounds: list[list[Laps]] = []

    def add(self, every: list[Laps]) -> None:
        self._rounds.append(every)

    def seconds(self) -> float:
        """Of one of each part. Raises ValueError where rounds are not of the same laps."""
        parts = [
            sum(map(min, zip(*(laps.seconds for laps in rounds), strict=True))) / rounds[0].count
            for rounds in zip(*self._rounds, strict=True)
        ]
        return statistics.mean(parts)


class QuickCore:
    """Waits until the core is as quick as it has been, by a sum of small numbers in Python and in torch."""

    def __init__(self) -> None:
        self._few = torch.ones(14, 64)
        self._best = min(self._seconds() for _ in range(20))

    def wait(self) -> None:
        begun = time.monotonic()
        while time.monotonic() - begun < PATIENCE:
            took = self._seconds()
            self._best = min(self._best, took)
            if took < QUICK * self._best:
                return
            time.sleep(0.05)

    def _seconds(self) -> float:
        begun = time.process_time()
        for _ in range(2000):
            self._few + self._few
        return time.process_time() - begun


def _megabytes(what: str) -> float:
    line = re.search(what + r":\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert line is not None
    return int(line[1]) / 1024


def _keep(most: int) -> None:
    """Let the C library keep freed blocks of up to so many bytes; those of others go back to the system at once."""
    ctypes.CDLL(None).mallopt(MMAP_THRESHOLD, most)
    ctypes.CDLL(None).mallopt(TRIM_THRESHOLD, 2 * most)


def _peak(work: ModelWork, what: str) -> float:
    """Megabytes."""
    rounds: list[float] = []
    begun = time.process_time()
    while len(rounds) < PEAKS or (len(rounds) < MORE_PEAKS and time.process_time() - begun < SHORT):
        rounds.append(work.megabytes(what))
    return statistics.median(rounds)


def _time(work: ModelWork, what: str, best: BestLaps, core: QuickCore) -> None:
    """Some rounds."""
    work.forget()
    core.wait()
    rounds, begun = 0, time.process_time()
    while rounds < 1 or time.process_time() - begun < SHORT:
        best.add(work.run(what))
        rounds += 1


def _planned(source: str, tokens: int, side: int, first: int, core: QuickCore) -> list[tuple[float, float]]:
    """Megabytes and seconds, as `WORKS`."""
    needs = []
    for method in ("eap", "eap-ig"):
        core.wait()
        made = plan(sketch(source, side=side or None), tokens, method=method, same=first, clock=time.process_time)
        needs.append([(need.bytes / 2**20, need.seconds or 0.0) for need in made.needs])
    (opened, edited, eap, (held, scanned)), (_, _, eap_ig, _) = needs
    return [opened, edited, eap, eap_ig, (held, scanned / made.edges)]


def main() -> None:
    torch.set_num_threads(1)
    source, tokens, side, name = sys.argv[1:]
    work = ModelWork(name)
    # Holes between smaller blocks stay: with those of up to 64 KB they were a fifth of what EAP-IG holds of few tokens.
    _keep(SMALLER)
    # The middle one: the first also loads code of libraries, and where small blocks lie differs from one to the next.
    held = [_peak(work, what) for what in WORKS]
    _keep(LARGEST_KEPT)
    core = QuickCore()
    best = {what: BestLaps() for what in WORKS}
    plans = []
    for _ in range(TURNS):
        for what in WORKS:
            _time(work, what, best[what], core)
        work.forget()
        plans.append(_planned(source, int(tokens), int(side), work.first, core))
    numbers: list[float] = []
    for what, most, needs in zip(WORKS, held, zip(*plans, strict=True), strict=True):
        planned = min(seconds for _, seconds in needs)
        numbers += [needs[0][0], most, planned * 1000, best[what].seconds() * 1000]
    print(*numbers)
