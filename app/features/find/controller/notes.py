"""Finding in the notes and own names of the user's: all whose text, or name, has the words that are typed."""

from __future__ import annotations

from app.presenters.notes import target_in
from app.workbench.notes import Notes, Subject
from core.formatting import counted, pretty_name
from core.graph import Graph
from core.notes import Note
from core.project.step_names import model_words
from views.panels.find.data import Hit

MOST_NOTES = 40
MOST_LETTERS = 60


def notes_found(text: str, notes: Notes, graph: Graph, model: str) -> list[Hit]:
    """Notes and names with the words, whatever their case; those on the present model's parts lead to these. "note"
    alone: all of them."""
    wanted = " ".join(text.split()).casefold()
    every = wanted in ("note", "notes")
    hits = []
    for subject, note in notes:
        if wanted and (every or wanted in " ".join(f"{note.name} {note.text}".split()).casefold()):
            hits.append(_hit(subject, note, graph, model))
    return hits[:MOST_NOTES]


def _hit(subject: Subject, note: Note, graph: Graph, model: str) -> Hit:
    words = " ".join(note.text.split())
    detail = words if len(words) <= MOST_LETTERS else words[:MOST_LETTERS] + "…"
    here = subject.about in ("node", "edge") and subject.model in ("", model)
    target = target_in(graph, subject.target) if here else None
    return Hit(_name(subject, note, here), detail or "named", target=target, noted=subject)


def _name(subject: Subject, note: Note, here: bool) -> str:
    if subject.about == "step":
        return "a step that has gone" if subject.step is None else subject.step.words
    if subject.about == "circuit":
        size = subject.circuit[-1] if subject.circuit else None
        return f"circuit of {counted(size, 'edge')}" if isinstance(size, int) else "a circuit"
    if subject.about == "project":
        return "the project"
    name = pretty_name(subject.target) + (f" {note.name}" if note.name else "")
    return name if here or not subject.model else f"{name} of {model_words(subject.model)}"
