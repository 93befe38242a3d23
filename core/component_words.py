"""Nodes and edges in words: for the inspector, for tooltips, and for somebody who does not see the canvas."""

from __future__ import annotations

from core.graph import Edge, Node


def node_words(node: Node) -> str:
    """A node for somebody who does not see the canvas."""
    of_tower = " of the text tower" if node.tower else ""
    if node.kind == "head":
        return f"head {node.head} of layer {node.layer}{of_tower}"
    if node.kind == "mlp":
        return f"MLP of layer {node.layer}{of_tower}"
    if node.is_unit:
        return f"{node.kind} {node.head} of the MLP of layer {node.layer}{of_tower}"
    return f"the input{of_tower}" if node.kind == "input" else "the output"


def edge_words(edge: Edge) -> str:
    """An edge for somebody who does not see the canvas: "edge from head 3 of layer 2 to the output"."""
    reader = edge.reader
    if reader.kind == "logits":
        end = "the output"
    elif reader.kind == "mlp":
        end = f"MLP of layer {reader.layer}"
    else:
        port = {"q": "query", "k": "key", "v": "value"}[reader.kind]
        end = f"the {port} of {'K/V head' if reader.shared else 'head'} {reader.head} of layer {reader.layer}"
    return f"edge from {node_words(edge.writer)} to {end}"
