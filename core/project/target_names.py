"""Nodes and edges by their names alone, without the graph that they belong to."""

from __future__ import annotations

import re
from dataclasses import replace

from core.edits import Target
from core.errors import InputError
from core.nodes import INPUT, LOGITS, TEXT, Edge, Node, PortKind, Reader, unit_of

_NODE = re.compile(r"a(\d{1,5})\.h(\d{1,5})|m(\d{1,5})", re.ASCII)
_PORT = re.compile(r"a(\d{1,5})\.(h|kv)(\d{1,5})<([qkv])>", re.ASCII)


def target_named(name: str) -> Target:
    """`a1.h2`, `m3`, `a1.h2->m3`, `m0->a1.kv0<k>`. Raises InputError."""
    writer, arrow, reader = name.partition("->")
    if not arrow:
        return node_named(name)
    return Edge(node_named(writer), _reader_named(reader))


def node_named(name: str) -> Node:
    """`input`, `a1.h2`, `m3` or `logits`; `t.a1.h2` in the text tower of two. Raises InputError."""
    if name == LOGITS.name:
        return LOGITS
    if name.startswith(TEXT) and name != TEXT + LOGITS.name:
        return replace(node_named(name.removeprefix(TEXT)), tower=TEXT)
    if name == INPUT.name:
        return INPUT
    if unit := unit_of(name):
        return unit
    match = _NODE.fullmatch(name)
    if match is None:
        raise InputError(f"{name[:80]!r} is the name of no node.")
    if match[3] is not None:
        return Node("mlp", int(match[3]))
    return Node("head", int(match[1]), int(match[2]))


def _reader_named(name: str) -> Reader:
    if name == LOGITS.name:
        return Reader("logits")
    if name.startswith(TEXT) and name != TEXT + LOGITS.name:
        return replace(_reader_named(name.removeprefix(TEXT)), tower=TEXT)
    port = _PORT.fullmatch(name)
    if port is not None:
        kind: PortKind = port[4]  # type: ignore[assignment]
        return Reader(kind, int(port[1]), int(port[3]), port[2] == "kv")
    node = _NODE.fullmatch(name)
    if node is None or node[3] is None:
        raise InputError(f"{name[:80]!r} is the name of no place that reads.")
    return Reader("mlp", int(node[3]))
