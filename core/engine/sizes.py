"""What runs hold, in bytes, from the sizes of a model: what a budget of memory is kept with."""

from __future__ import annotations

from core.models.adapter import Adapter
from core.models.causal_lm import LOGITS_BYTES

SCORED = 1024  # positions: of longer prompts libraries' fused kernels hold no more of attention than of so many


def answers(adapter: Adapter) -> int:
    """How many numbers an output holds at one position."""
    return adapter.vocabulary or adapter.shape.width


def state_bytes(
    adapter: Adapter, positions: int, read: int, outputs: int, first_layer: int = 0, slim: bool = False
) -> int:
    """The state of a run from a layer on. positions: of all its rows. read: positions of which the last layer computes
    queries and MLP. outputs: positions at which an output is made. slim: without what can be made anew."""
    shape = adapter.shape
    keys_and_values = 2 * shape.kv_heads * shape.head_width
    before = shape.width + keys_and_values  # what the last layer holds at every position
    after = 2 * (shape.width + shape.heads * shape.head_width) + (shape.width if shape.coupled else 0)
    layers = shape.layers - first_layer
    a_layer = before + after
    if slim:
        a_layer -= keys_and_values + shape.width + shape.heads * shape.head_width
    total = positions * (shape.width + (before if layers else 0) + a_layer * max(layers - 1, 0))
    total += read * (after + shape.width) + outputs * answers(adapter)
    size: int = total * adapter.dtype.itemsize
    return size


def mlp_weights(adapter: Adapter, layer: int) -> int:
    """By how many numbers of a layer's MLP a position is multiplied: of a mixture those of the router, of the experts
    that all go through, and of as many others as the router chooses."""
    mlp, units = adapter.mlp_part(layer), adapter.units[layer]
    weights: int = sum(weight.numel() for weight in mlp.parameters() if weight.ndim > 1)
    if units is None or units.kind == "neuron":
        return weights
    of_experts = sum(weight.numel() for weight in mlp.experts.parameters() if weight.ndim > 2)
    router = getattr(mlp, "gate", None) or mlp.router
    return int(weights - of_experts + of_experts * int(router.top_k) // units.count)


def gradient_bytes(adapter: Adapter, positions: int) -> tuple[int, int]:
    """The graph that autograd keeps of a run from embedding to metric; and the gradients of such a run, with what it
    keeps beside them."""
    shape = adapter.shape
    attention = 2 * (shape.heads + shape.kv_heads) * shape.head_width * shape.width
    weights = attention + mlp_weights(adapter, 0)
    graph = shape.layers * 2 * weights // shape.width
    ports = (shape.heads + 2 * shape.kv_heads) * shape.head_width
    kept = shape.layers * (ports + 2 * shape.heads * shape.head_width + 3 * shape.width)
    size = adapter.dtype.itemsize
    return positions * graph * size, positions * kept * size


def own_bytes(adapter: Adapter, length: int) -> int:
    """About what the model's own forward pass of one row holds at once: some streams, a layer's widest part (its
    weights tell it), attention, its outputs."""
    shape = adapter.shape
    widest = max((p.numel() // shape.width for p in adapter.blocks[0].parameters()), default=shape.width)
    scores = 2 * shape.heads * min(length, SCORED)
    numbers = length * (6 * shape.width + 3 * widest + scores) + 2 * answers(adapter)
    size: int = numbers * adapter.dtype.itemsize
    everywhere = length * answers(adapter) * adapter.dtype.itemsize
    return size + (everywhere if everywhere <= LOGITS_BYTES else 0)
