"""The attention of the first layer that edits change: before it nothing differs, so ports without edits make there what
they make in the clean run.

Steps:
1. q, k and v of edited ports alone are projected and turned; the others are the clean run's.
2. Heads that one of these ports belongs to mix anew.
3. after attention = clean after attention + sum over these heads of w_o (z - clean z)

A toggled edge so costs one head in place of a whole attention. Not for a coupled model, in which a change of one head
scales the others too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

import torch
from torch import Tensor

from core.engine.entries import edited_mix
from core.engine.first_mlp import HeadChange
from core.engine.layer import LayerMath, neighbours
from core.engine.plan import Slot
from core.engine.rows import Rows
from core.engine.state import RunState
from core.graph import Reader
from core.models.adapter import Places

EditedMix = Callable[[tuple[Tensor, Tensor, Tensor], Places, Rows, slice | list[int]], Tensor]
EMPTY: Mapping[int, EditedMix] = MappingProxyType({})


def edited_mixes(math: LayerMath, state: RunState) -> dict[int, EditedMix]:
    """How the heads of a layer mix whose attention is edited: of q, k, v of all heads and places in some inputs of the
    batch, rows of the queries in all, and which inputs these are. state: of the pass."""

    def mix(head: int, slots: tuple[Slot, ...]) -> EditedMix:
        def made(
            ports: tuple[Tensor, Tensor, Tensor], places: Places, rows: Rows, of_batch: slice | list[int]
        ) -> Tensor:
            def of_b() -> Tensor:
                return state.pattern_of_b(math.adapter, math.layer, head, rows)[of_batch]

            return edited_mix(math, head, slots, ports, places, of_b)

        return made

    writers = math.adapter.graph.writers
    patterns = state.plan.stages[2 * math.layer].patterns
    return {writers[number].head: mix(writers[number].head, slots) for number, slots in patterns}


class FirstAttention:
    """ports: q, k and v by kind, and z, as a run keeps them; each is the clean run's until something in it changes.
    after: the stream after attention at the rows of the queries. changes: what heads mix else than in the clean run.
    keys, queries: the rows that are computed. edited: z of a head whose attention is edited, made of q, k, v of all
    heads, for a head that has such edits."""

    def __init__(
        self, math: LayerMath, clean: RunState, keys: Rows, queries: Rows, edited: Mapping[int, EditedMix] = EMPTY
    ) -> None:
        layer = math.layer
        self._math, self._clean, self._edited = math, clean, edited
        self._rows = {"q": queries, "k": keys, "v": keys}
        self._copied: set[str] = set()  # kinds of ports that are copies
        self._after_copied = False
        self.ports = {"q": clean.q[layer], "k": clean.k[layer], "v": clean.v[layer]}
        self.z = clean.z[layer]
        self.after = clean.stream_at(Reader("mlp", layer), False, queries)
        self.changes: list[HeadChange] = []

    def project(self, reader: Reader, projected: Tensor, inputs: Sequence[int] | None = None) -> None:
        """Let a port carry something else, as it was projected [batch, rows, head_width]. inputs: of the batch;
        None: all."""
        kind, rows, of_batch = reader.kind, self._rows[reader.kind], slice(None) if inputs is None else list(inputs)
        by_head = self._turned(reader, projected, rows, of_batch)
        if kind not in self._copied:
            self._copied.add(kind)
            self.ports[kind] = self.ports[kind].clone(memory_format=torch.contiguous_format)
        self.ports[kind][of_batch, rows.first :, reader.head] = by_head[:, :, 0]

    def vary(self, reader: Reader, projected: Tensor, inputs: Sequence[int]) -> None:
        """`project` and `mix` of one port in some inputs of the batch, of which only what follows is kept: neither its
        ports nor z."""
        math, clean, layer, rows = self._math, self._clean, self._math.layer, self._rows["q"]
        of_batch = neighbours(inputs)
        heads = self._heads_of([reader])
        kv_heads = [heads[0] * math.shape.kv_heads // math.shape.heads]
        ports = {"q": clean.q[layer][of_batch, rows.first :][:, :, neighbours(heads)]}
        ports |= {kind: x[layer][of_batch][:, :, kv_heads[0], None] for kind, x in (("k", clean.k), ("v", clean.v))}
        at = self._rows[reader.kind]
        turned = self._turned(reader, projected, at, of_batch)
        ports[reader.kind] = at.after(ports[reader.kind], turned) if reader.kind != "q" else turned
        places = clean.places(self._some(rows, of_batch))
        z = math.attend(ports["q"], ports["k"], ports["v"], places, heads, kv_heads)
        before = clean.z[layer][of_batch, rows.first :][:, :, neighbours(heads)]
        self.changes.append(HeadChange(inputs, tuple(heads), z - before))
        added = math.together(self.changes[-1].z, heads)
        if len(inputs) == len(self.after):
            self.after = self.after + added
            return
        if not self._after_copied:
            self._after_copied, self.after = True, self.after.clone()
        self.after[of_batch] += added

    def mix(self, readers: Iterable[Reader], inputs: Sequence[int] | None = None) -> None:
        """Let the heads mix anew that some ports belong to, and those whose attention is edited. inputs: of the batch;
        None: all."""
        math, rows, of_batch = self._math, self._rows["q"], slice(None) if inputs is None else list(inputs)
        heads = sorted({*self._heads_of(readers), *(self._edited if inputs is None else ())})
        kv_heads = sorted({head * math.shape.kv_heads // math.shape.heads for head in heads})
        q, before = (x[of_batch, rows.first :][:, :, heads] for x in (self.ports["q"], self.z))
        k, v = (self.ports[kind][of_batch][:, :, kv_heads] for kind in "kv")
        places = self._clean.places(self._some(rows, of_batch))
        z = math.attend(q, k, v, places, heads, kv_heads)
        for place, head in enumerate(heads):
            if head in self._edited:
                late, k, v = self.ports["q"][of_batch, rows.first :], *(self.ports[kind][of_batch] for kind in "kv")
                z[:, :, place] = self._edited[head]((late, k, v), places, rows, of_batch)
        if self.z is self._clean.z[math.layer]:
            self.z, self.after = self.z.clone(memory_format=torch.contiguous_format), self.after.clone()
        for place, head in enumerate(heads):
            self.z[of_batch, rows.first :, head] = z[:, :, place]
        self.changes.append(HeadChange(range(len(z)) if inputs is None else inputs, tuple(heads), z - before))
        self.after[of_batch] += math.together(self.changes[-1].z, heads)

    def _turned(self, reader: Reader, projected: Tensor, rows: Rows, of_batch: slice | list[int]) -> Tensor:
        """What a port made, as attention uses it: [inputs, rows, 1, head_width]."""
        by_head = projected[:, :, None]
        if reader.kind == "v":
            return by_head
        turn = self._math.query if reader.kind == "q" else self._math.key
        return turn(by_head, self._clean.places(self._some(rows, of_batch)), [reader.head])

    @staticmethod
    def _some(rows: Rows, of_batch: slice | list[int]) -> Rows:
        """Rows of a part of the batch."""
        return rows if rows.index is None else Rows(rows.length, index=rows.index[of_batch])

    def _heads_of(self, readers: Iterable[Reader]) -> list[int]:
        shape = self._math.shape
        group = shape.heads // shape.kv_heads
        heads: set[int] = set()
        for reader in readers:
            heads.update([reader.head] if reader.kind == "q" else range(reader.head * group, (reader.head + 1) * group))
        return sorted(heads)
