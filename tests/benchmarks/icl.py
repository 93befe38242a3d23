"""The study of in-context learning: `names`, and SmolLM2 where its pack is installed. What was measured of a study that
was stopped is kept, so that a later run goes on from there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

import wirescope as ws
from core.errors import ModelError
from core.studies.icl_table import heads_row, rows
from core.studies.icl_words import about, findings, title
from tests.benchmarks.table import Table

MODELS = ("bundled:names", "pack:smollm2")


def tables(models: Sequence[str] = MODELS) -> Iterator[Table]:
    """Of each model what is lost without each set of heads, and what that says."""
    torch.set_num_threads(1)
    for name in models:
        try:
            model = ws.load_model(name)
        except ModelError:
            continue
        study = ws.study_icl(model)
        yield Table(f"{title(study)}: shares lost", heads_row(study), rows(study))
        yield Table(f"In words, of {study.model}", ("",), [(words,) for words in (*findings(study), *about(study))])
