"""Double dissociation of the tasks of `names`: a matrix for each way of choosing what is cut, and further draws of
pairs for the learned one, whose settings were chosen on draw 0: it takes no part here. Some minutes on one thread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch

import wirescope as ws
from core.evaluation.cut_choice import Choose
from core.evaluation.dissociation import is_specific
from core.evaluation.dissociation_words import heads, rows, title
from core.formatting import percent
from tests.benchmarks.table import Table

PAIRS = 72
DRAW = 1
FURTHER = (2,)
HEADS = (
    "chosen", "draw", "specific cuts", "pairs doubly dissociated", "median edges", "left of the task, most",
    "left of another, least", "specific where the same edges are cut entirely",
)  # fmt: skip
WAYS: tuple[Choose, ...] = ("learned", "contrast", "circuit")


def tables(
    pairs: int = PAIRS,
    tasks: Sequence[str] | None = None,
    ways: Sequence[Choose] = WAYS,
    further: Sequence[int] = FURTHER,
) -> Iterator[Table]:
    """README's matrix, that of the learned way without intervals; a summary; and a matrix a way. further: draws of the
    learned way that the summary tells of alone."""
    torch.set_num_threads(1)
    model = ws.load_model("bundled:names")
    summary, matrices, short = [], [], list[Table]()
    for choose, draw in [*((way, DRAW) for way in ways), *(("learned", draw) for draw in further)]:
        result = ws.dissociate(model, tasks, choose=choose, pairs=pairs, seed=draw)
        summary.append([choose, str(draw), *_counts(result)])
        if draw == DRAW:
            matrices.append(Table(f"{title(result)}; draw {draw}", heads(result), rows(result)))
            short += [in_short(result)] * (choose == "learned")
    yield from short
    yield Table("Ways of choosing what is cut", HEADS, summary)
    yield from matrices


def in_short(result: ws.Dissociation) -> Table:
    """What the learned way found: what is left of each task, under a sentence."""
    count, sizes = len(result.tasks), [len(cut) for cut in result.cuts]
    entirely = sum(is_specific(result.entire, task) for task in range(count))
    told = (
        f"Tasks of `{result.model.removeprefix('bundled:')}`: a direction cut out of each of {min(sizes)} to "
        f"{max(sizes)} edges hurts one task and spares the others for {len(result.specific)} of {count} tasks; the "
        f"same edges, cut entirely, for {entirely}"
    )
    rows = [[f"of {name}", *map(percent, kept)] for name, kept in zip(result.tasks, result.kept.tolist(), strict=True)]
    return Table(told, ("left, where edges are cut", *result.tasks), rows)


def _counts(result: ws.Dissociation) -> list[str]:
    count = len(result.tasks)
    sizes = sorted(len(cut) for cut in result.cuts)
    entirely = sum(is_specific(result.entire, task) for task in range(count))
    return [
        f"{len(result.specific)} of {count}" + (f" ({', '.join(result.specific)})" if result.specific else ""),
        f"{len(result.doubles)} of {count * (count - 1) // 2}",
        str(sizes[count // 2]),
        percent(float(np.diag(result.kept).max())),
        percent(float(result.kept[~np.eye(count, dtype=bool)].min())),
        f"{entirely} of {count}" if result.choose == "learned" else "",
    ]
