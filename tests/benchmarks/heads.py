"""What the tests of heads find in `names`, and in SmolLM2 where its pack is installed: `wirescope heads`, counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

import wirescope as ws
from core.errors import ModelError
from core.formatting import percent
from core.heads.identity import TESTS, HeadIdentities
from core.studies.head_corpus import PIECES, corpus_of, identities_over
from tests.benchmarks.table import Table

MODELS = ("bundled:names", "pack:smollm2")
ASKED = tuple(test.name for test in TESTS if test.name != "function vector")  # which takes minutes
HEADS = ("model", "heads", "pass a test", *ASKED, "have two labels", "a label covers most", "a label covers least")


def tables(models: Sequence[str] = MODELS) -> Iterator[Table]:
    torch.set_num_threads(1)
    rows = []
    for name in models:
        try:
            model = ws.load_model(name)
        except ModelError:
            continue
        corpus, _ = corpus_of(model, None, PIECES)
        rows.append(row_of(name, identities_over(model, corpus)))
    yield Table(
        "How many heads pass each test, and how much of what they do over the corpus a label covers", HEADS, rows
    )


def row_of(name: str, identities: HeadIdentities) -> list[str]:
    """A model's cells under HEADS."""
    labels = {head: identities.labels(head) for head in identities.heads}
    passed = [[label.test.name for label in each] for each in labels.values()]
    covers = sorted(
        (label.covers, f"{label.test.name} of {head}")
        for head, each in labels.items()
        for label in each
        if label.covers == label.covers
    )
    ends = [f"{words}: {percent(share)}" for share, words in (covers[-1], covers[0])] if covers else ["-", "-"]
    counts = [sum(test in each for each in passed) for test in ASKED]
    return [
        name,
        *map(str, (len(passed), sum(map(bool, passed)), *counts, sum(len(each) > 1 for each in passed))),
        *ends,
    ]
