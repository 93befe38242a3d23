"""Double dissociation of the tasks of `names`: a matrix for each way of choosing the edges that are cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

import wirescope as ws
from core.evaluation.cut_choice import CHOICES, Choose
from core.evaluation.dissociation_words import heads, rows, title
from tests.benchmarks.table import Table

PAIRS = 36


def tables(
    pairs: int = PAIRS, tasks: Sequence[str] | None = None, ways: Sequence[Choose] = tuple(CHOICES)
) -> Iterator[Table]:
    """A matrix a way, and a summary of all."""
    torch.set_num_threads(1)
    model = ws.load_model("bundled:names")
    summary = []
    for choose in ways:
        found = ws.dissociate(model, tasks, choose=choose, pairs=pairs)
        yield Table(title(found), heads(found), rows(found))
        summary.append([choose, *_counts(found)])
    yield Table("In short", ("edges", "specific cuts", "pairs doubly dissociated", "median edges"), summary)


def _counts(found: ws.Dissociation) -> list[str]:
    count = len(found.tasks)
    sizes = sorted(len(cut) for cut in found.cuts)
    return [
        f"{len(found.specific)} of {count}" + (f" ({', '.join(found.specific)})" if found.specific else ""),
        f"{len(found.doubles)} of {count * (count - 1) // 2}",
        str(sizes[count // 2]),
    ]
