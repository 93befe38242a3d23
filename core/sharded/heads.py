"""What heads attend to over the A of many pairs, from sums over shards: what `core.heads.attention` finds over the same
texts or pictures, but for the places with most attention, which are no sum and are not kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.heads.attention_sums import TABLES, AttentionSums
from core.sharded.job import PAIRS, ShardResult, Sums

if TYPE_CHECKING:
    from torch import Tensor

    from core.datasets.row_pairs import AskedPairs
    from core.datasets.session_over import Shared
    from core.heads.attention import AttentionScores
    from core.heads.function_vector import FunctionVectorScores
    from core.heads.identity import HeadIdentities
    from core.models.model import Model


@dataclass(frozen=True)
class HeadsWork:
    """seed: of the random heads, and of the inputs that are made. sees: whether the model sees pictures. vectors:
    whether heads of text are scored over few-shot tasks, too, once all pairs are done."""

    seed: int = 0
    metric: str | None = None
    memory: float | None = None
    draws: bool = False
    sees: bool = False
    vectors: bool = False

    def told(self) -> dict[str, Any]:
        from core.heads.identity import OF_ATTENTION
        from core.heads.picture_identity import PICTURE_TESTS

        tests = [test.name for test in PICTURE_TESTS] if self.sees else [*OF_ATTENTION]
        return {"what": "heads", "tests": tests, "seed": self.seed} | (
            {"function vectors": True} if self.vectors else {}
        )

    def of(self, model: Model, pairs: AskedPairs, like: Shared | None) -> tuple[ShardResult, Shared | None]:
        import torch

        from core.progress import stage
        from core.sharded.pair_columns import text_columns

        by_shape: dict[tuple[int, ...], list[Tensor]] = defaultdict(list)  # texts of one length go together
        for row in rows_of(pairs):
            by_shape[tuple(row.shape)].append(row)
        total, done = len(pairs.dataset), 0
        sums: Sums = {}
        for rows in by_shape.values():
            with stage(done / total, (done + len(rows)) / total):
                of_shape = self._sums(model, torch.stack(rows))
            done += len(rows)
            for name in TABLES:
                sums[name] = sums.get(name, 0.0) + getattr(of_shape, name).astype(np.float64)
        return ShardResult(sums, text_columns(model, pairs.dataset)), like

    def _sums(self, model: Model, rows: Tensor) -> AttentionSums:
        from core.heads.attention import sums_at, text_masks
        from core.heads.identity import OF_ATTENTION
        from core.heads.picture_places import picture_masks

        if self.sees:
            return sums_at(model, rows, lambda row: picture_masks(model, rows[row]), 0, self.seed)
        return sums_at(model, rows, text_masks(rows, OF_ATTENTION), 1, self.seed)


def rows_of(pairs: AskedPairs) -> list[Tensor]:
    """The A of each pair: ids [position], without padding, or pixels [channel, height, width]."""
    sides = [pair.clean for pair in pairs.dataset.pairs]
    return [side.tensor[0, : side.lengths[0]] if side.tensor.ndim == 2 else side.tensor[0] for side in sides]


def identities_from(
    work: HeadsWork, model: Model, sums: Sums, first: Tensor | None, vectors: FunctionVectorScores | None
) -> HeadIdentities:
    """With the tests on inputs that are made for them, which are few and are done here. first: the first pictures.
    vectors: function vector scores. Raises Cancelled."""
    from core.heads.identity import OF_ATTENTION, generated_tests, identities_of
    from core.heads.picture_identity import identities_of_pictures, made_picture_tests
    from core.studies.corpus import generated_options

    pairs = int(sums[PAIRS])
    if first is not None:
        asked = made_picture_tests(model, first, work.seed)
        read = _read(model, [each.test.name for each in asked], sums)
        return identities_of_pictures(model, asked, read, pairs)
    asked = generated_tests(model, work.seed, vectors=vectors, **generated_options(model))
    return identities_of(model, asked, _read(model, OF_ATTENTION, sums), pairs)


def _read(model: Model, kinds: Sequence[str], sums: Sums) -> AttentionScores:
    """The attention over the pairs. kinds: those that the sums are of, in their order."""
    from core.heads.attention import scores_of

    shape = model.adapter.shape
    best: list[list[list[Any]]] = [[[] for _ in range(shape.layers * shape.heads)] for _ in kinds]
    whole = {"kinds": kinds, "rows": int(sums[PAIRS]), "best": best, **{name: sums[name] for name in TABLES}}
    return scores_of(AttentionSums.of(whole), shape)
