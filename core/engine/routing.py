"""The weights that a mixture's router gives to its experts, with edits, as `core.edits` states it.

Steps, at each position:
1. Forced experts are chosen, each in the share of the weights that is its strength.
2. The weight of each expert that is knocked out is lowered, and all are multiplied so that they sum to what they did.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from core.edit_kinds import KINDS, EditKind
from core.engine.plan import Slot
from core.errors import EditError
from core.models.mixtures import Experts
from core.models.units import Units
from core.precision import widened

Edited = Sequence[tuple[int, tuple[Slot, ...]]]
Share = Callable[[Slot], Tensor | float]


def reroutes(edited: Edited) -> bool:
    """Whether some edits of units are of the router."""
    return any(KINDS[slot.kind].routes for _, slots in edited for slot in slots)


def rerouted(units: Units, normed: Tensor, weights: Tensor, edited: Edited, share: Share) -> Tensor:
    """Weights of all experts [batch, n, experts] as edits leave them. normed: what the mixture reads [batch, n, width].
    share: how much of a slot applies there, [batch or 1, n, 1]. Raises EditError where a router is left nothing to
    choose, or has to choose too many."""
    assert isinstance(units, Experts)
    dtype = torch.promote_types(weights.dtype, normed.dtype)
    chosen = _forced(units, normed, widened(weights), _strengths(weights, edited, "force", share))
    return _knocked_out(units, chosen, _strengths(weights, edited, "knockout", share)).to(dtype)


def _strengths(weights: Tensor, edited: Edited, kind: EditKind, share: Share) -> Tensor:
    """Of each expert's edit of a kind: [batch, n, experts], 0 where there is none."""
    strengths = torch.zeros_like(widened(weights))
    for number, slots in edited:
        for slot in slots:
            if slot.kind == kind:
                strengths[..., number : number + 1] += share(slot)
    return strengths


def _forced(units: Experts, normed: Tensor, weights: Tensor, strengths: Tensor) -> Tensor:
    """Step 1: with a level for each strength that there is, at which all that are at least as strong are forced."""
    if not bool(strengths.any()):
        return weights
    made, before = (1 - strengths.amax(dim=-1, keepdim=True)) * weights, 0.0
    for level in strengths.unique().tolist():  # type: ignore[no-untyped-call]
        if level == 0:
            continue
        forced = strengths >= level
        here = forced.any(dim=-1, keepdim=True)
        made = made + torch.where(here, (level - before) * widened(units.routing(normed, forced)[1]), 0.0)
        before = level
    return torch.where(strengths.any(dim=-1, keepdim=True), made, weights)


def _knocked_out(units: Experts, weights: Tensor, strengths: Tensor) -> Tensor:
    """Step 2."""
    if not bool(strengths.any()):
        return weights
    left = (1 - strengths) * weights
    before, after = (each.sum(dim=-1, keepdim=True) for each in (weights, left))
    nothing = (after == 0) & (before != 0)
    if bool(nothing.any()):
        raise EditError(
            f"All experts of m{units.layer} that its router chooses at a position are knocked out: no other weight can "
            "make up for theirs.",
            "Leave one of them, or cut an expert (zero), which leaves the others' weights as they are.",
        )
    return torch.where(after == before, left, left * (before / after))
