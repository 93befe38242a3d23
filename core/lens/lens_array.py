"""The logit lens over all layers and positions at once: what `core.lens.logit_lens` says of one stream at one position,
as arrays. With a tuned lens, the streams between layers go through its maps first (`core.lens.tuned_lens`)."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.engine.state import at_last
from core.errors import ArgumentError, Cancelled
from core.graph import Node
from core.lens.input_row import check_row, of_row
from core.lens.logit_lens import positions_read, stream_after, warning_at
from core.lens.tuned_lens import TunedLens
from core.pictures.lens_map import lens_picture
from core.pictures.picture import Picture
from core.precision import widened
from core.result import Result

NUMBERS = 2**22  # of logits that are made at a time
_STAGES = {"input": "input", "head": "a{}", "mlp": "m{}"}


@dataclass(frozen=True)
class LogitLens:
    """stages: after what the stream is read, [stage]: the embedding, each layer's attention, its MLP. answers: those
    that were asked for, by their labels. probabilities: theirs, [stage, position, answer]. best: the likeliest answer
    of all, its id and its probability, [stage, position]; labels: what it is called. warning: why the stages before the
    end may mean little; empty where nothing speaks against them. tuned: the name of the tuned lens, "" for none: then
    there is no stage inside of a layer."""

    stages: tuple[str, ...]
    answers: tuple[str, ...]
    probabilities: NDArray[np.float32]
    best: NDArray[np.int64]
    best_probabilities: NDArray[np.float32]
    labels: tuple[tuple[str, ...], ...]
    warning: str = ""
    tuned: str = ""

    def picture(self, columns: Sequence[str] = (), answer: int | None = None) -> Picture:
        """The end of the model on top; of many positions the last ones. columns: what the positions are called; their
        numbers by default. answer: the place among `answers` of the one whose probability colours the cells; None: the
        likeliest of each."""
        names = columns or [str(number) for number in range(self.best.shape[1])]
        values = self.best_probabilities if answer is None else self.probabilities[:, :, answer]
        return lens_picture(self.stages, names, values, self.labels, self.title(answer))

    def title(self, answer: int | None = None) -> str:
        """What a picture of it shows."""
        title = "the likeliest answer"
        if answer is not None:
            title += f", the probability of {self.answers[answer]!r} as the colour"
        if self.warning:
            title += " (not aligned with the texts before the end)"
        return f"{title}; tuned lens {self.tuned}" if self.tuned else title

    def _repr_svg_(self) -> str:
        """In a notebook: the likeliest answer at each stage and position, the end of the model on top."""
        return self.picture().svg

    def to_csv(self, positions: Sequence[str] = ()) -> str:
        """A line for each stage and position. positions: what they are called; "" by default."""
        text = io.StringIO()
        lines = csv.writer(text, lineterminator="\n")
        lines.writerow(("stage", "position", "token", "likeliest", "probability", *self.answers))
        names = list(positions) or [""] * self.best.shape[1]
        for number, stage in enumerate(self.stages):
            for position, name in enumerate(names):
                shares = (self.best_probabilities[number, position], *self.probabilities[number, position])
                label = self.labels[number][position]
                lines.writerow((stage, position, name, label, *(f"{share:.6g}" for share in shares)))
        return text.getvalue()


def logit_lens(
    result: Result,
    answers: Sequence[str | int] = (),
    row: int = 0,
    *,
    tuned: TunedLens | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> LogitLens:
    """What the stream says in the model's own answers after every part of every layer, at every position: the final
    norm and the head, as if the model ended there (nostalgebraist 2020).

    result: of a run with positions="all". answers: whose probabilities are kept, as text or ids. row: of the batch.
    tuned: a lens whose maps the streams between layers go through first (Belrose et al. 2023); what stands inside of a
    layer is left out. Raises ArgumentError for a model without a head, for a run of some positions or a circuit's, a
    row that is not there; InputError for answers; Cancelled between stages.
    """
    model = result.model
    check_row(len(result.metric), row)
    nodes = [Node("input")]
    for layer in range(model.graph.layers):
        nodes += [Node("mlp", layer)] if tuned is not None else [Node("head", layer), Node("mlp", layer)]
    ids = [model.checked_answer(answer) for answer in answers]
    kept, best, best_values = [], [], []
    for number, node in enumerate(nodes):
        if cancelled is not None and cancelled():
            raise Cancelled
        x = stream_after(result, node)
        if x.shape[1] != result.state.length:
            raise ArgumentError("The run has only the positions that the output reads.", 'Run with positions="all".')
        x = of_row(x, row)
        if tuned is not None and number < model.graph.layers:  # what is before a layer
            with torch.no_grad():
                x = tuned.translate(number, x)
        shares = _probabilities(result, x)
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
        "" if tuned is None else tuned.name,
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
