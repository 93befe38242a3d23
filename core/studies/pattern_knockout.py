"""The induction pattern alone taken out of heads: no weight goes from a query to what followed an earlier copy of its
token, and all else that the heads do stays (attention knockout, Geva et al. 2023, "Dissecting Recall of Factual
Associations in Auto-Regressive Language Models").

    w'(query, key) = 0 at these keys; elsewhere w, or where `renormalised`, w / (1 - sum of w at these keys)

Of one row it is what the edit `knockout` of these weights does (or `zero`, where they are not renormalised). In a batch
every row has keys of its own, and each query of it others, so that this is a pass by itself over all of them.
"""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import Tensor

from core.engine.engine import Engine
from core.engine.layer import LayerMath
from core.engine.rows import Rows
from core.engine.state import Readout
from core.heads.places import induction
from core.precision import widened

TINY = 1e-9


def without_induction(
    engine: Engine, heads: Collection[str], *, renormalised: bool = True, full: bool = False
) -> Readout:
    """What `logits` reads where some heads have lost the pattern. full: at all positions, else where the output reads.

    A query whose whole weight went there has none left: the head then writes nothing for it."""
    adapter, shape = engine.adapter, engine.adapter.shape
    ids = engine.unedited.inputs
    hidden = torch.tensor([induction(row).tolist() for row in ids.tolist()], device=ids.device)
    places = Rows(engine.length).places(engine.embedding, None)
    x = engine.embedding
    with torch.no_grad():
        for layer in range(shape.layers):
            math = LayerMath(adapter, layer)
            mixed = math.mix(*math.split(math.project(math.norm(x))), places)
            z = mixed.z
            for head in range(shape.heads):
                if f"a{layer}.h{head}" in heads:
                    weights = math.pattern(mixed.q, mixed.k, head, places)
                    changed = _without(weights, hidden, renormalised)
                    values = widened(mixed.v[:, :, head * shape.kv_heads // shape.heads])
                    z = z.clone()
                    z[:, :, head] = (changed @ values).to(z.dtype)
            added, _ = math.write(z)
            after = x + added
            x = after + math.mlp(x if shape.parallel else after)
    return Readout(x if full else Rows(engine.length, index=engine.reads).of(x), adapter)


def _without(weights: Tensor, hidden: Tensor, renormalised: bool) -> Tensor:
    """weights, hidden: [row, query, key]."""
    left = weights.masked_fill(hidden, 0.0)
    if not renormalised:
        return left
    after = 1 - weights.masked_fill(~hidden, 0.0).sum(dim=-1, keepdim=True)  # a sink has its share of what is left
    return torch.where(after > TINY, left / after.clamp(min=TINY), left)
