"""One ranking of the heads of `names`, compared on four rows of copying, for the tests of studies."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

import wirescope as ws
from core.edits import EditKind
from core.studies.head_sets import Ranking
from core.studies.heads import Comparison, compare_head_sets, plan_of
from core.studies.kept_results import KeptResults
from core.studies.outcomes import Inputs


def compared(kept: KeptResults | None = None, main_kind: EditKind = "mean", **given: Any) -> tuple[Comparison, Inputs]:
    """given: other arguments of `compare_head_sets`."""
    names = ws.load_model("bundled:names")
    rows = torch.randint(5, 2700, (7, 9), generator=torch.Generator().manual_seed(1))
    repeats = torch.cat([rows, rows], dim=1)
    inputs = Inputs("copying", tuple(repeats[3:]), tuple(repeats[:3]))
    ranking = Ranking("first", np.arange(32, 0, -1).astype(float))
    plan = plan_of(names, [ranking], shares=(0.1,), main=0.1, kinds=("mean", "zero"), draws=3, main_kind=main_kind)
    return compare_head_sets(names, [ranking], [inputs], plan, kept=kept, **given), inputs
