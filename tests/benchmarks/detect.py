"""Detection before knowing: which inputs are triggered (`detect_inputs`), and which models hide a rule
(`detect_models`). The small twins are trained when they are first needed and kept in the user's cache, and so is what
is found of each: a run that was ended goes on."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from tests.benchmarks import detect_inputs, detect_models
from tests.benchmarks.table import Table


def tables() -> Iterator[Table]:
    torch.set_num_threads(1)
    yield from detect_inputs.tables()
    yield from detect_models.tables()
