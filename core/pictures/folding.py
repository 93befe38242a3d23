"""Like layers that follow each other, folded into one box: a drawing of a deep model says once what repeats.

Two layers are alike where they have as many heads and an MLP, or none, in the drawing. A run of like layers without a
gap becomes one box; a layer that holds a node of a group stays as it is, for groups are named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.graph import Edge, Graph, Node
from core.groups import Group


@dataclass(frozen=True)
class Part:
    """What is drawn as one box: a node, or all nodes of a run of layers. name: in the box."""

    name: str
    nodes: tuple[Node, ...]


def parts_of(graph: Graph, edges: Sequence[Edge], groups: Sequence[Group] | None = None) -> list[Part]:
    """The nodes of edges in the graph's order, each as a part. groups: those of the drawing, where runs of layers are
    folded; None where none is."""
    present = {node for edge in edges for node in (edge.writer, *graph.readers_of(edge.reader))}
    nodes = [node for node in graph.nodes if node in present]
    if groups is None or graph.towers:  # their layers stand side by side
        return [Part(node.name, (node,)) for node in nodes]
    grouped = {node for group in groups for node in group.nodes}
    layers: dict[int, list[Node]] = {}
    for node in nodes:
        if node.kind in ("head", "mlp"):
            layers.setdefault(node.layer, []).append(node)
    runs: list[list[int]] = []
    for layer, members in layers.items():
        last = runs[-1] if runs else []
        alike = last and last[-1] == layer - 1 and _shape(layers[last[-1]]) == _shape(members)
        if alike and not grouped & {*members, *layers[last[-1]]}:
            last.append(layer)
        else:
            runs.append([layer])
    parts: list[Part] = []
    for run in runs:
        members = [node for layer in run for node in layers[layer]]
        parts += [_folded(run, members)] if len(run) > 1 else [Part(node.name, (node,)) for node in members]
    ends = {node.kind: [Part(node.name, (node,))] for node in nodes if node.kind in ("input", "logits")}
    return [*ends.get("input", []), *parts, *ends.get("logits", [])]


def _shape(members: Sequence[Node]) -> tuple[int, int]:
    """How many heads, how many MLPs."""
    heads = sum(node.kind == "head" for node in members)
    return heads, len(members) - heads


def _folded(run: Sequence[int], members: list[Node]) -> Part:
    """`m3–m7`, `a3–a7: 2 heads each`, `layers 3–7: 2 heads, MLP each`."""
    heads, mlps = _shape([node for node in members if node.layer == run[0]])
    many = f"{heads} head{'s' * (heads != 1)}"
    first, last = run[0], run[-1]
    if not heads:
        name = f"m{first}–m{last}"
    else:
        name = f"layers {first}–{last}: {many}, MLP each" if mlps else f"a{first}–a{last}: {many} each"
    return Part(name, tuple(members))
