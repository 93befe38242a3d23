"""What a matrix writes, in the model's own answers: an OV circuit for one input, an output direction of an MLP.

    of a vector x          head(x / s), less the mean over all answers
    of a head, a token t   x = W_O W_V norm(W_E t)       "the OV circuit" (Elhage et al. 2021, "A Mathematical Framework
                                                         for Transformer Circuits", on W_U W_OV W_E)
    of a head, position j  x = W_O v_j                   what the head writes for each unit of attention to j

s is what the final norm divides by in a run, at the position that the output reads; its weight is applied, its bias and
the head's are left out, so that the numbers are logits of that run (`core.lens.output`). Nothing is folded into the
weights beforehand. W_E t is the token's embedding without that of a position, and the norm before the head's layer is
taken at the scale of that embedding itself, as if the head read it directly: what earlier layers add to a token is not
in it. v_j, in a run, has it all. The bias of V rides with its head; b_O belongs to no head.

Pictures have no tokens: there the inputs are positions, of patches or CLS, and the answers are classes or class texts.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from core.errors import ArgumentError
from core.graph import Node
from core.lens.input_row import check_row, of_row
from core.lens.logit_lens import LensAnswer, kept_stream, vector_logits
from core.lens.output import needs_head
from core.models.adapter import Adapter
from core.models.model import Model
from core.precision import widened
from core.result import Result, keeps_no

ALIKE = 1e-4  # of an embedding's size: how far what positions add may differ between tokens


@dataclass(frozen=True)
class Promoted:
    """of: what is read. most, least: the answers that it pushes up and down most, the strongest first, in logits above
    the mean of all answers. at: the position whose scale of the final norm was taken."""

    of: str
    most: tuple[LensAnswer, ...]
    least: tuple[LensAnswer, ...]
    at: int


def promoted(
    result: Result, vector: Tensor, count: int = 5, position: int | None = None, row: int = 0, of: str = "a vector"
) -> Promoted:
    """The answers that a vector of the stream [width] pushes, such as an output direction of a neuron.

    result: of a run with positions="all". position: where the output would read it; by default where the metric does.
    Raises ArgumentError for a vector of another width, a model without a head or with one that is not linear, and a
    position or a row that is not there.
    """
    needs_head(result.model)
    check_row(len(result.metric), row)
    width = result.model.adapter.shape.width
    if tuple(vector.shape) != (width,):
        raise ArgumentError(
            f"A vector of the stream of {result.model.title} has {width} numbers, not {list(vector.shape)}.",
            "Take an output direction: one column of the matrix.",
        )
    at = _read_at(result, row) if position is None else position
    logits = vector_logits(result, vector[None], [at], row)[0]
    count = min(count, len(logits))
    most, least = logits.topk(count), (-logits).topk(count)

    def answers(ids: Tensor) -> tuple[LensAnswer, ...]:
        return tuple(LensAnswer(index, result.model.label(index), float(logits[index])) for index in ids.tolist())

    return Promoted(of, answers(most.indices), answers(least.indices), at % result.state.length)


def head_promotes(
    result: Result,
    head: Node,
    source: int | None = None,
    token: str | int | None = None,
    count: int = 5,
    position: int | None = None,
    row: int = 0,
) -> Promoted:
    """The answers that a head pushes where it reads one input alone.

    source: a position of the run, whose value it takes. token: text or id instead, by its embedding. The rest as of
    `promoted`. Raises ArgumentError for what is no head, for both or neither of source and token, for a token of a
    model that has none; InputError for a text that is no single token.
    """
    if head.kind != "head":
        raise ArgumentError(f"{head.name} is no head: it has no OV circuit.", "Take a head, such as a0.h0.")
    result.model.graph.writer_index(head)
    if (source is None) == (token is None):
        raise ArgumentError("A head is read for one input.", "Give a position (source) or a token.")
    needs_head(result.model)
    check_row(len(result.metric), row)
    at = _read_at(result, row) if position is None else position
    if token is not None:
        number = result.model.checked_answer(token)
        v = token_value(result.model, head, number)
        of = f"{head.name} reading the token {result.model.label(number)!r}"
    else:
        assert source is not None
        v = _value(result, head, source, row)
        of = f"{head.name} reading position {source % result.state.length}"
    return promoted(result, _written(result, head, v, at, row), count, at, row, of)


def token_value(model: Model, head: Node, token: int) -> Tensor:
    """The value [head_width] of a head that reads a token's embedding directly, through the norm before its layer.
    Raises ArgumentError for a model without tokens, and for one whose embedding of a token cannot be told from that of
    its position."""
    adapter, shape = model.adapter, model.adapter.shape
    if shape.input_kind != "text":
        raise ArgumentError(f"{model.title} reads pictures: it has no tokens.", "Give the position of a patch instead.")
    kv = head.head // (shape.heads // shape.kv_heads)
    weights = adapter.attention[head.layer]
    first = (shape.heads + shape.kv_heads + kv) * shape.head_width
    rows = slice(first, first + shape.head_width)
    with torch.no_grad():
        normed = widened(adapter.attention_norm(head.layer, token_embedding(adapter, token)[None, None]))[0, 0]
        v = widened(weights.w_qkv[rows].to(adapter.device)) @ normed
        return v if weights.b_qkv is None else v + widened(weights.b_qkv[rows])


def token_embedding(adapter: Adapter, token: int) -> Tensor:
    """What the `input` node writes for a token, without what it adds for a position: [width]. Raises ArgumentError
    where the two cannot be told apart."""
    with torch.no_grad():
        whole = adapter.embed(torch.tensor([[token], [0]], device=adapter.device))[:, 0]
        if not adapter.learned_positions:
            return whole[0]
        table = adapter.module.get_input_embeddings().weight
        places = whole - table[[token, 0]] if table.shape[1] == whole.shape[1] else None
        if places is None or float((places[0] - places[1]).abs().max()) > ALIKE * float(whole.abs().max()):
            raise ArgumentError(
                "The embedding of a token cannot be told from that of its position in this model.",
                "Give a position of the input instead.",
            )
        return table[token]  # type: ignore[no-any-return]


def _value(result: Result, head: Node, source: int, row: int) -> Tensor:
    """The value at a position of a run: [head_width]."""
    state, shape = result.state, result.model.adapter.shape
    if not state.q:
        raise keeps_no("values")
    if not -state.length <= source < state.length:
        raise ArgumentError(f"There is no position {source}.", f"The input has positions 0 to {state.length - 1}.")
    v = state.v[head.layer]
    return widened(of_row(v, row)[source, head.head // (shape.heads // shape.kv_heads)])


def _written(result: Result, head: Node, v: Tensor, at: int, row: int) -> Tensor:
    """A value through the head's part of the output matrix, and a norm after attention at the scale of the run:
    [width]."""
    adapter, state = result.model.adapter, result.state
    width = adapter.shape.head_width
    with torch.no_grad():
        w_o = adapter.attention[head.layer].w_o[:, head.head * width : (head.head + 1) * width]
        written = widened(w_o.to(v.device)) @ v
        factor = state.factors[head.layer]
        if factor is None:
            return written
        if factor.shape[1] != state.length:
            raise ArgumentError("The run has only the positions that the output reads.", 'Run with positions="all".')
        return written * widened(of_row(factor, row)[at])


def _read_at(result: Result, row: int) -> int:
    """Where the metric reads, or of pictures the first position: all have the norm's scale of what they hold."""
    if result.reads is not None:
        return int(of_row(result.reads, row)[0])
    kept_stream(result, Node("logits"))
    return 0 if result.model.adapter.shape.input_kind == "image" else result.state.length - 1
