"""The logit lens over all layers and positions at once: what `core.lens.logit_lens` says of one stream at one position,
as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.engine.state import at_last
from core.errors import ArgumentError
from core.graph import Node
from core.lens.logit_lens import positions_read, stream_after, warning_at
from core.pictures.heat_map import heat_map
from core.precision import widened
from core.result import Result

NUMBERS = 2**22  # of logits that are made at a time
SHOWN = 40  # positions of the picture
_STAGES = {"input": "input", "head": "a{}", "mlp": "m{}"}


@dataclass(frozen=True)
class LogitLens:
    """stages: after what the stream is read, [stage]: the embedding, each layer's attention, its MLP. answers: those
    that were asked for, by their labels. probabilities: theirs, [stage, position, answer]. best: the likeliest answer
    of all, its id and its probability, [stage, position]; labels: what it is called. warning: why the stages before the
    end may mean little; empty where nothing speaks against them."""

    stages: tuple[str, ...]
    answers: tuple[str, ...]
    probabilities: NDArray[np.float32]
    best: NDArray[np.int64]
    best_probabilities: NDArray[np.float32]
    labels: tuple[tuple[str, ...], ...]
    warning: str = ""

    def _repr_svg_(self) -> str:
        """In a notebook: the likeliest answer at each stage and position, the end of the model on top."""
        some = slice(max(0, self.best.shape[1] - SHOWN), None)
        columns = [str(number) for number in range(self.best.shape[1])][some]
        words = [row[some] for row in reversed(self.labels)]
        values = self.best_probabilities[::-1, some]
        title = "the likeliest answer" + (" (not aligned with the texts before the end)" if self.warning else "")
        return heat_map(values, self.stages[::-1], columns, words=words, title=title).svg


def logit_lens(result: Result, answers: Sequence[str | int] = (), row: int = 0) -> LogitLens:
    """What the stream says in the model's own answers after every part of every layer, at every position: the final
    norm and the head, as if the model ended there (nostalgebraist 2020).

    result: of a run with positions="all". answers: whose probabilities are kept, as text or ids. row: of the batch.
    Raises ArgumentError for a model without a head, for a run of some positions or a circuit's; InputError for answers.
    """
    model = result.model
    nodes = [Node("input")]
    for layer in range(model.graph.layers):
        nodes += [Node("head", layer), Node("mlp", layer)]
    ids = [model.checked_answer(answer) for answer in answers]
    kept, best, best_values = [], [], []
    for node in nodes:
        x = stream_after(result, node)
        if x.shape[1] != result.state.length:
            raise ArgumentError("The run has only the positions that the output reads.", 'Run with positions="all".')
        shares = _probabilities(result, x[min(row, len(x) - 1)])
        kept.append(shares[:, ids])
        values, places = shares.max(dim=-1)
        best.append(places)
        best_values.append(values)
    ids_at = torch.stack(best).cpu().numpy()
    return LogitLens(
        tuple(_STAGES[node.kind].format(node.layer) for node in nodes),
        tuple(model.label(index) for index in ids),
        torch.stack(kept).float().cpu().numpy(),
        ids_at,
        torch.stack(best_values).float().cpu().numpy(),
        tuple(tuple(model.label(int(index)) for index in at) for at in ids_at),
        warning_at(result, nodes[0]),
    )


def _probabilities(result: Result, x: Tensor) -> Tensor:
    """Of all answers, at each position: x [position, width] to [position, answers]."""
    adapter, count = result.model.adapter, positions_read(result)
    size = max(1, result.answer.shape[-1], count * x.shape[-1])
    parts = []
    with torch.no_grad():
        for part in torch.split(x, max(1, NUMBERS // size)):
            output = adapter.read(part[:, None].expand(-1, count, -1))
            parts.append(widened(at_last(output)).softmax(dim=-1))
    return torch.cat(parts)
