"""`wirescope plan`: what published models would take, and of models at hand what was planned beside what was measured.
Each model is measured in a process of its own, by processor time on one thread, so that other work on the machine
counts little; memory as in `tests.benchmarks.memory`, but for freed blocks that the C library would keep for what comes
next (`core.memory`), the middle one of three processes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from app.presenters.plan_words import count_words, size_words
from core.models import packs
from core.planning.plan import plan
from core.planning.sketch import SIZES, known_sizes, sketch
from tests.benchmarks.memory import numbers
from tests.benchmarks.plan_work import WORKS
from tests.benchmarks.table import Table

TOKENS = 128
PROCESSES = 3  # whose memory is measured: where small blocks lie differs from one to the next
PROGRAM = "from tests.benchmarks.plan_work import main; main()"


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
        arguments = (each.source, str(each.tokens), str(each.side), each.name)
        peaks = np.median([numbers(PROGRAM, "memory", *arguments) for _ in range(PROCESSES)], axis=0)
        times = iter(numbers(PROGRAM, "time", *arguments))
        for work, peak in zip(WORKS, peaks, strict=True):
            planned_mb, planned_ms, took = islice(times, 3)
            rows.append(
                [each.name, work, f"{planned_mb:.0f} MB", f"{peak:.0f} MB", f"{planned_mb / max(peak, 1e-9):.2f}",
                 f"{planned_ms:.2f} ms", f"{took:.2f} ms", f"{planned_ms / took:.2f}"]
            )  # fmt: skip
    heads = ("model", "work", "memory", "measured", "ratio", "time", "measured ", "ratio ")
    title = (
        "Planned and measured, in fp32, processor time of one thread: a session, an edit, traces by EAP and EAP-IG, "
    )
    yield Table(f"{title}an edge of a scan", heads, rows, "checked")
