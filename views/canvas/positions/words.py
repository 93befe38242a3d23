"""How the second level says things: names of places, tool tips, what a screen reader is told."""

from __future__ import annotations

from core.edits import EDIT_WORDS
from core.formatting import figure_words
from views.canvas.data import EdgeMark, NodeMark
from views.canvas.positions.data import Move, Place, Positions, PositionsData, Spot
from views.canvas.positions.scene import PositionsScene
from views.canvas.words import target_name


def at_words(data: PositionsData, positions: Positions) -> str:
    """A column by what stands there: “John”, CLS, patch 4, 7, a region of 12 patches."""
    column = next((column for column in data.columns if column.positions == positions), None)
    if column is None:
        return f"position {positions[0]}" if len(positions) == 1 else f"{len(positions)} positions"
    if len(column.patches) > 1:
        return f"a region of {len(column.patches)} patches"
    if column.patches:
        return f"patch {column.text}"
    return column.text if data.picture is not None else f"“{column.tip or column.text}”"


def place_name(data: PositionsData, place: Place) -> str:
    if isinstance(place, Spot):
        return f"{place.node.name} at {at_words(data, place.positions)}"
    if isinstance(place, Move):
        return f"{place.head.name}: {at_words(data, place.source)} → {at_words(data, place.goal)}"
    return f"{target_name(place.edge)} at {at_words(data, place.positions)}"


def place_tip(scene: PositionsScene, place: Place) -> str:
    """What is under the pointer, with its figure and what X does to it."""
    data = scene.data
    words = place_name(data, place)
    if isinstance(place, Spot):
        mark: NodeMark | EdgeMark = scene.mark(place)
    else:
        number = scene.place_of.get(place)
        if number is None:
            return words
        mark = scene.marks[number]
        if mark.value is not None:
            how = "below noise" if mark.below_noise else "measured" if mark.measured else "estimated"
            words += f"  {figure_words(mark.value, how)}, {data.kind_words}"
    if isinstance(mark, NodeMark) and mark.score is not None:
        words += f"  {figure_words(mark.score, data.scored, data.signed)}"
    if mark.edited:
        words += f"  ·  edited: {EDIT_WORDS[mark.edited]} {mark.label}".rstrip()
    if isinstance(place, Move):
        words += "\nX cuts this arrow, its weight of attention; P takes the weight from B"
    return words
