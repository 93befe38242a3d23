"""What heads attend to over the A of many pairs, from sums over shards: what `core.heads.attention` finds over the same
texts, but for the places with most attention, which are no sum and are not kept."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.heads.attention_sums import TABLES, AttentionSums
from core.sharded.job import PAIRS, ShardResult, Sums

if TYPE_CHECKING:
    from torch import Tensor

    from core.datasets.row_pairs import AskedPairs
    from core.datasets.session_over import Shared
    from core.heads.identity import HeadIdentities
    from core.models.model import Model


@dataclass(frozen=True)
class HeadsWork:
    """seed: of the random heads, and of the inputs that are made."""

    seed: int = 0
    metric: str | None = None
    memory: float | None = None
    draws: bool = False

    def told(self) -> dict[str, Any]:
        from core.heads.identity import OF_ATTENTION

        return {"what": "heads", "tests": list(OF_ATTENTION), "seed": self.seed}

    def of(self, model: Model, pairs: AskedPairs, like: Shared | None) -> tuple[ShardResult, Shared | None]:
        import torch

        from core.heads.attention import sums_at, text_masks
        from core.heads.identity import OF_ATTENTION
        from core.progress import stage
        from core.sharded.pair_columns import text_columns

        by_length: dict[int, list[Tensor]] = defaultdict(list)  # texts of one length go together
        for pair in pairs.dataset.pairs:
            length = pair.clean.lengths[0]
            by_length[length].append(pair.clean.tensor[0, :length])
        total, done = len(pairs.dataset), 0
        sums: Sums = {}
        for texts in by_length.values():
            rows = torch.stack(texts)
            with stage(done / total, (done + len(rows)) / total):
                of_length = sums_at(model, rows, text_masks(rows, OF_ATTENTION), 1, self.seed)
            done += len(rows)
            for name in TABLES:
                sums[name] = sums.get(name, 0.0) + getattr(of_length, name).astype(np.float64)
        return ShardResult(sums, text_columns(model, pairs.dataset)), like


def identities_from(work: HeadsWork, model: Model, sums: Sums) -> HeadIdentities:
    """With the tests on inputs that are made for them, which are few and are done here. Raises Cancelled."""
    from core.heads.attention import scores_of
    from core.heads.identity import OF_ATTENTION, generated_tests, identities_of
    from core.studies.corpus import generated_options

    asked = generated_tests(model, work.seed, **generated_options(model))
    shape, pairs = model.adapter.shape, int(sums[PAIRS])
    best: list[list[list[Any]]] = [[[] for _ in range(shape.layers * shape.heads)] for _ in OF_ATTENTION]
    whole = {"kinds": OF_ATTENTION, "rows": pairs, "best": best, **{name: sums[name] for name in TABLES}}
    return identities_of(model, asked, scores_of(AttentionSums.of(whole), shape), pairs)
