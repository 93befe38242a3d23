"""Tracing methods on SmolLM2: indirect objects, against the reference code's figures, and method by method (slow ones
score fewer pairs; all are evaluated on all)

    python -m tests.benchmarks smollm2

The reference is EAP-IG's own code (Hanna et al. 2024) on this model and template, measured once on a machine with two
threads: 24 pairs, the best edges by signed score. It copies K and V for every query head, which makes 123,211 edges of
70,651; so it is compared with SmolLM2 as it is and with K and V copied in its weights, which is the same function.
WIRESCOPE_PAIRS sets the number of pairs of the second table.
"""

from __future__ import annotations

import copy
import os
import sys
import time
from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np

import wirescope as ws
from core.errors import ModelError
from core.evaluation.stability import stability
from core.inputs.generators import lexicon
from core.models import packs
from core.tracing.method import METHODS, Method
from core.tracing.per_pair import scores_per_pair
from core.tracing.told_options import Options
from tests.benchmarks.table import Table
from tests.benchmarks.tracing import AREAS, FRACTIONS, areas, dataset_of, timed
from tests.process_memory import forget_peak, peak_since

REFERENCE = {
    "eap": (66, 184, 1.46, ".45 .52 .65 .92 1.09 1.36 1.44 1.61 1.74"),
    "eap-ig": (228, 162, 2.37, ".87 1.26 2.10 2.83 3.11 3.22 3.21 2.72 2.77"),
}
PAIRS = int(os.environ.get("WIRESCOPE_PAIRS", "100"))
SIZE = 700  # edges of the circuit whose stability is told: about a hundredth
FEW = {"eap-ig-activations": 4, "circuit-pruning": 4, "atp-star": 4}  # pairs that a slow method scores
OPTIONS = Options(steps=5)
DRAWN_FROM = 32  # pairs, by the bootstrap
NOT_RUN = {"exact-scan": "a run for each of 70,651 edges", "acdc": "tens of thousands of runs for one pair"}


def tables() -> Iterator[Table]:
    if not packs.is_installed("smollm2"):
        print("pack:smollm2 is not installed: wirescope models get smollm2", file=sys.stderr)
        return
    model = ws.load_model("pack:smollm2")
    yield against_reference({"": model, ", K and V copied": with_copies(model)})
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


def with_copies(model: ws.Model) -> ws.Model:
    """The same function with a K and a V head for every query head: grouped-query attention undone in the weights."""
    module: Any = model.adapter.module
    config = copy.deepcopy(module.config)
    groups = config.num_attention_heads // config.num_key_value_heads
    config.num_key_value_heads = config.num_attention_heads
    weights = module.state_dict()
    for name, weight in weights.items():
        if ".k_proj." in name or ".v_proj." in name:
            heads = weight.unflatten(0, (-1, config.head_dim))
            weights[name] = heads.repeat_interleave(groups, dim=0).flatten(0, 1)
    wide = type(module)(config).eval()
    wide.load_state_dict(weights)
    return ws.load_model((wide, model.tokenizer))


def against_reference(models: dict[str, ws.Model]) -> Table:
    rows = []
    for method, (scoring, evaluation, cpr, shares) in REFERENCE.items():
        rows.append([f"{method}, reference", "123,211", f"{scoring} s", f"{evaluation} s", f"{cpr:.2f}", "", shares])
        for words, model in models.items():
            session, dataset = reference_pairs(model)
            seconds, scores = timed(session, dataset, method, OPTIONS)
            started = time.perf_counter()
            curve = ws.faithfulness(session, scores, dataset=dataset, random_circuits=0)
            ten = time.perf_counter() - started
            recovery = " ".join(f"{share:.2f}" for share in curve.recovered[:-1])
            edges = f"{session.graph.n_edges:,}"
            row = [edges, f"{seconds:.1f} s", f"{ten:.1f} s", f"{curve.cpr:.2f}", f"{curve.cmd:.2f}", recovery]
            rows.append([f"{method}, Wirescope{words}", *row])
    heads = ("method", "edges", "scoring", "ten points", "CPR", "CMD", f"recovered at {FRACTIONS}")
    return Table("SmolLM2, 24 pairs of one template, best edges by signed score", heads, rows)


def methods(model: ws.Model) -> Table:
    session, dataset = dataset_of(model, "ioi", PAIRS)
    rows = []
    for method in METHODS.values():
        rows.append(_row(method, session, dataset))
        print(*rows[-1], sep="  ", file=sys.stderr, flush=True)
    title = (
        f"SmolLM2, indirect objects, {PAIRS} pairs of varied templates (slow methods score fewer); "
        f"Jaccard of {SIZE} edges under the bootstrap over {DRAWN_FROM} pairs"
    )
    return Table(title, ("method", "pairs scored", "scoring", "peak of the process", "Jaccard", *AREAS), rows)


def _row(method: Method, session: ws.Session, dataset: ws.Dataset) -> list[str]:
    if method.name in NOT_RUN:
        return [method.name, "", f"not run: {NOT_RUN[method.name]}", "", "", *("" for _ in AREAS)]
    pairs = min(FEW.get(method.name, len(dataset)), len(dataset))
    chosen = ws.Dataset(dataset.pairs[:pairs], dataset.answers[:pairs])
    forget_peak()
    try:
        seconds, scores = timed(session, chosen, method.name, OPTIONS)
    except ModelError as error:
        return [method.name, "", f"refused: {error.message}", "", "", *("" for _ in AREAS)]
    cells = [f"{pairs}", f"{seconds:.0f} s", f"{peak_since() / 2**30:.1f} GB", _overlap(method, session, chosen)]
    return [method.name, *cells, *areas(session, dataset, scores)]


def _overlap(method: Method, session: ws.Session, dataset: ws.Dataset) -> str:
    """Jaccard of the circuit under the bootstrap. Where pairs are scored together there is no score of each."""
    if method.joint:
        return "(joint)"
    if len(dataset) < DRAWN_FROM:
        return f"(needs {DRAWN_FROM} pairs)"
    dataset = ws.Dataset(dataset.pairs[:DRAWN_FROM], dataset.answers[:DRAWN_FROM])
    rows = scores_per_pair(session, method.name, dataset, options=OPTIONS)
    overlap = stability(rows.astype(np.float64), SIZE)
    return f"{overlap.mean:.2f} ({overlap.interval()[0]:.2f} to {overlap.interval()[1]:.2f})"
