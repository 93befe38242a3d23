"""`wirescope plan`: what published models would take, and of models at hand what was planned beside what was measured.
Each is measured in a process of its own, by processor time on one thread, so that other work on the machine counts
little; memory as in `tests.benchmarks.memory`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass

from app.presenters.plan_words import count_words, size_words
from core.models import packs
from core.planning.plan import plan
from core.planning.sketch import SIZES, known_sizes, sketch
from tests.benchmarks.memory import numbers
from tests.benchmarks.table import Table

TOKENS = 128
WORKS = ("open", "edits", "eap", "eap-ig", "scan")
PROGRAM = """
import gc, re, sys, time
from pathlib import Path
import torch
torch.set_num_threads(1)
import wirescope as ws
from core.engine.batched_edits import POSITIONS
from core.memory import give_back
from core.planning.plan import plan
from core.planning.sketch import sketch
from tests.benchmarks import models
from tests.benchmarks.speed import to_scan
source, tokens, side, name, work = sys.argv[1:]
opened = models.MAKERS[name]()
model, pair, parity, first = opened.model, opened.pair, opened.parity, opened.engine.first_patched_row
ws.trace(opened, "eap")
graph = opened.graph
many = POSITIONS // (pair.length - first)
def batch(share):
    # as many edges as go together, into the heads of the layer that stands at a share of all edges
    layer = graph.edge(int(share * graph.n_edges)).reader.layer
    readers = [r for r in graph.readers if r.kind not in ("mlp", "logits") and r.layer == layer]
    return [graph.edge(number) for reader in readers for number in graph.edges_into(reader)][:many]
edges = [edge for share in (1 / 6, 1 / 2, 5 / 6) for edge in batch(share)]
some = to_scan(opened, most=64)
del opened
def megabytes(what):
    return int(re.search(what + r":\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024
def seconds(do):
    begun = time.process_time()
    do()
    return time.process_time() - begun
kept = []
def session():
    if not kept:
        kept.append(ws.Session(model, pair))
    return kept[0]
do = {
    "open": lambda: ws.Session(model, pair),
    "edits": lambda: [session().run([ws.Edit(edge, "patch")]) for edge in some],
    "eap": lambda: ws.trace(ws.Session(model, pair, parity=parity), "eap"),
    "eap-ig": lambda: ws.trace(ws.Session(model, pair, parity=parity), "eap-ig"),
    "scan": lambda: ws.Scan(session(), edges).run(),
}[work]
model.adapter.__dict__.pop("attention")  # what a first session puts together is part of what is measured
model.adapter.products.__init__()
gc.collect()
give_back()
Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
before = megabytes("VmRSS")
took = seconds(do)
peak = megabytes("VmHWM") - before
took = min(took, seconds(do))
method = "eap-ig" if work == "eap-ig" else "eap"
planned = plan(sketch(source, side=int(side) or None), int(tokens), method=method, same=first, clock=time.process_time)
need = dict(zip(("open", "edits", method, "scan"), planned.needs))[work]
each = {"edits": 1 / len(some), "scan": 1 / len(edges)}.get(work, 1)
reckoned = need.seconds / (planned.edges if work == "scan" else 1)
print(need.bytes / 2**20, peak, reckoned * 1000, took * each * 1000)
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
        for work in WORKS:
            arguments = (each.source, str(each.tokens), str(each.side), each.name, work)
            planned_mb, peak, planned_ms, took = numbers(PROGRAM, *arguments)
            rows.append(
                [each.name, work, f"{planned_mb:.0f} MB", f"{peak:.0f} MB", f"{planned_mb / max(peak, 1e-9):.2f}",
                 f"{planned_ms:.2f} ms", f"{took:.2f} ms", f"{planned_ms / took:.2f}"]
            )  # fmt: skip
    heads = ("model", "work", "memory", "measured", "ratio", "time", "measured ", "ratio ")
    title = (
        "Planned and measured, in fp32, processor time of one thread: a session, an edit, traces by EAP and EAP-IG, "
    )
    yield Table(f"{title}an edge of a scan", heads, rows, "checked")
