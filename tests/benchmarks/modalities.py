"""The study of modalities: the two bundled models, and SmolLM2 with DINOv2 where their packs are installed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

import wirescope as ws
from core.errors import ModelError
from core.studies.modality_words import about, heads, rows, title
from tests.benchmarks.table import Table

SMALL = ("bundled:names", "bundled:shapes", 24, 48, 100)
LARGE = ("pack:smollm2", "pack:dinov2-small", 6, 24, 40)
Studied = tuple[str, str, int, int, int]  # model of text, model that sees, pairs, inputs, edges


def tables(studies: Sequence[Studied] = (SMALL, LARGE), draws: int = 2) -> Iterator[Table]:
    """Of each study two tables: what was asked on what, and the answers."""
    torch.set_num_threads(1)
    for text, image, pairs, inputs, edges in studies:
        try:
            models = ws.load_model(text), ws.load_model(image)
        except ModelError:
            continue
        study = ws.study_modalities(*models, pairs=pairs, inputs=inputs, edges=edges, draws=draws, keep=False)
        yield Table(title(study), heads(study), rows(study))
        yield Table("Asked of", ("model",), [(about(each),) for each in study.models])
