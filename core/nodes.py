"""Nodes, readers, edges and entries of attention by themselves: what they are and what they are called. `core.graph`
joins them to a model's graph."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

NodeKind = Literal["input", "head", "mlp", "logits", "neuron", "expert"]
UnitKind = Literal["neuron", "expert"]
PortKind = Literal["q", "k", "v", "mlp", "logits"]
TEXT = "t."  # before the names of a text tower's nodes and readers, where two towers are one graph


@dataclass(frozen=True, slots=True)
class Node:
    """A component: `input`, head `head` of layer `layer`, the MLP of `layer`, or `logits` (which only
    reads). tower: TEXT in the text tower of two (`core.towers_graph`). A unit of an MLP, which can be edited and has no
    edges of its own, is a neuron or an expert: its number stands in `head`."""

    kind: NodeKind
    layer: int = 0
    head: int = 0
    tower: str = ""

    @property
    def name(self) -> str:
        if self.kind == "head":
            return f"{self.tower}a{self.layer}.h{self.head}"
        if self.is_unit:
            return f"{self.tower}m{self.layer}.{self.kind[0]}{self.head}"
        return f"{self.tower}m{self.layer}" if self.kind == "mlp" else f"{self.tower}{self.kind}"

    @property
    def is_unit(self) -> bool:
        """Whether it is a part of an MLP: a neuron or an expert."""
        return self.kind in ("neuron", "expert")

    @property
    def whole(self) -> Node:
        """The node of the graph that it is, or is a part of."""
        return Node("mlp", self.layer, tower=self.tower) if self.is_unit else self

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Reader:
    """A place that reads the stream. `head` is the query head for q, the K/V head for k and v; `shared` marks
    a K/V head that serves several query heads (it is named `kv`). tower: as of a node."""

    kind: PortKind
    layer: int = 0
    head: int = 0
    shared: bool = False
    tower: str = ""

    @property
    def name(self) -> str:
        if self.kind == "mlp":
            return f"{self.tower}m{self.layer}"
        if self.kind == "logits":
            return "logits"
        return f"{self.tower}a{self.layer}.{'kv' if self.shared else 'h'}{self.head}<{self.kind}>"

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Edge:
    """A wire: `reader` reads what `writer` adds to the stream."""

    writer: Node
    reader: Reader

    @property
    def name(self) -> str:
        return f"{self.writer.name}->{self.reader.name}"

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Entries:
    """Entries of a head's attention pattern: the weights that it gives to some key positions, whose numbers (negative
    ones from the end) and roles these are. An edit says at which queries."""

    head: Node
    keys: tuple[int | str, ...]

    @property
    def name(self) -> str:
        return f"{self.head.name}[{','.join(map(str, self.keys))}]"

    def __str__(self) -> str:
        return self.name


INPUT = Node("input")
LOGITS = Node("logits")
_UNIT = re.compile(r"m(\d{1,5})\.([ne])(\d{1,6})", re.ASCII)


def unit_of(text: str) -> Node | None:
    """The neuron or expert of a name, `m5.n123` or `m5.e3`; None where it names none."""
    match = _UNIT.fullmatch(text)
    return match and Node("neuron" if match[2] == "n" else "expert", int(match[1]), int(match[3]))
