"""What goes together: many edits in one run, pairs scored each alone, and how attribution grows with tokens."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Iterator

import torch

import wirescope as ws
from core.tracing.per_pair import scores_per_pair
from tests.benchmarks.models import forward, gpt2_small_shape
from tests.benchmarks.table import Table, milliseconds, side_by_side

COUNTS = (1, 100, 1000, 5000)
LENGTHS = (128, 256, 512)
PAIRS = 8
ROUNDS = 3


def tables() -> Iterator[Table]:
    yield many_edits()
    yield pair_by_pair()
    yield growth()


def many_edits() -> Table:
    """Random edges patched in one run, other ones each time."""
    session, draw = gpt2_small_shape(16), random.Random(0)
    graph = session.graph

    def edited(count: int) -> None:
        edges = draw.sample(range(graph.n_edges), count)
        session.run([ws.Edit(graph.edge(index), "patch") for index in edges])

    rows = []
    for count in COUNTS:
        ran, baseline = side_by_side(lambda count=count: edited(count), lambda: forward(session), ROUNDS)  # type: ignore[misc]
        rows.append([f"{count:,}", f"{ran:.0f} ms", f"{ran / baseline:.2f}"])
    title = "Edges edited at once: GPT-2 small's shape, 16 tokens (medians of three)"
    return Table(title, ("edges", "run", "/ forward"), rows)


def pair_by_pair() -> Table:
    """Scores of each pair alone, against a trace of each pair alone."""
    session = gpt2_small_shape(16)
    model, ids = session.model, torch.randint(0, 50257, (PAIRS, 16))
    pairs = [model.pair(row[None], (row[None] + 1) % 50257) for row in ids]
    dataset = ws.Dataset(pairs)

    def one_by_one() -> None:
        for pair in pairs:
            alone = ws.Session(model, pair, session.metric.metric, parity=session.parity)
            ws.trace(alone, "eap")

    together, alone = side_by_side(lambda: scores_per_pair(session, "eap", dataset), one_by_one, ROUNDS)
    rows = [[f"{PAIRS}", f"{alone:.0f} ms", f"{together:.0f} ms", f"{together / alone:.2f}"]]
    title = "EAP of each of some pairs alone: GPT-2 small's shape, 16 tokens (medians of three)"
    return Table(title, ("pairs", "one by one", "together", "ratio"), rows)


def growth() -> Table:
    """EAP and the model's own forward, by the number of tokens."""
    rows, last = [], (0.0, 0.0)
    for length in LENGTHS:
        session = gpt2_small_shape(length)
        ws.trace(session, "eap")
        pairs = [
            (milliseconds(lambda s=session: ws.trace(s, "eap")), milliseconds(lambda s=session: forward(s)))  # type: ignore[misc]
            for _ in range(ROUNDS)
        ]
        eap, baseline = (statistics.median(column) for column in zip(*pairs, strict=True))
        exponents = [
            f"{math.log2(now / then):.2f}" if then else "" for now, then in zip((eap, baseline), last, strict=True)
        ]
        rows.append(
            [f"{length}", f"{eap:.0f} ms", exponents[0], f"{baseline:.0f} ms", exponents[1], f"{eap / baseline:.2f}"]
        )
        last = eap, baseline
    heads = ("tokens", "EAP", "exponent", "forward", "exponent", "ratio")
    return Table("Growth with the number of tokens: GPT-2 small's shape (medians of three)", heads, rows)
