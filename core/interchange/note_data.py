"""The notes of a circuit as files hold them: `[{"about", "target", "text", "name"}]`, about a node, an edge or the
circuit; name: the user's own for a node."""

from __future__ import annotations

from typing import Any, get_args

from core.circuit import Circuit
from core.errors import InputError
from core.notes import About, Note

MOST_NOTES = 10_000
FORM = 'A note is {"about": "node", "edge" or "circuit", "target": name, "text": text, "name": text}.'


def note_rows(circuit: Circuit) -> list[dict[str, str]]:
    """As plain data."""
    rows = ({"about": n.about, "target": n.target, "text": n.text, "name": n.name} for n in circuit.notes)
    return [{key: value for key, value in row.items() if value} for row in rows]


def notes_in(data: Any) -> tuple[Note, ...]:
    """The notes that a file holds. Raises InputError for what are none."""
    if not isinstance(data, list) or len(data) > MOST_NOTES:
        raise InputError(f"The notes of a file are a list, of {MOST_NOTES:,} at most.")
    return tuple(map(_note, data))


def _note(data: Any) -> Note:
    if not isinstance(data, dict) or data.get("about") not in get_args(About):
        raise InputError(f"{data!r:.60} is no note.", FORM)
    target, text, name = (data.get(key, "") for key in ("target", "text", "name"))
    if not all(isinstance(each, str) for each in (target, text, name)):
        raise InputError(f"{data!r:.60} is no note.", FORM)
    return Note(data["about"], target, text, name)
