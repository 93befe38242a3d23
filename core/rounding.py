"""What 8 bits change: answers of a model whose weights are rounded beside those of the same weights as they are on
disk, of which one layer at a time is in memory meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from core import progress
from core.engine.sizes import own_bytes
from core.inputs.pair import Side
from core.models.adapter import Adapter
from core.models.mapped_files import give_back
from core.precision import widened
from core.precision_words import ROUNDING
from core.session import Session

ROOM = 256 * 2**20  # bytes, about, that one pass over some rows may hold


@dataclass(frozen=True)
class Rounding:
    """Of the inputs of a pair, the largest of all rows of A and B: by how much a logit (a number of an embedding)
    differs, and the KL divergence of the rounded answers from the whole ones, in nats; None of embeddings."""

    difference: float
    divergence: float | None


def rounding(session: Session) -> Rounding | None:
    """What 8 bits change of the unedited answers to a session's inputs, by the model's own forward pass where the
    output is read. None of a model that is not in 8 bits. Raises Cancelled, between two layers."""
    model = session.model
    if model.unrounded is None:
        return None
    differences, divergences = [], []
    for side in (session.pair.clean, session.pair.counterfactual):
        for rows in () if side is None else _rows(model.adapter, side):
            assert side is not None
            rounded = _answers(model.adapter, side, rows)
            whole = _answers(model.unrounded, side, rows).to(rounded.device)
            differences.append((rounded - whole).abs().max())
            log_whole, log_rounded = whole.log_softmax(dim=-1), rounded.log_softmax(dim=-1)
            divergences.append((log_whole.exp() * (log_whole - log_rounded)).sum(dim=-1).max())
    divergence = max(float(max(divergences)), 0.0) if model.has_head else None
    return Rounding(float(max(differences)), divergence)


def rounding_about(session: Session) -> dict[str, str]:
    """For a file's `about`: by how much weights in 8 bits change a logit; of others nothing."""
    measured = rounding(session)
    return {} if measured is None else {ROUNDING: f"{measured.difference:.3g}"}


def _rows(adapter: Adapter, side: Side) -> Iterator[slice]:
    count = max(1, ROOM // max(1, own_bytes(adapter, len(side.labels))))
    return (slice(start, start + count) for start in range(0, len(side.tensor), count))


@torch.no_grad()
def _answers(adapter: Adapter, side: Side, rows: slice) -> Tensor:
    """[row, answers], in fp32 at least."""
    inputs = side.tensor[rows].to(adapter.device)
    reads = adapter.read_positions(inputs, torch.tensor(side.lengths[rows], device=adapter.device))
    with _layer_by_layer(adapter):
        return widened(adapter.own_answers(inputs, reads))


@contextmanager
def _layer_by_layer(adapter: Adapter) -> Iterator[None]:
    """For a time, when a layer has computed it is asked whether to go on, and what was read of its weights goes."""

    def after(block: Any, _inputs: Any, _output: Any) -> None:
        give_back(block.parameters())
        progress.at()

    hooks = [block.register_forward_hook(after) for block in adapter.blocks]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
