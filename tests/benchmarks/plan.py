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
WORKS = ("eap", "edits", "scan")
PROGRAM = """
import gc, re, sys, time
from pathlib import Path
import torch
torch.set_num_threads(1)
import wirescope as ws
from core.planning.plan import plan
from core.planning.sketch import sketch
from tests.benchmarks import models
from tests.benchmarks.speed import to_scan
source, tokens, side, name, work = sys.argv[1:]
session = models.MAKERS[name]()
def megabytes(what):
    return int(re.search(what + r":\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024
def seconds(do):
    begun = time.process_time()
    do()
    return time.process_time() - begun
fresh = lambda: ws.Session(session.model, session.pair)
edges = to_scan(session, most=10**6)
do = {
    "eap": lambda: ws.trace(fresh(), "eap"),
    "edits": lambda: [session.run([ws.Edit(edge, "patch")]) for edge in edges[::len(edges) // 64][:64]],
    "scan": lambda: ws.Scan(session, edges).run(),
}[work]
models.forward(session)
gc.collect()
Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
before = megabytes("VmRSS")
took = seconds(do)
peak = megabytes("VmHWM") - before
took = min(took, seconds(do))
planned = plan(sketch(source, side=int(side) or None), int(tokens), method="eap", clock=time.process_time)
need = dict(zip(("open", "edits", "eap", "scan"), planned.needs))[work]
each = {"eap": 1, "edits": 1 / 64, "scan": 1 / len(edges)}[work]
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
    listed = [
        AtHand("names, 14 tokens", "bundled:names", 14),
        AtHand("GPT-2 small's shape, 16 tokens", "sizes:gpt2-small", 16),
        AtHand("GPT-2 small's shape, 128 tokens", "sizes:gpt2-small", 128),
    ]
    if packs.is_installed("smollm2"):
        listed += [AtHand("SmolLM2-135M, 14 tokens", "pack:smollm2", 14)]
        listed += [AtHand("SmolLM2-135M, 64 tokens", "pack:smollm2", 64)]
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
    heads = ("model", "positions", "edges", "weights", "session", "trace", "session, ×", "trace, ×", "all edges, ×")
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
    heads = ("model", "work", "planned", "measured", "ratio", "planned", "measured", "ratio")
    yield Table(
        "Planned and measured, in fp32, processor time of one thread: a trace by EAP, an edit, an edge of a scan",
        heads,
        rows,
    )
