"""What a model answers with directions taken out of some edges, under autograd: the gradients go to the directions.

    x_r = stream at r - sum over edges (u -> r) of strength * (out_u . p - level) q

It is what the engine computes of `project` edits (`core.replacements.project`), and nothing else is edited here. Only
edited readers read a stream of their own, and all of it is one graph, so that a few edges cost about as much as none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from core.edits import Edit
from core.engine.layer import LayerMath
from core.engine.state import at_last
from core.graph import Edge, Graph
from core.models.adapter import Adapter, Places
from core.precision import widened
from core.progress import at

DIGITS = 2  # of a strength


@dataclass(frozen=True)
class Directions:
    """Of some edges. along, out: vectors [edge, width] of any length, not at right angles: what is measured along the
    first is taken out along the second. levels: of it that are left, [edge]. strengths: [edge], 0 to 1."""

    graph: Graph
    edges: tuple[Edge, ...]
    along: Tensor
    out: Tensor
    levels: Tensor
    strengths: Tensor

    @cached_property
    def units(self) -> Tensor:
        """p of each edge, [edge, width]."""
        units: Tensor = self.along / self.along.norm(dim=1, keepdim=True)
        return units

    @cached_property
    def taken(self) -> Tensor:
        """q of each edge, [edge, width]."""
        return self.out / (self.units * self.out).sum(dim=1, keepdim=True)

    @cached_property
    def by_reader(self) -> dict[int, list[tuple[int, int]]]:
        """The numbers of the edges of each reader, each with that of its writer."""
        numbers: dict[int, list[tuple[int, int]]] = {}
        for number, edge in enumerate(self.edges):
            reader, writer = self.graph.reader_index(edge.reader), self.graph.writer_index(edge.writer)
            numbers.setdefault(reader, []).append((number, writer))
        return numbers

    def some(self, numbers: list[int]) -> Directions:
        edges = tuple(self.edges[number] for number in numbers)
        learned = (each[numbers] for each in (self.along, self.out, self.levels, self.strengths))
        return Directions(self.graph, edges, *learned)

    def change(self, number: int, out: Tensor) -> Tensor:
        """What an edge carries more with its edit. out: what its writer writes, [..., width]."""
        over = out @ self.units[number] - self.levels[number]
        return -self.strengths[number] * over[..., None] * self.taken[number]

    def edits(self) -> list[Edit]:
        """Of those that are cut at all."""
        made = []
        for number, edge in enumerate(self.edges):
            strength = round(float(self.strengths[number]), DIGITS)
            if strength > 0:
                value = torch.cat([self.units[number], self.taken[number], self.levels[number][None]])
                made.append(Edit(edge, "project", value=value.tolist(), strength=strength))
        return made


def projected_answers(
    adapter: Adapter,
    inputs: Tensor,
    lengths: Tensor,
    directions: Directions,
    see: Callable[[Tensor, Tensor], None] | None = None,
) -> Tensor:
    """Logits where the output is read, [row, answers]. inputs: ids [row, position] or pixels. lengths: how many
    positions of each row are real, [row]. see: gets what each edge carries more with its edit, and what its writer
    writes, [row, position, width]. Raises Cancelled."""
    with torch.no_grad():
        stream = adapter.embed(inputs)
        places = Places(
            torch.arange(stream.shape[1], device=stream.device)[None], stream.shape[1], adapter.image_grid(inputs)
        )
    shape, by_reader = adapter.shape, directions.by_reader
    outs = {0: stream}  # by the number of the writer, those of which an edge is edited
    needed = {writer for edges in by_reader.values() for _, writer in edges}
    ports = shape.heads + 2 * shape.kv_heads

    def read(x: Tensor, reader: int) -> Tensor:
        total = widened(x)
        for number, writer in by_reader.get(reader, ()):
            change = directions.change(number, widened(outs[writer]))
            if see is not None:
                see(change, widened(outs[writer]))
            total = total + change
        return total.to(x.dtype)

    for layer in range(shape.layers):
        at(layer / shape.layers)
        math, first = LayerMath(adapter, layer), layer * (ports + 1)
        projected = math.project(math.norm(stream))
        edited = [port for port in range(ports) if first + port in by_reader]
        if edited:
            streams = torch.stack([read(stream, first + port) for port in edited])
            anew = math.project_each(math.norm(streams).flatten(1, 2), edited).unflatten(1, stream.shape[:2])  # type: ignore[no-untyped-call]
            columns = list(projected.unbind(2))
            for port, column in zip(edited, anew, strict=True):
                columns[port] = column
            projected = torch.stack(columns, dim=2)
        z = math.mix(*math.split(projected), places).z
        added, factor = math.write(z)
        writer = 1 + layer * (shape.heads + 1)
        heads = [head for head in range(shape.heads) if writer + head in needed]
        if heads:
            written = math.outs(z[:, :, heads], heads, factor)
            outs |= {writer + head: out for head, out in zip(heads, written, strict=True)}
        after = stream + added
        outs[writer + shape.heads] = math.mlp(read(stream if shape.parallel else after, first + ports))
        stream = after + outs[writer + shape.heads]
    stream = read(stream, shape.layers * (ports + 1))
    reads = adapter.read_positions(inputs, lengths)
    if reads is not None:
        stream = stream.gather(1, reads[:, :, None].expand(-1, -1, stream.shape[2]))
    return widened(at_last(adapter.read(stream)))
