"""`wirescope plan`: what published models would take, and of models at hand what was planned beside what was measured.
Each model is measured in a process of its own, by processor time on one thread, so that other work on the machine
counts little; memory as in `tests.benchmarks.memory`, but for freed blocks that the C library would keep for what comes
next (`core.memory`)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from app.presenters.plan_words import count_words, size_words
from core.models import packs
from core.planning.plan import plan
from core.planning.sketch import SIZES, known_sizes, sketch
from tests.benchmarks.memory import numbers
from tests.benchmarks.table import Table

TOKENS = 128
WORKS = ("open", "edits", "eap", "eap-ig", "scan")
PROGRAM = """
import ctypes, functools, gc, random, re, statistics, sys, time
from pathlib import Path
import torch
torch.set_num_threads(1)
import wirescope as ws
from core.engine.batched_edits import POSITIONS
from core.memory import LARGEST_KEPT, MMAP_THRESHOLD, TRIM_THRESHOLD, give_back
from core.planning.plan import plan
from core.planning.sketch import sketch
from tests.benchmarks import models
PEAKS = 3
source, tokens, side, name = sys.argv[1:]
opened = models.MAKERS[name]()
model, pair, parity, first = opened.model, opened.pair, opened.parity, opened.engine.first_patched_row
ws.trace(opened, "eap")
graph = opened.graph
many = POSITIONS // (pair.length - first)
def spread(count):
    # edges that stand at even shares of all
    return [graph.edge(int((number + 0.5) / count * graph.n_edges)) for number in range(count)]
def together(reader):
    # as many edges as a scan makes together, into the heads of one layer
    readers = [r for r in graph.readers if r.kind not in ("mlp", "logits") and r.layer == reader.layer]
    return [graph.edge(number) for reader in readers for number in graph.edges_into(reader)][:many]
some = spread(64)
random.Random(0).shuffle(some)
batches = [together(edge.reader) for edge in spread(6)]
del opened
def megabytes(what):
    return int(re.search(what + r":\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024
def keep(most):
    # let the C library keep freed blocks of up to so many bytes; those of others go back to the system at once
    ctypes.CDLL(None).mallopt(MMAP_THRESHOLD, most)
    ctypes.CDLL(None).mallopt(TRIM_THRESHOLD, 2 * most)
def seconds(work):
    # of one of each piece of work
    mean = 0
    for do, count in works[work]:
        begun = time.process_time()
        do()
        mean += (time.process_time() - begun) / count / len(works[work])
    return mean
kept = []
def session():
    if not kept:
        kept.append(ws.Session(model, pair))
    return kept[0]
def edits():
    for edge in some:
        session().run([ws.Edit(edge, "patch")])
def scan(edges):
    # amid a scan of all edges, where as many weights are packed as have room
    for _ in range(graph.layers):
        session().engine.pack()
    ws.Scan(session(), edges).run()
works = {
    "open": [(lambda: ws.Session(model, pair), 1)],
    "edits": [(edits, len(some))],
    "eap": [(lambda: ws.trace(ws.Session(model, pair, parity=parity), "eap"), 1)],
    "eap-ig": [(lambda: ws.trace(ws.Session(model, pair, parity=parity), "eap-ig"), 1)],
    "scan": [(functools.partial(scan, edges), len(edges)) for edges in batches],
}
def peak(work):
    kept.clear()
    model.adapter.__dict__.pop("attention", None)  # what a first session puts together is part of what is measured
    model.adapter.products.__init__()
    gc.collect()
    give_back()
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before = megabytes("VmRSS")
    seconds(work)
    return megabytes("VmHWM") - before
# holes between smaller blocks stay: with those of up to 64 KB they were a fifth of what EAP-IG holds of a short prompt
keep(2**14)
# the middle one: the first also loads code of libraries, and where small blocks lie differs from one to the next
held = [statistics.median(peak(work) for _ in range(PEAKS)) for work in works]
keep(LARGEST_KEPT)
def best(work):
    kept.clear()
    rounds, begun = [], time.process_time()
    while len(rounds) < 2 or time.process_time() - begun < 0.5:
        rounds.append(seconds(work))
    return min(rounds)
def planned(method):
    made = plan(sketch(source, side=int(side) or None), int(tokens), method=method, same=first, clock=time.process_time)
    opened, edited, traced, scanned = ((need.bytes / 2**20, need.seconds) for need in made.needs)
    return [opened, edited, traced, (scanned[0], scanned[1] / made.edges)] if method == "eap" else traced
# before the plans and after them: the machine is not as quick at every moment
took = [best(work) for work in works]
needs = planned("eap")
needs.insert(3, planned("eap-ig"))
took = [min(before, best(work)) for work, before in zip(works, took)]
numbers = []
for (size, need), most, each in zip(needs, held, took):
    numbers += [size, most, need * 1000, each * 1000]
print(*numbers)
"""


@dataclass(frozen=True)
class AtHand:
    """A model that is measured: its name in `tests.benchmarks.models`, and what a plan is made from."""

    name: str
    source: str
    tokens: int = 0
    side: int = 0


def at_hand() -> list[AtHand]:
    """Those that are installed."""
    listed = [AtHand("names, 14 tokens", "bundled:names", 14)]
    if packs.is_installed("smollm2"):
        listed += [AtHand("SmolLM2-135M, 14 tokens", "pack:smollm2", 14)]
        listed += [AtHand("SmolLM2-135M, 64 tokens", "pack:smollm2", 64)]
    listed += [
        AtHand("GPT-2 small's shape, 16 tokens", "sizes:gpt2-small", 16),
        AtHand("GPT-2 small's shape, 128 tokens", "sizes:gpt2-small", 128),
    ]
    if packs.is_installed("dinov2-small"):
        listed += [AtHand("DINOv2-small, 224 x 224", "pack:dinov2-small", side=224)]
    return listed


def tables() -> Iterator[Table]:
    rows = []
    for name in known_sizes():
        whole = sketch(SIZES + name, "bf16")
        planned = plan(whole, 0 if whole.side else TOKENS, measure=False)
        opened, _, traced, scanned = planned.needs
        sizes = map(size_words, (planned.weights, opened.bytes, traced.bytes))
        counts = map(count_words, (opened.multiplications, traced.multiplications, scanned.multiplications))
        rows.append([name, str(planned.positions), f"{planned.edges:,}", *sizes, *counts])
    counted = ("multiplications of a session", "of the trace", "of a scan of all edges")
    heads = ("model", "positions", "edges", "weights", "memory of a session", "of a trace", *counted)
    yield Table("What published models take in bf16, one pair, a trace by EAP-IG", heads, rows)
    if not sys.platform.startswith("linux"):
        return
    rows = []
    for each in at_hand():
        measured = iter(numbers(PROGRAM, each.source, str(each.tokens), str(each.side), each.name))
        for work in WORKS:
            planned_mb, peak, planned_ms, took = islice(measured, 4)
            rows.append(
                [each.name, work, f"{planned_mb:.0f} MB", f"{peak:.0f} MB", f"{planned_mb / max(peak, 1e-9):.2f}",
                 f"{planned_ms:.2f} ms", f"{took:.2f} ms", f"{planned_ms / took:.2f}"]
            )  # fmt: skip
    heads = ("model", "work", "memory", "measured", "ratio", "time", "measured ", "ratio ")
    title = (
        "Planned and measured, in fp32, processor time of one thread: a session, an edit, traces by EAP and EAP-IG, "
    )
    yield Table(f"{title}an edge of a scan", heads, rows, "checked")
