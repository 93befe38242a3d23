"""Direct attribution by source: from which position each head takes what it writes towards the answer.

    value of head h from position s  =  sum over the positions p that the output reads of  A[p, s] v_s W_O . w_p

with w the direction's gradient at the stream that the output reads, the norms' scales frozen (`core.lens.direct`). The
shares of all positions add up to the head's share of direct attribution; one of a head that is edited itself is of what
it writes, not of what it carries instead. (Elhage et al. 2021: a head moves what stands at its sources.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from core.engine.layer import LayerMath
from core.engine.rows import Held, Rows
from core.graph import Node
from core.lens.direct import by_head, slope
from core.pictures.heat_map import heat_map
from core.precision import widened
from core.result import Result
from core.session import Session

SHOWN = 16  # heads of the picture


@dataclass(frozen=True)
class SourceAttribution:
    """Means over the rows, in logits. words: the direction. values: [layer, head, source position]."""

    words: str
    values: NDArray[np.float64]
    labels: tuple[str, ...]

    def of_head(self, layer: int, head: int) -> NDArray[np.float64]:
        """[source position]"""
        shares: NDArray[np.float64] = self.values[layer, head]
        return shares

    def _repr_svg_(self) -> str:
        """In a notebook: the heads that write most, by source."""
        flat = self.values.reshape(-1, self.values.shape[-1])
        order = np.argsort(-np.abs(flat).sum(axis=1), kind="stable")[:SHOWN]
        names = [f"a{number // self.values.shape[1]}.h{number % self.values.shape[1]}" for number in order]
        return heat_map(flat[order][:, -128:], names, self.labels[-128:], title=self.words).svg


def attribution_by_source(session: Session, result: Result | None = None) -> SourceAttribution:
    """The shares of every head by source position. result: of a run with edits; by default the unedited one. Raises
    ArgumentError as `direct_attribution` does."""
    result = session.clean if result is None else result
    words, w = slope(session, result)
    state, adapter, graph = result.state, session.model.adapter, session.graph
    at = Rows(state.length, index=session.engine.reads)
    group = graph.heads // graph.kv_heads
    values = np.zeros((graph.layers, graph.heads, state.length))
    with torch.no_grad():
        for layer, weights in enumerate(adapter.attention):
            query_rows, factor = state.rows_of(Node("mlp", layer)), state.factors[layer]
            at_heads = w if factor is None else w * Held(factor, query_rows).at(at)
            towards = by_head(
                at_heads @ widened(weights.w_o.to(at_heads.device)), graph.heads
            )  # [batch, n, head, head width]
            q, math = Held(state.q[layer], query_rows).at(at), LayerMath(adapter, layer)
            queries = state.places(at)
            for head in range(graph.heads):
                pattern = math.pattern(q, state.k[layer], head, queries)
                v = widened(state.v[layer][:, :, head // group])
                shares = torch.einsum("bns,bsd,bnd->bs", widened(pattern), v, towards[:, :, head])
                values[layer, head] = shares.mean(dim=0).cpu().double().numpy()
    return SourceAttribution(words, values, session.pair.clean.labels)
