"""AtP*'s queries and keys ("QK fix", Kramar et al. 2024): what becomes of a head's mix z when a port reads less,
through norm, projection and softmax as they are, times the gradient at z.

A query at one position moves its own row of the pattern alone; so rows are what positions are. A key stands in the rows
of all queries that see it. Where one key alone changes, at position p, the softmax of query i needs no second run: with
a = pattern[i, p], d = the change of score[i, p], and o_i the mix of all other keys' values,

    z'_i - z_i = (a' - a) (v_p - o_i),   log(a' / (1 - a')) = log(a / (1 - a)) + d

and (v_p - o_i) . gradient_i is the same for all writers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from core.engine.attention import head_scores, soft_capped
from core.engine.layer import LayerMath
from core.engine.rows import Rows
from core.precision import widened
from core.tracing.job import Job

BYTES = 32 * 2**20  # of the shares of one head that are held at once


def through_softmax(job: Job, layer: int, lost: Tensor, at_z: Tensor, first: int, by_position: bool) -> Tensor:
    """(z - z with a port reading less) . gradient: [q and k ports of a layer, drops, writers], by_position also [...,
    rows]: with what is lost at that position alone.

    lost: [writers, batch, rows, width], what a port would read less. at_z: [drops, batch, rows, heads, head_width].
    Rows begin at `first`."""
    engine, adapter = job.session.engine, job.session.model.adapter
    shape, math, clean = adapter.shape, LayerMath(adapter, layer), engine.clean(full=True)
    count, group = len(lost), shape.heads // shape.kv_heads
    x = clean.attention_in[layer][:, first:]
    places = clean.places(Rows(engine.length, first))

    def ports(stream: Tensor) -> tuple[Tensor, Tensor]:
        projected = math.project(math.norm(stream), 0, shape.heads + shape.kv_heads)
        return projected[:, :, : shape.heads], projected[:, :, shape.heads :]

    def repeated(part: Tensor) -> Tensor:
        return part.repeat(count, 1, 1, 1)

    def dropped(z: Tensor) -> Tensor:
        """By head: [heads, drops, writers], or [..., rows]."""
        change = widened(clean.z[layer][:, first:]) - z.unflatten(0, (count, -1))  # type: ignore[no-untyped-call]
        if by_position:
            return torch.einsum("dbthk,ubthk->hdut", at_z, change)
        by_head = change.permute(3, 0, 1, 2, 4).flatten(2)
        products: Tensor = at_z.permute(3, 0, 1, 2, 4).flatten(2) @ by_head.transpose(1, 2)
        return products

    def with_queries(q: Tensor) -> Tensor:
        turned = math.query(q, places)
        return dropped(math.attend(turned, repeated(clean.k[layer]), repeated(clean.v[layer]), places))

    def with_keys(k: Tensor) -> Tensor:
        turned = math.key(k, places)
        if by_position:
            return _one_key(job, layer, turned.unflatten(0, (count, -1)), at_z, first, math.mask(places))  # type: ignore[no-untyped-call]
        turned = torch.cat([repeated(clean.k[layer][:, :first]), turned], dim=1)
        return dropped(math.attend(repeated(clean.q[layer][:, first:]), turned, repeated(clean.v[layer]), places))

    q, k = ports((x - lost).to(x.dtype).flatten(0, 1))
    if not shape.coupled:
        return torch.cat([with_queries(q), with_keys(k).unflatten(0, (-1, group)).sum(dim=1)])  # type: ignore[no-untyped-call]
    clean_q, clean_k = (repeated(part) for part in ports(x))  # a norm may span all heads, so that each moves the others
    moves = []
    both: tuple[tuple[Tensor, Tensor, Callable[[Tensor], Tensor]], ...]
    both = ((clean_q, q, with_queries), (clean_k, k, with_keys))
    for every, new, run in both:
        for head in range(new.shape[2]):
            mixed = every.clone()
            mixed[:, :, head] = new[:, :, head]
            moves.append(run(mixed).sum(dim=0))
    return torch.stack(moves)


def _one_key(job: Job, layer: int, keys: Tensor, at_z: Tensor, first: int, mask: Tensor | None) -> Tensor:
    """With one key of all alone: [heads, drops, writers, rows]. keys: as attention uses them, [writers, batch, rows,
    kv_heads, head_width]."""
    adapter, clean = job.session.model.adapter, job.session.engine.clean(full=True)
    shape, weights = adapter.shape, adapter.attention[layer]
    # In fp64, since a share next to 1 leaves next to nothing; and so on the CPU, as not every device has fp64.
    if weights.sinks is not None:
        weights = replace(weights, sinks=weights.sinks.cpu())
    mask = None if mask is None else mask.cpu()
    clean_q, clean_k = clean.q[layer][:, first:].cpu().double(), clean.k[layer].cpu().double()
    gradient = at_z.cpu().double()
    moves = []
    for head in range(shape.heads):
        kv = head * shape.kv_heads // shape.heads
        of_head = mask if mask is None or mask.shape[1] == 1 else mask[:, head : head + 1]
        logs = head_scores(shape, weights, clean_q, clean_k, head, of_head).log_softmax(dim=-1)  # [batch, query, key]
        odds, toward = _without_one(logs, clean.v[layer][:, :, kv].cpu().double(), gradient[:, :, :, head])
        odds, toward = odds[:, :, first : clean_k.shape[1]], toward[..., first:]
        q, k = clean_q[:, :, head], clean_k[:, first:, kv]
        scores = soft_capped(weights, q @ k.transpose(1, 2) * weights.scale)
        of_writers = []
        for new in keys[:, :, :, kv].cpu().double().split(max(1, BYTES // (odds.numel() * odds.element_size()))):  # type: ignore[no-untyped-call]
            change = soft_capped(weights, q @ new.transpose(2, 3) * weights.scale) - scores
            moved = torch.sigmoid(odds + change) - torch.sigmoid(odds)  # a' - a: [writers, batch, query, key]
            of_writers.append(-torch.einsum("ubij,dbij->duj", moved, toward))
        moves.append(torch.cat(of_writers, dim=1))
    return torch.stack(moves).to(at_z)


def _without_one(logs: Tensor, values: Tensor, gradient: Tensor) -> tuple[Tensor, Tensor]:
    """log(a / (1 - a)) of each key's share a [batch, query, key], and (its value - the mix of the others) . gradient
    [drops, batch, query, key]. Of the largest share both are taken from the others, since 1 - a may be next to nothing.

    logs: of the shares, the sink's last. values: [batch, key, head_width]. gradient: [drops, batch, query, head_width].
    """
    largest = torch.zeros_like(logs, dtype=torch.bool).scatter_(-1, logs.argmax(dim=-1, keepdim=True), True)
    other_logs = logs.masked_fill(largest, float("-inf"))
    alone = torch.log1p(-logs.exp())
    odds = logs - torch.where(largest, other_logs.logsumexp(dim=-1, keepdim=True), alone)
    keys = values.shape[1]
    mixed, rest = logs.exp()[..., :keys] @ values, other_logs.softmax(dim=-1)[..., :keys] @ values
    at_values = gradient @ values.transpose(1, 2)
    small = (at_values - (gradient * mixed).sum(dim=-1, keepdim=True)) * (-alone[..., :keys]).exp()
    large = at_values - (gradient * rest).sum(dim=-1, keepdim=True)
    toward = torch.where(largest[..., :keys], large, small)
    return odds, toward.nan_to_num(nan=0.0)  # of the only key that a query sees: it has all, before and after
