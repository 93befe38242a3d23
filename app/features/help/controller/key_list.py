"""All keys and gestures with what they do, for the help."""

from __future__ import annotations

from collections.abc import Iterable

from app.services.actions import Action
from app.services.menus import EXPORTS, MENUS

GESTURES: tuple[tuple[str, str], ...] = (
    ("Click", "select a node or an edge; with the Cut or Patch tool, edit it"),
    ("Ctrl or Shift + click", "add to the selection"),
    ("Drag on empty space", "select the nodes in a box"),
    ("Wheel", "zoom at the pointer"),
    ("Space + drag, middle drag", "pan"),
    ("Arrows", "walk along the graph"),
    ("Tab", "what else lies under the pointer"),
    ("Esc", "give up what the mouse has begun"),
    ("Drag card B onto the canvas", "patch what it is dropped on"),
    ("Click on the count of edges", "how many of the selection's edges are shown"),
    ("Arrows, Page Up, Page Down, Home, End on the slider", "how many edges the circuit keeps"),
    ("Point at a step of the history", "see its predictions; click, or Enter, goes there"),
    ("Click a token, brush a picture", "new edits are there only; Shift and Ctrl add, Esc clears"),
    ("Ctrl + drag on a picture", "a rectangle of patches; Shift adds it, Esc gives it up"),
    ("Double click a token", "edit the text; so does Enter"),
    ("Space on a prediction", "pin it, so that it is always shown"),
)


def keys_groups(actions: Iterable[Action]) -> list[tuple[str, list[tuple[str, str]]]]:
    """All keys and gestures with what they do, for the help: by the menu that holds them, what no menu holds last."""
    records = {record.key: record for record in actions if record.keys}
    groups: list[tuple[str, list[tuple[str, str]]]] = []
    for title, entries in MENUS:
        menu_records = [records.pop(entry) for entry in entries if entry in records]
        if title == "&File":
            menu_records += [records.pop(entry) for entry in EXPORTS if entry in records]
        groups.append((title.replace("&", ""), [_key_row(record) for record in menu_records]))
    if records:
        groups.append(("More", [_key_row(record) for record in records.values()]))
    groups.append(("On the canvas", list(GESTURES)))
    return groups


def _key_row(record: Action) -> tuple[str, str]:
    return " or ".join(record.keys), record.words.replace("&", "").rstrip("…")
