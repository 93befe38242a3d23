"""A head's attention with edits of its entries, as `core.edits` states it.

Steps, at the queries of a pass:
1. Each entry belongs to the last edit of it.
2. What is knocked out is lowered before the softmax: by log(1 - strength).
3. What is set is set after it, and the other weights stay.
4. The head mixes the values of this run with these weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from core.edit_kinds import KINDS
from core.engine.attention import head_scores
from core.engine.layer import LayerMath
from core.engine.plan import Slot
from core.errors import EditError
from core.models.adapter import Places
from core.positions import RowPositions
from core.precision import widened


def edited_shares(
    layer: LayerMath,
    head: int,
    slots: Sequence[Slot],
    q: Tensor,
    k: Tensor,
    queries: Places,
    of_b: Callable[[], Tensor],
) -> Tensor:
    """Attention of one head under edits: [batch, n, position]. q, k: turned, of all heads, k at all positions. of_b:
    the head's at these queries in B. Raises EditError where a query is left nothing to attend to."""
    scores = head_scores(layer.shape, layer.weights, q, k, head, layer.mask(queries, [head]))
    places = _owned([_mask(slot, queries) for slot in slots])
    length, sink = queries.length, scores.shape[-1] - queries.length
    for slot, mask in zip(slots, places, strict=True):
        if KINDS[slot.kind].hides and slot.strength != 0:
            lower = math.log1p(-slot.strength) if slot.strength < 1 else -math.inf
            mask = torch.nn.functional.pad(mask, (0, sink))
            scores = torch.where(mask, scores + lower, scores)
    hidden = (scores == -math.inf).all(dim=-1)
    if bool(hidden.any()):
        row, place = (int(number) for number in hidden.nonzero()[0])
        query = int(queries.index.expand(len(hidden), -1)[row, place])
        raise EditError(
            f"a{layer.layer}.h{head} sees nothing else from position {query}: its weights there cannot be knocked out.",
            "Leave a position that it sees, or set the weight to zero.",
        )
    shares = edited = scores.softmax(dim=-1)[..., :length]
    for slot, mask in zip(slots, places, strict=True):
        kind = KINDS[slot.kind]
        if not kind.hides and slot.strength != 0:
            value = of_b() if kind.from_b else shares * (slot.factor if kind.takes == "number" else 0.0)
            edited = torch.where(mask, shares + slot.strength * (value - shares), edited)
    return edited


def edited_mix(
    layer: LayerMath,
    head: int,
    slots: Sequence[Slot],
    ports: tuple[Tensor, Tensor, Tensor],
    queries: Places,
    of_b: Callable[[], Tensor],
) -> Tensor:
    """z of such a head: [batch, n, head_width]. ports: q, k and v, turned, of all heads."""
    q, k, v = ports
    shares = edited_shares(layer, head, slots, q, k, queries, of_b)
    of_head = v[:, :, head * layer.shape.kv_heads // layer.shape.heads]
    return (shares @ widened(of_head)).to(v.dtype)


def _owned(masks: list[Tensor]) -> list[Tensor]:
    """Step 1: of each mask what no later one has."""
    owned: list[Tensor] = []
    for place, mask in enumerate(masks):
        for later in masks[place + 1 :]:
            mask = mask & ~later
        owned.append(mask)
    return owned


def _mask(slot: Slot, queries: Places) -> Tensor:
    """The entries of a slot: [batch or 1, n, position]."""
    assert slot.keys is not None
    keys = _at(slot.keys, queries)
    if slot.positions is None:
        return keys[:, None, :].expand(-1, queries.index.shape[1], -1)
    at = _at(slot.positions, queries)
    rows = max(len(at), len(queries.index))
    at = at.expand(rows, -1).gather(1, queries.index.expand(rows, -1))
    return at[:, :, None] & keys[:, None, :]


def _at(positions: RowPositions, queries: Places) -> Tensor:
    """Where some positions are: [rows, position]."""
    mask = torch.zeros(len(positions), queries.length, dtype=torch.bool, device="cpu")
    for row, places in enumerate(positions):
        mask[row, list(places)] = True
    return mask.to(queries.index.device)
