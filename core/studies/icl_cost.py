"""How long a study of head sets takes, reckoned before it: the positions that all its runs have, the arithmetic of the
model at each, and what this machine computes in a second.

    seconds = (positions x OPERATIONS x parameters / operations in a second + runs x layers x OVERHEAD) / COMPARING
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import torch

from core.edits import EditKind
from core.inputs.few_shot import few_shot_tasks
from core.models.model import Model
from core.studies.corpus import LONGEST
from core.studies.head_sets import Ranking
from core.studies.heads import ABLATIONS, DRAWS, MAIN, MAIN_KIND, SHARES, Plan, plan_of
from core.studies.outcomes import POSITIONS

COMPARING = 0.7  # of the whole is what sets of heads take; the rest screens tasks, scores heads and tries nodes
KNOCKOUTS = 9  # runs that the three knockouts take as long as
EXAMPLE = 8  # tokens of an example in a prompt
COPIED = 65  # tokens of a row that comes again
OVERHEAD = 0.002  # seconds that a layer takes beside its arithmetic
OPERATIONS = 1.6  # of a parameter at a position: 2, less what begins after the first ablated head or needs no answer
PRODUCTS, LEAST = 8, 1e-4  # that are timed, and seconds that they take at least


def reckoned_seconds(
    model: Model,
    *,
    rankings: int = 2,
    shots: int = 5,
    prompts: int = 4,
    pieces: int = 6,
    shares: Sequence[float] = SHARES,
    main: float = MAIN,
    kinds: Sequence[EditKind] = ABLATIONS,
    main_kind: EditKind = MAIN_KIND,
    draws: int = DRAWS,
) -> float:
    """The arguments are those of `study_icl`; rankings: how many. Nothing that an earlier study has kept is taken off.
    Raises ArgumentError for numbers that a study does not take."""
    heads = model.graph.layers * model.graph.heads
    ranked = [Ranking(str(number), np.roll(np.arange(float(heads)), number)) for number in range(rankings)]
    plan = plan_of(model, ranked, shares, main, kinds, draws, 0, main_kind)
    window = min(LONGEST, model.adapter.context_length or LONGEST)
    rows = ((prompts * len(few_shot_tasks()), (shots + 1) * EXAMPLE), (pieces, window), (pieces, COPIED))
    positions, runs = 0.0, 0.0
    for count, length in rows:
        together = max(POSITIONS // length, 1)
        batches = -(-count // together)
        of_batch = _runs(plan, batches)
        runs += batches * of_batch
        positions += count * length * of_batch
    shape = model.adapter.shape
    operations = positions * OPERATIONS * float(sum(each.numel() for each in model.adapter.module.parameters()))
    seconds: float = operations / _speed(model, shape.width) + runs * shape.layers * OVERHEAD
    return seconds / COMPARING


def _runs(plan: Plan, batches: int) -> float:
    """Of one of so many batches."""
    others = sum(kind != plan.main_kind for kind in plan.kinds) * len(plan.compared)
    return 1 + len(plan.sets) + others + len(plan.drawn(0, batches)) + KNOCKOUTS


def _speed(model: Model, width: int) -> float:
    """Operations in a second, of products such as the model's MLPs have many of: the processor's own time, so that
    what else runs does not count."""
    example = next(model.adapter.module.parameters())
    clock = time.thread_time if example.device.type == "cpu" else time.perf_counter
    rows, weights = (
        torch.ones(shape, dtype=example.dtype, device=example.device)
        for shape in ((POSITIONS, width), (width, 4 * width))
    )
    with torch.no_grad():
        (rows @ weights).sum().item()  # the first one makes its plans
        started = clock()
        for _ in range(PRODUCTS):
            (rows @ weights).sum().item()  # waits for what computes beside Python
        seconds = max(clock() - started, LEAST)
    return 2.0 * PRODUCTS * POSITIONS * width * 4 * width / seconds
