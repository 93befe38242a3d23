"""What a run over A or B need not keep, where its whole state is too large for the memory: turned q, k and v, and the
stream after attention, are made anew from the stream before a layer and what its heads mix.

Steps, of a layer that is done:
1. Let q, k, v and the stream after attention go: about half of the state.
2. Who asks for one of them has it made by the formulas of the run itself, and keeps it for as long as it is used.
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from core.engine.layer import LayerMath
from core.engine.rows import Rows
from core.engine.state import RunState
from core.engine.tensors import Tensors
from core.models.adapter import Adapter, Places


def slimmed(state: RunState, adapter: Adapter, layer: int) -> None:
    """Let go of what can be made anew of a layer of a run without edits. The last layer stays whole: it may stand at
    some positions alone."""
    shape = adapter.shape
    if layer == shape.layers - 1:
        return
    x, z = state.attention_in[layer], state.z[layer]
    places, queries = state.places(Rows(state.length)), shape.heads
    makers = {
        "q": partial(_ports, adapter, layer, x, places, 0, queries),
        "k": partial(_ports, adapter, layer, x, places, queries, queries + shape.kv_heads),
        "v": partial(_ports, adapter, layer, x, places, queries + shape.kv_heads, None),
        "after_attention": partial(_after, adapter, layer, x, z),
    }
    for name, make in makers.items():
        tensors = getattr(state, name)
        if not isinstance(tensors, Tensors):
            tensors = Tensors(tensors)
            setattr(state, name, tensors)
        tensors.remake(layer, make)


def _ports(adapter: Adapter, layer: int, x: Tensor, places: Places, first: int, stop: int | None) -> Tensor:
    math = LayerMath(adapter, layer)
    with torch.no_grad():
        made = math.project(math.norm(x), first, stop)
        if first == 0:
            return math.query(made, places)
        return made if stop is None else math.key(made, places)


def _after(adapter: Adapter, layer: int, x: Tensor, z: Tensor) -> Tensor:
    with torch.no_grad():
        return x + LayerMath(adapter, layer).write(z)[0]
