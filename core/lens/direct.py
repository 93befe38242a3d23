"""Direct logit attribution: how much of the metric's logits each node writes itself, with no later node in between.

    value_u = w . (what u carries to the output),   w = the gradient of the direction, with the norms' scales frozen

Steps:
1. The direction is that of the metric: target minus foil; the target alone; the target minus the mean of all answers
   where the metric is a probability, which a constant added to all logits leaves as it is.
2. The scales of the norms on the way are frozen at the run, so the direction is affine in the stream: one backward pass
   through the head gives w [batch, n, width] and a constant.
3. Each node's share is its product with w, summed over the positions that the output reads. The shares of all nodes,
   the biases and the edits of the `logits` reader add up to the direction's value.

Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits"; Wang et al. 2022, section 3.1. A share is no
effect: what later nodes make of a node is not in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.engine.flow import Flow
from core.engine.plan import ReaderPlan
from core.engine.rows import Held, Rows
from core.engine.state import RunState
from core.graph import Node, Reader
from core.lens.output import FrozenOutput, needs_head
from core.precision import widened
from core.result import Result, keeps_no
from core.session import Session

Direction = Callable[[Tensor], Tensor]  # logits [batch, answers] to [batch]


@dataclass(frozen=True)
class DirectAttribution:
    """Means over the rows, in logits.

    words: the direction. values: [writers], what each carries to the output. biases: of attention, norm and head.
    edits: what edits of the `logits` reader as a whole add. total: the direction's value, the sum of all of these.
    """

    words: str
    values: NDArray[np.float64]
    biases: float
    edits: float
    total: float

    def rank(self, writer: int) -> int:
        """1 for the node with the largest share, whatever its sign."""
        sizes = np.abs(self.values)
        return 1 + int((sizes > sizes[writer]).sum())


def direct_attribution(session: Session, result: Result, scales_of: Result | None = None) -> DirectAttribution:
    """The shares of a run. scales_of: the run whose norms' scales are frozen; this one by default.

    Raises ArgumentError for a model without a head or with one that is not linear, and for a circuit's run.
    """
    needs_head(session.model)
    state = result.state
    if not state.q:
        raise keeps_no("heads")
    read, edges, edits = _read(session, state)
    scales = read if scales_of is None else _read(session, scales_of.state)[0]
    output = FrozenOutput(session.model, state, scales)
    words, value, w = _gradient(session, output, read)
    values = _shares(session, state, w)
    for number, delta in edges:
        values[:, number] += (w * delta).sum(dim=(1, 2))
    constant = value.detach() - (w * read).sum(dim=(1, 2))
    biases = constant + sum(
        (w @ widened(weights.b_o)).sum(dim=1) for weights in session.model.adapter.attention if weights.b_o is not None
    )
    return DirectAttribution(
        words,
        values.mean(dim=0).cpu().double().numpy(),
        float(biases.mean()),
        float((w * edits).sum(dim=(1, 2)).mean()),
        float(value.detach().mean()),
    )


def slope(session: Session, result: Result) -> tuple[str, Tensor]:
    """The direction in words, and its gradient at the stream that the output reads, the norms' scales frozen at it:
    [batch, n, width]. Raises ArgumentError as `direct_attribution` does."""
    needs_head(session.model)
    if not result.state.q:
        raise keeps_no("heads")
    read = _read(session, result.state)[0]
    return _gradient(session, FrozenOutput(session.model, result.state, read), read)[::2]


def _gradient(session: Session, output: FrozenOutput, read: Tensor) -> tuple[str, Tensor, Tensor]:
    """The direction in words, its value and its gradient."""
    words, direction = direction_of(session)
    with torch.enable_grad():
        x = read.detach().clone().requires_grad_()  # in fp32
        value = direction(output(x))
        (w,) = torch.autograd.grad(value.sum(), x)
    return words, value, w


def direction_of(session: Session) -> tuple[str, Direction]:
    """What the shares are shares of, in words and as a function of the logits [batch, answers]."""
    bound, model = session.metric, session.model
    ids = torch.tensor(bound.target, device=model.adapter.device)
    if not bound.target:  # KL: of no answer in particular, so of the clean run's likeliest
        ids = session.clean.answer.argmax(dim=-1)
    name = f'"{model.label(int(ids[0]))}"'
    if bound.foil:
        foil = torch.tensor(bound.foil, device=model.adapter.device)
        return bound.name, lambda x: _pick(x, ids) - _pick(x, foil)
    if bound.row.few_answers:
        return bound.name, lambda x: _pick(x, ids)
    return f"logit({name}) − mean logit", lambda x: _pick(x, ids) - x.mean(dim=-1)


def _pick(x: Tensor, ids: Tensor) -> Tensor:
    return x.gather(-1, ids[:, None])[:, 0]


def _read(session: Session, state: RunState) -> tuple[Tensor, list[tuple[int, Tensor]], Tensor]:
    """What the `logits` reader reads [batch, n, width]; of that, what edits of single edges into it add, by the
    writer's number, and what edits of the whole reader add."""
    reader = Reader("logits")
    final = state.final
    assert final is not None
    plan = next((plan for of, plan in state.plan.stages[-1].readers if of == reader), None)
    final = widened(final)  # differences of what is read with and without an edge
    rows_there, at = state.rows_before(reader, session.graph.parallel), Rows(state.length, index=session.engine.reads)
    stream = Held(final, rows_there).at(at)
    if plan is None:
        return stream, [], torch.zeros_like(stream)
    flow = Flow(session.model.adapter, state, session.engine.references)
    with torch.no_grad():

        def read(edges: tuple[int, ...]) -> Tensor:
            reader_plan = ReaderPlan(plan.slots, tuple(edge for edge in plan.edges if edge[0] in edges))
            return Held(flow.read(reader, reader_plan, final, rows_there), rows_there).at(at)

        without = read(())
        single = [(number, read((number,)) - without) for number in dict.fromkeys(n for n, _ in plan.edges)]
        return read(tuple(number for number, _ in single)), single, without - stream


def _shares(session: Session, state: RunState, w: Tensor) -> Tensor:
    """w . what each node carries: [batch, writers]."""
    adapter, graph = session.model.adapter, session.graph
    at = Rows(state.length, index=session.engine.reads)
    shares = torch.zeros(len(w), graph.n_writers, dtype=w.dtype, device=w.device)
    with torch.no_grad():
        shares[:, 0] = (w * at.of(state.embedding)).sum(dim=(1, 2))
        for layer, weights in enumerate(adapter.attention):
            rows_there = state.rows_of(Node("mlp", layer))  # those of the heads too
            z, factor = Held(state.z[layer], rows_there).at(at), state.factors[layer]
            at_heads = w if factor is None else w * Held(factor, rows_there).at(at)
            towards = by_head(at_heads @ widened(weights.w_o.to(at_heads.device)), graph.heads)
            first = graph.writer_index(Node("head", layer, 0))
            shares[:, first : first + graph.heads] = (z * towards).sum(dim=(1, 3))
            mlp = Held(state.mlp_out[layer], rows_there).at(at)
            shares[:, first + graph.heads] = (w * mlp).sum(dim=(1, 2))
        for number, delta in state.node_deltas.items():
            delta_at = Held(delta, state.rows_of(graph.writers[number])).at(at)
            shares[:, number] += (w * delta_at).sum(dim=(1, 2))
    return shares


def by_head(x: Tensor, heads: int) -> Tensor:
    """[batch, n, heads * head_width] head by head."""
    return x.reshape(*x.shape[:2], heads, -1)
