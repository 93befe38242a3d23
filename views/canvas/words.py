"""How the canvas says things: names with arrows, values with a sign, tool tips."""

from __future__ import annotations

import numpy as np

from core.component_words import node_words
from core.edits import EDIT_WORDS, EditKind
from core.formatting import figure_words, pretty_name
from core.graph import Edge, Node
from views.canvas.scene import Scene

MOST_LETTERS = 60  # of a note, in a line
_ENDS = {"input": "what the first layer reads", "logits": "what the model puts out"}


def target_name(target: Node | Edge) -> str:
    """`a18.h4 → a24.h7 ⟨q⟩`."""
    return pretty_name(target.name)


def _edited(kind: EditKind, label: str) -> str:
    """An edit with its measured change, or with why there is none."""
    figure = label if not label or label[0] in "+−0" else f"({label})"
    return f"edited: {EDIT_WORDS[kind]} {figure}".strip()


def _change(scene: Scene, node: Node) -> list[str]:
    """What the edits do to a node's output."""
    changes, number = scene.data.changes, scene.layout.number(node)
    if changes is None or not changes.reached[number]:
        return []
    if changes.values is None:
        return ["downstream of an edit"]
    return [f"output changed by {100 * changes.values[number]:.1f} % of its size (measured)"]


def _score(scene: Scene, node: Node) -> list[str]:
    """What a trace of nodes says of it."""
    scores = scene.data.scores
    value = np.nan if scores is None else float(scores.values[scene.layout.number(node)])
    if scores is None or not np.isfinite(value):
        return []
    return [figure_words(value, scores.how, scores.signed)]


def _note(text: str) -> list[str]:
    """The first words of a note."""
    words = " ".join(text.split())
    return [f"note: {words if len(words) <= MOST_LETTERS else words[:MOST_LETTERS] + '…'}"] if words else []


def tool_tip(scene: Scene, target: Node | Edge) -> str:
    """What is under the pointer, in one line."""
    if isinstance(target, Node):
        mark = scene.mark(target)
        called = f" “{mark.called}”" if mark.called else ""
        parts = [f"{target.name}{called} · {_ENDS.get(target.kind) or node_words(target)}"]
        if mark.edited:
            parts.append(_edited(mark.edited, mark.label))
        if target.is_unit:
            scored = [] if mark.score is None else [figure_words(mark.score, "estimated", True)]
            return "  ·  ".join([*parts, *scored, *_note(mark.note)])
        return "  ·  ".join([*parts, *_score(scene, target), *_change(scene, target), *_note(mark.note)])
    place = scene.place(target)
    if place is None:
        return target_name(target)
    mark = scene.marks[place]
    how = "below noise" if mark.below_noise else "measured" if mark.measured else scene.data.how
    words = figure_words(mark.value, how, mark.signed) if mark.value is not None else "no score yet"
    over = scene.data.over
    alone = ", on the pair on the cards" if over and mark.label else ""
    words += f" over {over}" if over and mark.value is not None else ""
    parts = [f"{target_name(target)}  {words}"]
    if mark.edited:
        parts.append(_edited(mark.edited, mark.label) + alone)
    if target.reader.shared and target.reader.kind in ("k", "v"):
        heads = [node.head for node in scene.data.graph.readers_of(target.reader)]
        parts.append(f"read by heads {heads[0]} to {heads[-1]}")
    return "  ·  ".join([*parts, *_note(mark.note)])
