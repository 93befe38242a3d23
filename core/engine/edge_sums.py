"""Many edited edges at one place: what all its readers read, by one matrix product.

    x_r = stream + sum over edited edges (u -> r) of strength * (replacement_u - out_u)
        = stream + [readers, writers] @ [writers, rows * width]

What a writer's edges change is made once in a pass, and kept for the readers to come.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from core.engine.plan import Plan, ReaderPlan, Slot
from core.engine.rows import Rows
from core.precision import wide_dtype, widened

MANY = 8  # edges of a kind: below it, the product is not worth its while
HELD_BYTES = 64 * 2**20  # of what edges change, in one pass
DENSE = 0.5

Kind = tuple[str, float | tuple[float, ...], int]
Setter = Callable[[Tensor, Sequence[int], Slot, Rows], None]


def _kind(slot: Slot) -> Kind:
    """What edges must share so that one writer's change is the same for all of them."""
    return slot.kind, slot.value, slot.seed


class EdgeSums:
    """plan: of the pass, which alone decides what goes by products, so that the same edits give the same bits wherever
    a run starts."""

    def __init__(self, plan: Plan, writers: int) -> None:
        self._writers = writers
        readers = [each for stage in plan.acting.values() for _, each in stage.readers]
        self._kinds = len({_kind(slot) for each in readers for _, slot in each.edges})
        self._changes_of: dict[tuple[Kind, bool], tuple[int, Tensor, set[int]]] = {}

    def takes(self, plans: Sequence[ReaderPlan], x: Tensor) -> bool:
        """Whether readers with these edits are many, and of a kind for one product. x: the stream that they read,
        [batch, rows, width]."""
        if sum(len(plan.edges) for plan in plans) < MANY * max(self._kinds, 1):  # a scan's edits are in no plan
            return False
        if self._kinds * self._writers * x.numel() * wide_dtype(x.dtype).itemsize > HELD_BYTES:
            return False
        return all(not plan.slots and all(slot.positions is None for _, slot in plan.edges) for plan in plans)

    def read(self, plans: Sequence[ReaderPlan], x: Tensor, at: Rows, set_changes: Setter) -> Tensor:
        """What readers with these edits read, summed in fp32 of a model in half precision: [plans, batch, rows,
        width]. set_changes: sets what edges of some writers carry more than without their edit, at these rows, among
        those of all writers [writers, batch, rows, width]. It is not kept: it belongs to what holds this."""
        dtype, x = x.dtype, widened(x)
        by_kind: dict[Kind, list[tuple[int, int, Slot]]] = {}
        for row, plan in enumerate(plans):
            for number, slot in plan.edges:
                by_kind.setdefault(_kind(slot), []).append((row, number, slot))
        streams = x.expand(len(plans), *x.shape).flatten(1)
        for kind, edges in by_kind.items():
            changes = self._changes(kind, edges, x, at, set_changes)
            upto = 1 + max(number for _, number, _ in edges)
            factors = torch.zeros(len(plans), upto, dtype=x.dtype, device="cpu")
            rows, numbers, slots = zip(*edges, strict=True)
            factors[list(rows), list(numbers)] = torch.tensor(
                [slot.strength for slot in slots], dtype=x.dtype, device="cpu"
            )
            writers = sorted(set(numbers))
            picked = changes[:upto]
            if len(writers) <= DENSE * upto:  # to add a few zeros is quicker than to copy all that is not zero
                factors, picked = factors[:, writers], changes[writers]
            streams = torch.addmm(streams, factors.to(x.device), picked.flatten(1))
        return streams.unflatten(1, x.shape).to(dtype)  # type: ignore[no-any-return,no-untyped-call]

    def _changes(
        self,
        kind: Kind,
        edges: list[tuple[int, int, Slot]],
        x: Tensor,
        at: Rows,
        set_changes: Setter,
    ) -> Tensor:
        """What the edges of writers change, set where one of these needs it: [writers, batch, rows, width]."""
        key = kind, at.index is not None
        entry = self._changes_of.get(key)
        if entry is None or entry[0] != at.first:
            entry = self._changes_of[key] = at.first, x.new_zeros(self._writers, *x.shape), set()
        _, changes, set_numbers = entry
        missing = sorted({number for _, number, _ in edges} - set_numbers)
        if missing:
            set_changes(changes, missing, edges[0][2], at)
            set_numbers |= set(missing)
        return changes
