"""The logit lens: what the stream, or what one node writes to it, says in the model's own answers at one position.

Of the stream: the final norm and the head, as if the model ended there: probabilities (nostalgebraist 2020,
"interpreting GPT: the logit lens"). Of a node: how far it pushes each answer by itself, with the norm's scale frozen at
the stream that the output would read at this position; logits, less their mean over all answers, which changes nothing
(Elhage et al. 2021). A classifier reads one position or pools several: what is looked at stands at all of those.

CLIP and SigLIP learn to compare a picture with texts at the end of the tower alone. Nothing keeps the streams before it
in the space of the texts, so what the lens says of them carries a warning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from core.errors import ArgumentError
from core.graph import Node
from core.lens.input_row import check_row, of_row
from core.lens.output import FrozenOutput, needs_head
from core.precision import widened
from core.result import Result, keeps_no

NOT_ALIGNED = (
    "This model compares pictures with texts at the end of its tower alone. Before that, what the stream holds is not "
    "aligned with the texts: read these numbers with care."
)


@dataclass(frozen=True)
class LensAnswer:
    """One answer. value: a probability, or logits above the mean of all answers."""

    index: int
    label: str
    value: float


@dataclass(frozen=True)
class LensReading:
    """The answers that are pushed most, the most first. unit: what their values are. warning: why they may mean little;
    empty where nothing speaks against them."""

    unit: Literal["probability", "logits"]
    rows: tuple[LensAnswer, ...]
    warning: str = ""


def stream_lens(
    result: Result, after: Node, position: int, count: int = 5, row: int = 0, also: Sequence[int] = ()
) -> LensReading:
    """The stream at a position, after the layer's part that a node belongs to has been added: the embedding, a layer's
    attention, its MLP; of `logits` the stream at the end.

    result: of a run over all positions. also: answers to list behind those that are pushed most. Raises ArgumentError
    for a model without a head, a circuit's run, and a position or a row that is not there.
    """
    x = _at(result, stream_after(result, after), position, row)
    with torch.no_grad():
        answers = _answers(result.model.adapter.read(x.expand(1, positions_read(result), -1)))
    probabilities = widened(answers).softmax(dim=-1)
    return replace(_reading(result, "probability", probabilities, count, also), warning=warning_at(result, after))


def node_lens(
    result: Result, node: Node, position: int, count: int = 5, row: int = 0, also: Sequence[int] = ()
) -> LensReading:
    """What a node itself says at a position. Arguments and errors as of `stream_lens`; ArgumentError for `logits`,
    which writes nothing, and for a head that is not linear."""
    if node.kind == "logits":
        raise ArgumentError("The logits only read: they write nothing.", "Take stream_lens.")
    return _reading(result, "logits", node_logits(result, node, [position], row)[0], count, also)


def node_logits(result: Result, node: Node, positions: list[int], row: int = 0) -> Tensor:
    """How far a node pushes every answer at some positions, less the mean: [positions, answers]."""
    _check(result)
    number = result.model.graph.writer_index(node)
    state = result.state
    out = state.out(result.model.adapter, node)
    delta = state.node_deltas.get(number)
    carried = out if delta is None else widened(out) + delta
    return vector_logits(
        result, torch.cat([_at(result, carried, position, row)[0] for position in positions]), positions, row
    )


def vector_logits(result: Result, vectors: Tensor, positions: Sequence[int], row: int = 0) -> Tensor:
    """How far vectors of the stream [positions, width], one for each position, would push every answer there, less the
    mean: [positions, answers]. The norms keep the scales of the run at these positions. Raises ArgumentError for a head
    that is not linear, and as `stream_lens` does."""
    final, n = stream_after(result, Node("logits")), positions_read(result)
    scales = torch.cat([_at(result, final, position, row) for position in positions]).expand(-1, n, -1)
    x = vectors.to(scales)[:, None].expand(-1, n, -1)
    with torch.no_grad():
        output = FrozenOutput(result.model, result.state, scales)
        logits = output(x) - output(torch.zeros_like(x[:1])).expand(len(x), -1)
    return logits - logits.mean(dim=-1, keepdim=True)


def stream_after(result: Result, node: Node) -> Tensor:
    _check(result)
    return kept_stream(result, node)


def kept_stream(result: Result, node: Node) -> Tensor:
    """The same of any model, with a head or without: [batch, position, width]. Raises ArgumentError for a circuit's
    run."""
    state = result.state
    if not state.q:
        raise keeps_no("stream")
    if node.kind == "head":
        return state.after_attention[node.layer]
    layer = 0 if node.kind == "input" else node.layer + 1
    at_end = node.kind == "logits" or layer == len(state.attention_in)
    stream = state.final if at_end else state.attention_in[layer]
    assert stream is not None
    return stream


def warning_at(result: Result, node: Node) -> str:
    """What speaks against reading the stream after a node in the model's answers; empty where nothing does."""
    at_end = stream_after(result, node) is result.state.final
    return NOT_ALIGNED if result.model.adapter.compares_at_end and not at_end else ""


def _check(result: Result) -> None:
    needs_head(result.model)
    if not result.state.q:
        raise keeps_no("stream")


def _at(result: Result, x: Tensor, position: int, row: int) -> Tensor:
    """One position of x: [1, 1, width]. Raises ArgumentError where it is not there, or the row."""
    check_row(len(result.metric), row)
    length = result.state.embedding.shape[1]
    if not -length <= position < length:
        raise ArgumentError(f"There is no position {position}.", f"The input has positions 0 to {length - 1}.")
    if x.shape[1] != length:
        raise ArgumentError("The run has only the positions that the output reads.", 'Run with positions="all".')
    return of_row(x, row)[position % length][None, None]


def positions_read(result: Result) -> int:
    """How many positions the head takes: of text the one it is asked at, of images those that it reads."""
    adapter = result.model.adapter
    if adapter.shape.input_kind == "text":
        return 1
    return result.state.embedding.shape[1]


def _answers(output: Tensor) -> Tensor:
    return output[0, -1] if output.ndim == 3 else output[0]


def _reading(
    result: Result, unit: Literal["probability", "logits"], values: Tensor, count: int, also: Sequence[int]
) -> LensReading:
    best = values.topk(min(count, values.shape[-1])).indices.tolist()
    rows = (
        LensAnswer(index, result.model.label(index), float(values[index])) for index in dict.fromkeys([*best, *also])
    )
    return LensReading(unit, tuple(rows))
