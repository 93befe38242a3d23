"""What is added up of heads' attention while inputs are read one after the other, so that a measurement that was
stopped goes on where it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.heads.places import Mask
from core.heads.scores import Best

BEST = 6  # queries that are kept of a head, one of an input
READ = 8  # keys that are kept of each of them
BINS = 100  # of the attention to keys of a kind, between 0 and 1

Floats = NDArray[np.float64]
TABLES = ("to_keys", "elsewhere", "off_first", "of_random", "queries", "counts")


class Entries:
    """Where a mask is true. query, key: [entries]. queries: those that have a key, in order. place: [entries], of each
    entry's query among them."""

    def __init__(self, mask: Mask) -> None:
        self.query, self.key = np.nonzero(mask)
        self.queries, self.place = np.unique(self.query, return_inverse=True)


class AttentionSums:
    """rows: inputs that are added. to_keys, of_random: [kinds, heads], attention to keys of a kind, and that of random
    heads. elsewhere, off_first: [kinds, heads] and [heads], attention to such keys and to all, but for that to the
    first positions. queries: [kinds], those that have such keys. counts: [kinds, heads, BINS + 1], how many of them
    give such keys so many hundredths. best: of each kind and head, most first."""

    def __init__(self, kinds: tuple[str, ...], heads: int) -> None:
        self.kinds, self.rows = kinds, 0
        self.to_keys, self.elsewhere, self.of_random = (np.zeros((len(kinds), heads)) for _ in range(3))
        self.off_first = np.zeros(heads)
        self.queries = np.zeros(len(kinds), dtype=np.int64)
        self.counts = np.zeros((len(kinds), heads, BINS + 1), dtype=np.int64)
        self.best: list[list[list[Best]]] = [[[] for _ in range(heads)] for _ in kinds]

    def add(
        self, head: int, row: int, entries: Sequence[Entries], weights: Floats, crossed: Floats, aside: int
    ) -> None:
        """One head's attention in one input, [query, key]. entries: of each kind. crossed: of its random head. aside:
        so many first positions are left out of what is covered."""
        self.off_first[head] += weights[aside:, aside:].sum()
        for kind, of_kind in enumerate(entries):
            if not len(of_kind.queries):
                continue
            shares = weights[of_kind.query, of_kind.key]
            given = np.bincount(of_kind.place, shares)
            self.to_keys[kind, head] += shares.sum()
            self.elsewhere[kind, head] += shares[of_kind.key >= aside].sum()
            self.of_random[kind, head] += crossed[of_kind.query, of_kind.key].sum()
            bins = np.clip(np.rint(given * BINS), 0, BINS).astype(int)
            self.counts[kind, head] += np.bincount(bins, minlength=BINS + 1)
            top = int(given.argmax())
            query = int(of_kind.queries[top])
            self._keep_best(kind, head, float(given[top]), row, query, weights[query])

    def _keep_best(self, kind: int, head: int, weight: float, row: int, query: int, read: Floats) -> None:
        kept = self.best[kind][head]
        if len(kept) == BEST and weight <= kept[-1].weight:
            return
        keys = np.argsort(-read, kind="stable")[:READ]
        best = Best(weight, row, query, keys.tolist(), [round(float(share), 4) for share in read[keys]])
        self.best[kind][head] = sorted([*kept, best], key=lambda each: -each.weight)[:BEST]

    def count(self, rows: Sequence[Sequence[Entries]]) -> None:
        """All heads of some inputs are added."""
        self.rows += len(rows)
        self.queries += np.array([[len(each.queries) for each in row] for row in rows]).sum(axis=0)

    def deciles(self) -> Floats:
        """[kinds, heads, 11], in hundredths; NaN where there is no query."""
        upto = self.counts.cumsum(axis=-1)
        total = upto[..., -1:]
        deciles = np.full((*total.shape[:2], 11), np.nan)
        for place in range(11):
            wanted = np.maximum(np.ceil(total * place / 10), 1)
            value = (upto >= wanted).argmax(axis=-1) / BINS
            deciles[..., place] = np.where(total[..., 0] > 0, value, np.nan)
        return deciles

    def plain(self) -> dict[str, Any]:
        """As lists and numbers."""
        best = [[[list(each) for each in of_head] for of_head in of_kind] for of_kind in self.best]
        tables = {name: getattr(self, name).tolist() for name in TABLES}
        return {"kinds": self.kinds, "rows": self.rows, "best": best} | tables

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> AttentionSums:
        """What `plain` gave."""
        sums = cls(tuple(plain["kinds"]), len(plain["off_first"]))
        sums.rows = int(plain["rows"])
        sums.best = [[[Best(*each) for each in of_head] for of_head in of_kind] for of_kind in plain["best"]]
        for name in TABLES:
            setattr(sums, name, np.array(plain[name], dtype=getattr(sums, name).dtype))
        return sums
