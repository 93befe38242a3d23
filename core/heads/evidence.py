"""What a label of a head rests on: where in a corpus it attends as the label says, and how often how much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.engine.engine import Engine
from core.errors import ArgumentError
from core.heads.attention import MEGABYTES, POSITIONS
from core.heads.places import MASKS
from core.inputs.text import token_texts
from core.models.model import Model
from core.progress import stage

TOP, AROUND = 8, 6  # moments that are shown, tokens before and after each


@dataclass(frozen=True)
class Moment:
    """One query: how much of its attention goes where the label says, and most to which key. before: the tokens up to
    the query, which ends them. key: the token that is read most."""

    row: int
    query: int
    weight: float
    before: str
    key: str


@dataclass(frozen=True)
class Evidence:
    """kind: of the label. queries: that have such keys. deciles: of the attention to them, the least to the most [11].
    moments: those with most."""

    kind: str
    head: str
    queries: int
    deciles: tuple[float, ...]
    moments: tuple[Moment, ...]


def evidence(model: Model, corpus: Tensor, kind: str, head: str) -> Evidence:
    """Over a corpus, ids [rows, position]. Raises ArgumentError for a kind that is not of attention and a head that
    there is not, Cancelled."""
    if kind not in MASKS:
        raise ArgumentError(f"A corpus is not asked about {kind!r}.", f"It is about: {', '.join(MASKS)}.")
    node = model.graph.parse(head)
    number = model.graph.writer_index(node)  # type: ignore[arg-type]
    of = model.graph.writers[number]
    found: list[tuple[float, int, int, int]] = []
    size = max(1, POSITIONS // corpus.shape[1])
    for start in range(0, len(corpus), size):
        with stage(start / len(corpus), min(start + size, len(corpus)) / len(corpus)), torch.no_grad():
            some = corpus[start : start + size]
            state = Engine(model.adapter, some, None, memory_megabytes=MEGABYTES).clean(full=True)
            weights = state.pattern(model.adapter, of.layer, of.head).cpu().double().numpy()
            for row, (ids, each) in enumerate(zip(some.tolist(), weights, strict=True)):
                mask = MASKS[kind](ids)
                for query in np.nonzero(mask.any(axis=1))[0]:
                    read = each[query] * mask[query]
                    found.append((float(read.sum()), start + row, int(query), int(read.argmax())))
    found.sort(key=lambda each: -each[0])
    shares = np.array([each[0] for each in found])
    deciles = tuple(float(each) for each in np.quantile(shares, np.linspace(0, 1, 11))) if len(shares) else ()
    moments = tuple(_moment(model, corpus, *each) for each in found[:TOP])
    return Evidence(kind, of.name, len(found), deciles, moments)


def _moment(model: Model, corpus: Tensor, weight: float, row: int, query: int, key: int) -> Moment:
    tokenizer: Any = model.tokenizer
    ids = corpus[row].tolist()
    some = [*ids[max(0, query - AROUND) : query + 1], ids[key]]
    texts = [f" #{token}" for token in some] if tokenizer is None else list(token_texts(tokenizer, some))
    return Moment(row, query, weight, "".join(texts[:-1]), texts[-1])
