"""The clean inputs that means are taken over and that `resample` draws from: a dataset's, or the session's own.

They run at every position, some of them at a time. What they write and read is averaged as they run, so that a mean
over many inputs takes no more memory than one input; the means are made once, for all sessions that share them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from core import progress
from core.engine.alignment import Alignment
from core.engine.layer import LayerMath
from core.engine.state import RunState, stream_before
from core.errors import Cancelled, EditError
from core.graph import Node, Reader
from core.models.adapter import Adapter
from core.positions import Span
from core.precision import widened

POSITIONS = 64  # of all inputs that run together, about: between two such runs it can be cancelled
PATTERN_BYTES = 32 * 2**20  # of attention patterns that are kept

Run = Callable[[Sequence[int]], RunState]


class Population:
    """inputs: of each row, ids [position] or pixels [channel, height, width]. lengths: how many positions of each are
    real. run: some rows, by their numbers, at every position, shorter ones padded on the right. together: rows that run
    at a time. roles: spans that all rows have, by which their positions correspond."""

    def __init__(
        self,
        adapter: Adapter,
        inputs: Sequence[Tensor],
        lengths: Sequence[int],
        run: Run,
        together: int | None = None,
        roles: Mapping[str, Sequence[Span]] | None = None,
    ) -> None:
        self.inputs = tuple(inputs)
        self.lengths = tuple(lengths)
        self.run = run
        self.alignment = Alignment(lengths, roles or {})
        self._adapter = adapter
        self._together = together or max(1, POSITIONS // max(self.lengths))
        self._sums: dict[bool, _Sums] = {}
        self._means: dict[bool, Means] = {}
        self.learned: dict[str, Any] = {}  # of these inputs, by kinds of replacement that learn something
        self._others: dict[tuple[str, bool], Tensor] = {}
        self._patterns: dict[int, Patterns] = {}  # by layer, of `_patterns_of`
        self._patterns_of: tuple[tuple[int, ...], tuple[int, ...]] | None = None

    def runs(self, chosen: Sequence[int] | None = None) -> Iterator[tuple[list[int], RunState]]:
        """The rows, or some of them, a few at a time: their numbers, and their run."""
        rows = list(range(len(self.lengths)) if chosen is None else chosen)
        while rows:
            count = self._together_of(rows)
            yield rows[:count], self.run(rows[:count])
            rows = rows[count:]

    def patterns(self, layer: int, places: Sequence[int], rows: Sequence[int]) -> Patterns:
        """The mean attention of a layer's heads over some rows, aligned with an input. places: the column of each of
        its positions. Kept, so that they run once for all heads; of all layers while that is little."""
        kept = tuple(places), tuple(rows)
        if self._patterns_of != kept:
            self._patterns.clear()
            self._patterns_of = kept
        if layer not in self._patterns:
            adapter, length = self._adapter, len(places)
            shape = adapter.shape
            size = shape.layers * shape.heads * length**2 * adapter.dtype.itemsize
            wide = torch.promote_types(adapter.dtype, torch.float32)
            layers = range(shape.layers) if size <= PATTERN_BYTES else (layer,)
            sums = {
                each: torch.zeros(shape.heads, length, length, dtype=wide, device=adapter.device) for each in layers
            }
            counts = torch.zeros(length, device="cpu")
            with torch.no_grad():
                for numbers, state in self.runs(rows):
                    aligned = [self.alignment.counterparts(places, row) for row in numbers]
                    counts += sum(queries >= 0 for queries, _ in aligned)
                    for each, total in sums.items():
                        for head in range(shape.heads):
                            pattern = state.pattern(adapter, each, head).to(wide)
                            for of_row, (queries, keys) in zip(pattern, aligned, strict=True):
                                there = of_row[queries[:, None], keys]
                                total[head] += there.masked_fill((keys < 0).to(there.device), 0)
            if size > PATTERN_BYTES:
                self._patterns.clear()
            shares = counts.clamp(min=1).to(adapter.device)[:, None]
            self._patterns.update({each: Patterns(total / shares, counts) for each, total in sums.items()})
        return self._patterns[layer]

    def means(self, over_positions: bool, cancelled: Callable[[], bool] | None = None) -> Means:
        """The means over the real positions of all rows, together or by the columns of `alignment`. Raises EditError
        for pictures whose positions do not correspond; Cancelled between two runs, and goes on from there when it is
        asked again."""
        if over_positions not in self._means:
            self._check_alike(over_positions)
            sums = self._sums.setdefault(over_positions, _Sums(self._adapter, self.alignment, over_positions))
            with torch.no_grad():
                while sums.rows < len(self.lengths):
                    if cancelled is not None and cancelled():
                        raise Cancelled
                    unread = range(sums.rows, len(self.lengths))
                    rows = unread[: self._together_of(unread)]
                    with progress.stage(rows.start / len(self.lengths), rows.stop / len(self.lengths)):
                        sums.add(self.run(rows), rows, self.lengths)
                self._means[over_positions] = sums.means()
            del self._sums[over_positions]
        return self._means[over_positions]

    def mean_of(
        self,
        name: str,
        make: Callable[[RunState], Tensor],
        over_positions: bool,
        cancelled: Callable[[], bool] | None = None,
    ) -> Tensor:
        """The mean of something else that is made of runs, [batch, position, size], by the same columns: [1, column or
        1, size] in fp32 at least. Kept by its name. Raises EditError, Cancelled."""
        if (name, over_positions) not in self._others:
            self._check_alike(over_positions)
            total, counts = None, torch.zeros(1, 1, 1, device="cpu")
            with torch.no_grad():
                for rows, state in self.runs():
                    if cancelled is not None and cancelled():
                        raise Cancelled
                    index, real = _real(self.alignment, state.embedding.shape[1], rows, self.lengths, over_positions)
                    part = make(state)
                    added = _sum(_taken(part, index), real.to(part.device), over_positions)
                    total = added if total is None else total + added
                    counts = counts + _sum(real[:, :, None].float(), real, over_positions)
            assert total is not None
            self._others[name, over_positions] = total / counts.to(total).clamp(min=1)
        return self._others[name, over_positions]

    def _check_alike(self, over_positions: bool) -> None:
        if not over_positions and self.inputs[0].ndim == 3 and len({x.shape for x in self.inputs}) > 1:
            raise EditError(
                "The dataset's pictures have different sizes for the model, so their positions do not correspond.",
                "Take one mean over all positions, or crop them to one size.",
            )

    def _together_of(self, rows: Sequence[int]) -> int:
        """How many of the first rows run together: pictures of one size do."""
        count = 1
        while count < min(self._together, len(rows)):
            if self.inputs[rows[0]].ndim == 3 and self.inputs[rows[count]].shape != self.inputs[rows[0]].shape:
                break
            count += 1
        return count

    def donors(self, inputs: Tensor, lengths: tuple[int, ...], seed: int, first: int = 0) -> list[int]:
        """For each row of some inputs another one from here, drawn by the seed: `random.Random(f"{seed} {row}")`
        (rows counted from `first` on) chooses among the rows that are at least as long (pictures: of the same size) and
        not the same. Raises EditError where there is none."""
        donors = []
        for row, length in enumerate(lengths):
            candidates = [
                donor
                for donor, long in enumerate(self.lengths)
                if long >= length and self._same_grid(donor, inputs[row]) and self._differs(donor, inputs[row], length)
            ]
            if not candidates and inputs[row].ndim == 3:
                raise EditError(
                    "There is no other picture of the same size for the model to resample from.",
                    "Give the session a dataset with such pictures, or take the edit mean or zero.",
                )
            if not candidates:
                raise EditError(
                    "There is no other input to resample from that is at least as long.",
                    "Give the session a dataset of inputs, or take the edit mean or zero.",
                )
            donors.append(random.Random(f"{seed} {first + row}").choice(candidates))
        return donors

    def _same_grid(self, row: int, inputs: Tensor) -> bool:
        """Whether positions correspond: always for text, for pictures only where they have one size."""
        return inputs.ndim == 1 or self.inputs[row].shape == inputs.shape

    def _differs(self, row: int, inputs: Tensor, length: int) -> bool:
        donor = self.inputs[row]
        if donor.ndim == 1:  # text: up to its end
            donor, inputs = donor[:length], inputs[:length]
        return not torch.equal(donor, inputs)


@dataclass(frozen=True)
class Means:
    """Means of what nodes write and readers read. run: a run of one row that holds them, a column of the alignment at
    each of its positions, or one mean over all; heads: of layers whose heads have a joint scale, what each of them
    writes, [heads, 1, column, width]."""

    run: RunState
    heads: dict[int, Tensor]
    parallel: bool

    def of_node(self, adapter: Adapter, node: Node, places: Tensor) -> Tensor:
        """The mean of what a node writes, by the columns of positions [batch or 1, position]: [batch or 1, position or
        1, width]."""
        if node.kind == "head" and node.layer in self.heads:
            return at_columns(self.heads[node.layer][node.head], places)
        return at_columns(self.run.out(adapter, node), places)

    def before(self, reader: Reader, places: Tensor) -> Tensor:
        """The mean of the stream before a reader, likewise."""
        return at_columns(stream_before(self.run, reader, self.parallel), places)


@dataclass(frozen=True)
class Patterns:
    """mean: attention of a layer's heads [heads, query, key], at the positions of an input. Over the rows that have the
    query; of a row that has no such key nothing is attended to. rows: how many have the query, [query]."""

    mean: Tensor
    rows: Tensor


def at_columns(mean: Tensor, places: Tensor) -> Tensor:
    return mean if mean.shape[1] == 1 else mean[0, places]


class _Sums:
    """Sums over the rows that have run. What a head writes is linear in what it mixes, so the sum of that is enough;
    where a joint scale comes between, what the heads write is summed itself."""

    def __init__(self, adapter: Adapter, alignment: Alignment, over_positions: bool) -> None:
        self.rows = 0
        self._adapter = adapter
        self._alignment = alignment
        self._over_positions = over_positions
        self._sums: list[Tensor] = []
        self._counts = torch.zeros(1, 1 if over_positions else alignment.size, 1, device="cpu")

    def add(self, state: RunState, rows: Sequence[int], lengths: Sequence[int]) -> None:
        """Add the run of some more rows of the population, all of whose lengths are given."""
        index, real = _real(self._alignment, state.embedding.shape[1], rows, lengths, self._over_positions)
        for number, part in enumerate(_parts(self._adapter, state)):
            total = _sum(_taken(part, index), real.to(part.device), self._over_positions)
            if number == len(self._sums):
                self._sums.append(torch.zeros_like(total))
            self._sums[number] += total
        self._counts += _sum(real[:, :, None].float(), real, self._over_positions)
        self.rows += len(rows)
        self._plan, self._grid = state.plan, state.grid

    def means(self) -> Means:
        adapter = self._adapter
        counts = self._counts.to(self._sums[0]).clamp(min=1)
        means = iter([(total / counts).to(adapter.dtype) for total in self._sums])
        run = RunState(self._plan, None, next(means), final=next(means), grid=self._grid)
        heads: dict[int, Tensor] = {}
        for layer in range(adapter.shape.layers):
            run.attention_in.append(next(means))
            run.after_attention.append(next(means))
            run.mlp_out.append(next(means))
            of_heads = next(means)
            if adapter.attention[layer].joint_scale is None:
                run.z.append(of_heads.unflatten(-1, (adapter.shape.heads, -1)))  # type: ignore[no-untyped-call]
            else:
                run.z.append(of_heads.new_empty(0))
                heads[layer] = of_heads
            run.factors.append(None)
        return Means(run, heads, adapter.shape.parallel)


def _parts(adapter: Adapter, state: RunState) -> Iterator[Tensor]:
    """What is averaged: [..., batch, position, size]."""
    assert state.final is not None
    yield state.embedding
    yield state.final
    for layer in range(adapter.shape.layers):
        yield state.attention_in[layer]
        yield state.after_attention[layer]
        yield state.mlp_out[layer]
        factor = state.factors[layer]
        if factor is None:
            yield state.z[layer].flatten(2)
        else:
            yield LayerMath(adapter, layer).outs(state.z[layer], range(adapter.shape.heads), factor)


def _real(
    alignment: Alignment, length: int, rows: Sequence[int], lengths: Sequence[int], over_positions: bool
) -> tuple[Tensor | None, Tensor]:
    """Where the columns of the alignment are in some rows, None for as they stand, and which of them are real."""
    if not over_positions and not alignment.plain:
        return alignment.sources(rows)
    ends = torch.tensor([lengths[row] for row in rows], device="cpu")[:, None]
    return None, torch.arange(length, device="cpu") < ends


def _taken(x: Tensor, index: Tensor | None) -> Tensor:
    """Each row's positions at an index [batch, n]: [..., batch, position, size] to [..., batch, n, size]."""
    if index is None:
        return x
    return x[..., torch.arange(len(index), device=x.device)[:, None], index.to(x.device), :]


def _sum(x: Tensor, real: Tensor, over_positions: bool) -> Tensor:
    """Over real positions of all rows: [..., batch, position, size] to [..., 1, position or 1, size]."""
    wide = widened(x)
    wide = wide if bool(real.all()) else torch.where(real[:, :, None], wide, 0)
    return wide.sum(dim=(-3, -2) if over_positions else -3, keepdim=True)
