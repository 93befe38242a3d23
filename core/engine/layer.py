"""One layer, as every pass computes it. A pass decides what each port reads and at which rows; what becomes of that is
stated here, out of the formulas of `core.engine.attention`.

    ports   q, k, v = w_qkv norm(x) + b_qkv      of one stream (`project`), or of one a port (`project_each`)
    mix     z = softmax(scores of turned q and k) v, where keys and values of earlier rows may be another run's
    write   what heads add: all together with b_o (`write`), or each of them (`outs`)
    mlp     what the MLP adds

Ports are numbered among all q, all k, all v of the layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from core.engine.attention import (
    attend,
    head_out,
    heads_out,
    is_plain,
    of_heads,
    pattern,
    scaled,
    score_mask,
    write_heads,
)
from core.graph import Reader
from core.models.adapter import Adapter, Places
from core.models.spread import at_weight


class KeysAndValues(Protocol):
    """What is read of a run (`core.engine.state.RunState`): turned keys and values, [batch, position, ...] a layer."""

    @property
    def k(self) -> Sequence[Tensor]: ...

    @property
    def v(self) -> Sequence[Tensor]: ...


@dataclass(frozen=True, eq=False)
class Below:
    """A run whose rows before `first` are also those of a pass that computes the others alone. Its batch may be a part
    of that pass's, which is repeated."""

    run: KeysAndValues
    first: int

    def with_rows(self, layer: int, k: Tensor, v: Tensor, kv_heads: Sequence[int] | None) -> tuple[Tensor, Tensor]:
        """Turned keys and values of some K/V heads with those of the rows before them: [batch, position, ...]."""
        earlier_k, earlier_v = self.rows(layer, len(k), kv_heads)
        return torch.cat([earlier_k, k], dim=1), torch.cat([earlier_v, v], dim=1)

    def rows(self, layer: int, batch: int, kv_heads: Sequence[int] | None = None) -> tuple[Tensor, Tensor]:
        """Those of the rows before: [batch, first, ...]."""
        k, v = (some_heads(x[layer][:, : self.first], kv_heads) for x in (self.run.k, self.run.v))
        if len(k) < batch:
            k, v = (x.repeat(batch // len(x), 1, 1, 1) for x in (k, v))
        return k, v


@dataclass(frozen=True, eq=False)
class Mixed:
    """Attention as it was computed: q [batch, n, heads, head_width], turned; k and v [batch, position, ...] with the
    rows below, k turned; z like q."""

    q: Tensor
    k: Tensor
    v: Tensor
    z: Tensor


class LayerMath:
    """The attention and the MLP of one layer of a model."""

    def __init__(self, adapter: Adapter, layer: int) -> None:
        self.adapter = adapter
        self.layer = layer
        self.shape = adapter.shape
        self.weights = adapter.attention[layer]

    # ---- ports ----

    def port(self, reader: Reader) -> int:
        """The number of a port."""
        return {"q": 0, "k": self.shape.heads, "v": self.shape.heads + self.shape.kv_heads}[reader.kind] + reader.head

    def split(self, ports: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """[batch, n, ports, head_width] to q, k and v."""
        q, k = self.shape.heads, self.shape.heads + self.shape.kv_heads
        return ports[:, :, :q], ports[:, :, q:k], ports[:, :, k:]

    def norm(self, x: Tensor) -> Tensor:
        """The norm before attention, of streams [..., width]."""
        return self.adapter.attention_norm(self.layer, x)

    def project(self, normed: Tensor, first: int = 0, stop: int | None = None) -> Tensor:
        """What ports from a first one on make of one normed stream [batch, n, width]: [batch, n, ports, head_width]."""
        weights, d = self.weights, self.shape.head_width
        w, b = weights.w_qkv, weights.b_qkv
        if first > 0 or stop is not None:
            rows = slice(first * d, None if stop is None else stop * d)
            w, b = w[rows], None if b is None else b[rows]
        return self.adapter.products.linear(normed, w, b).unflatten(2, (-1, d))  # type: ignore[no-any-return,no-untyped-call]

    def project_each(self, normed: Tensor, ports: Sequence[int]) -> Tensor:
        """What ports make of a normed stream each [ports, rows, width]: [ports, rows, head_width]."""
        w, b = self.port_weights(ports)
        if b is None:
            return at_weight(torch.matmul, normed, w.transpose(1, 2))
        return at_weight(lambda x, turned: torch.baddbmm(b.to(x.device), x, turned), normed, w.transpose(1, 2))

    def port_weights(self, ports: Sequence[int]) -> tuple[Tensor, Tensor | None]:
        """The projection of ports [ports, head_width, width], where the layer lies, and their bias [ports, 1,
        head_width], where streams are."""
        weights, numbers = self.weights, neighbours(ports)
        w = weights.w_qkv.unflatten(0, (-1, self.shape.head_width))[numbers]  # type: ignore[no-untyped-call]
        return w, None if weights.b_qkv is None else weights.b_qkv.view(-1, 1, self.shape.head_width)[numbers]

    # ---- attention ----

    def query(self, q: Tensor, queries: Places, heads: Sequence[int] | None = None) -> Tensor:
        """q of heads (None: all) as attention uses it: normed, turned to where it stands."""
        return self.adapter.query(self.layer, q, queries, heads)

    def key(self, k: Tensor, keys: Places, kv_heads: Sequence[int] | None = None) -> Tensor:
        """The same for k."""
        return self.adapter.key(self.layer, k, keys, kv_heads)

    def attend(
        self,
        q: Tensor,
        k: Tensor,
        v: Tensor,
        queries: Places,
        heads: Sequence[int] | None = None,
        kv_heads: Sequence[int] | None = None,
    ) -> Tensor:
        """z of turned queries [batch, n, heads, head_width] over keys and values at all positions. heads, kv_heads:
        which ones these are; None: all."""
        plain = is_plain(self.adapter, self.layer, queries)
        if heads is None and kv_heads is None:
            return attend(self.weights, q, k, v, None if plain else self.mask(queries), plain)
        group = self.shape.heads // self.shape.kv_heads
        heads = range(self.shape.heads) if heads is None else heads
        kv_heads = range(self.shape.kv_heads) if kv_heads is None else kv_heads
        beside = [kv_heads.index(head // group) for head in heads]  # the place of each head's keys
        if beside != [place for place in range(len(kv_heads)) for _ in range(group)]:
            k, v = some_heads(k, beside), some_heads(v, beside)
        return attend(of_heads(self.weights, heads), q, k, v, None if plain else self.mask(queries, heads), plain)

    def mix(
        self,
        q: Tensor,
        k: Tensor,
        v: Tensor,
        queries: Places,
        keys: Places | None = None,
        below: Below | None = None,
        heads: Sequence[int] | None = None,
        kv_heads: Sequence[int] | None = None,
    ) -> Mixed:
        """Attention of what ports projected. keys: where k and v stand, if not where q does. below: where keys and
        values of the rows before them come from. heads, kv_heads: which ones q, and k and v, are; None: all."""
        q = self.query(q, queries, heads)
        k = self.key(k, queries if keys is None else keys, kv_heads)
        if below is not None:
            k, v = below.with_rows(self.layer, k, v, kv_heads)
        return Mixed(q, k, v, self.attend(q, k, v, queries, heads, kv_heads))

    def pattern(self, q: Tensor, k: Tensor, head: int, queries: Places) -> Tensor:
        """Attention of one head, of turned queries and keys of all: [batch, n, position]."""
        return pattern(self.shape, self.weights, q, k, head, self.mask(queries, [head]))

    def mask(self, queries: Places, heads: Sequence[int] | None = None) -> Tensor | None:
        """What is done to the scores of some heads (None: all): see `score_mask`."""
        return score_mask(self.adapter, self.layer, queries, heads)

    # ---- what is written ----

    def write(self, z: Tensor) -> tuple[Tensor, Tensor | None]:
        """What all heads add together, b_o included, and the factor of their joint scale, if they have one."""
        return write_heads(self.weights, z, self.adapter.products.linear)

    def factor(self, z: Tensor) -> Tensor | None:
        """That factor, from the z of all heads."""
        return None if self.weights.joint_scale is None else self.write(z)[1]

    def out(self, z: Tensor, head: int, factor: Tensor | None) -> Tensor:
        """What one head adds: its z [batch, n, head_width] to [batch, n, width]. factor: of the joint scale."""
        return head_out(self.weights, z, head, factor)

    def outs(self, z: Tensor, heads: Sequence[int], factor: Tensor | None = None) -> Tensor:
        """What some heads add: their z [..., n, heads, head_width] to [heads, ..., n, width]."""
        outs = heads_out(self.weights, z, heads)
        return outs if factor is None else scaled(outs, factor)

    def together(self, z: Tensor, heads: Sequence[int]) -> Tensor:
        """What some heads add together: their z [batch, n, heads, head_width] to [batch, n, width]. Without b_o and the
        joint scale."""
        w = self.weights.w_o.unflatten(1, (-1, z.shape[-1]))[:, neighbours(heads)]  # type: ignore[no-untyped-call]
        return at_weight(F.linear, z.flatten(2), w.flatten(1))

    def mlp(self, x: Tensor) -> Tensor:
        """What the MLP adds where it reads x [..., rows, width]."""
        return self.adapter.mlp(self.layer, self.adapter.mlp_norm(self.layer, x))


def neighbours(numbers: Sequence[int]) -> list[int] | slice:
    """An index of numbers that are next to each other copies nothing."""
    after = numbers[0] + len(numbers)
    return slice(numbers[0], after) if list(numbers) == list(range(numbers[0], after)) else list(numbers)


def some_heads(x: Tensor, heads: Sequence[int] | None) -> Tensor:
    """Of [batch, position, all heads, head_width] those of some heads, in their order; None: all."""
    return x if heads is None else x[:, :, neighbours(heads)]
