"""What heads do on A, by name. Runs in the worker's thread; imports torch."""

from __future__ import annotations

from app.worker.session_cache import SessionCache
from core.graph import Node
from core.lens.attention import attention_pattern
from core.lens.heads import Trait, patch_traits, token_traits
from core.lens.logit_lens import node_logits
from core.result import Result

READ_AT_MOST = 96  # positions at which what a head pushes is looked at


def head_traits(cache: SessionCache, result: Result, node: Node) -> list[Trait]:
    """What a head does on A, the highest score first."""
    session, pair = cache.session, cache.session.pair
    weights = attention_pattern(result, node.layer, node.head)
    if pair.grid is not None:
        return patch_traits(weights, pair.grid, pair.prefix)
    pushed = None
    if session.model.adapter.shape.output_kind != "embedding" and pair.length <= READ_AT_MOST:
        logits = node_logits(result, node, list(range(pair.length)))
        pushed = logits.topk(min(5, logits.shape[-1])).indices.tolist()
    return token_traits(weights, pair.clean.tensor[0].tolist(), pushed)
