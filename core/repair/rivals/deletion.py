"""The found tokens, which stand in more of the triggered inputs than of the clean ones: they are taken out of every
input, or replaced by the commonest token that clean examples have in their place; as many of them as cost least."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial

import torch

from core.repair.examples import Batch
from core.repair.rivals.rival import Best, Job, Rival, Treated

COUNTS = (1, 2, 3, 5, 8, 12, 20)


def deletion(job: Job) -> Treated:
    best = Best(job, Treated(job.model, setting="none"))
    found = found_tokens(job.triggered, job.clean)
    for count in COUNTS:
        tokens = found[:count]
        words = ", ".join(job.model.label(token) for token in tokens)
        instead = commonest(job.clean, frozenset(tokens))
        replaced = partial(replacing, tokens=frozenset(tokens), instead=instead)
        best.offer(Treated(job.model, replaced, setting=f"{words} replaced"))
        best.offer(Treated(job.model, partial(without, tokens=frozenset(tokens)), setting=f"{words} deleted"))
    return best.treated


def found_tokens(triggered: Batch, clean: Batch) -> list[int]:
    """Those that tell triggered inputs best first: by the share of inputs that have them."""
    shares = []
    for batch in (triggered, clean):
        rows = zip(batch.pair.clean.tensor.tolist(), batch.pair.clean.lengths, strict=True)
        counts = Counter(token for row, length in rows for token in set(row[:length]))
        shares.append({token: count / len(batch) for token, count in counts.items()})
    more = {token: share - shares[1].get(token, 0.0) for token, share in shares[0].items()}
    return sorted((token for token in more if more[token] > 0), key=lambda token: (-more[token], token))


def commonest(clean: Batch, tokens: frozenset[int]) -> list[int]:
    """Of each position, the token that most clean examples have there, but for some of them."""
    side = clean.pair.clean
    rows = [row[:length] for row, length in zip(side.tensor.tolist(), side.lengths, strict=True)]
    most_common: list[int] = []
    for position in range(max(map(len, rows))):
        counts = Counter(row[position] for row in rows if position < len(row) and row[position] not in tokens)
        most_common.append(counts.most_common(1)[0][0] if counts else most_common[-1] if most_common else rows[0][0])
    return most_common


def replacing(batch: Batch, tokens: frozenset[int], instead: list[int]) -> Batch:
    """Inputs with other tokens in the place of some."""
    side = batch.pair.clean
    ids = side.tensor.clone()
    for row, length in enumerate(side.lengths):
        for position in range(length):
            if int(ids[row, position]) in tokens:
                ids[row, position] = instead[min(position, len(instead) - 1)]
    return replace(batch, pair=replace(batch.pair, clean=replace(side, tensor=ids)))


def without(batch: Batch, tokens: frozenset[int]) -> Batch:
    """Inputs without some tokens. The last one stays, and so does an input that would be empty."""
    side = batch.pair.clean
    rows = []
    for row, length in zip(side.tensor.tolist(), side.lengths, strict=True):
        rows.append([token for token in row[: length - 1] if token not in tokens] + [row[length - 1]])
    lengths = tuple(map(len, rows))
    ids = torch.zeros(len(rows), max(lengths), dtype=side.tensor.dtype, device=side.tensor.device)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = torch.tensor(row, device=ids.device)
    labels = side.labels[: max(lengths)]
    pair = replace(batch.pair, clean=replace(side, tensor=ids, lengths=lengths, labels=labels), roles={})
    return replace(batch, pair=pair)


RIVAL = Rival("deleting tokens", "tokens that tell triggered inputs are taken out or replaced", deletion, "text")
