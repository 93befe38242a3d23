"""Notes of the user's on nodes, edges, circuits, steps and the project, and own names of nodes. They belong to the work
as a whole, not to a step of it: going back in the history takes none away. They go into the project's file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from core.edits import Target
from core.graph import Node
from core.notes import About, Note
from core.project.document import Document
from core.project.history import Step

CircuitKey = tuple[object, ...]


@dataclass(frozen=True, eq=False)
class Subject:
    """What a note is about. target: the name of a node or an edge, of a model; step: of the history, with a circuit one
    that shows it. circuit: what tells it from others."""

    about: About
    target: str = ""
    model: str = ""
    step: Step | None = None
    circuit: CircuitKey = ()

    def __hash__(self) -> int:  # a circuit's key may hold a dataset
        return hash((self.about, self.target, self.model, id(self.step) if self.about == "step" else 0))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Subject):
            return NotImplemented
        same = (self.about, self.target, self.model) == (other.about, other.target, other.model)
        return same and (self.about != "step" or self.step is other.step) and self.circuit == other.circuit


PROJECT = Subject("project")


def of_target(target: Target, model: str) -> Subject:
    return Subject("node" if isinstance(target, Node) else "edge", target.name, model)


def of_step(step: Step) -> Subject:
    return Subject("step", step=step)


def of_circuit(step: Step) -> Subject | None:
    """The circuit that a step keeps; None where none is chosen."""
    document = step.document
    return None if document.size is None else Subject("circuit", step=step, circuit=document.circuit)


class Notes(QObject):
    """Of one workbench."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.revision = 0  # how often one was written
        self._notes: dict[Subject, Note] = {}

    def note(self, subject: Subject) -> Note:
        """What is written to something; an empty note where nothing is. One of no model is of any."""
        note = self._notes.get(subject)
        if note is None and subject.model:
            note = self._notes.get(replace(subject, model=""))
        return note or Note(subject.about, subject.target, model=subject.model)

    def write(self, subject: Subject, text: str | None = None, name: str | None = None) -> None:
        """Write to something, or name it; None leaves what is there. Without text and name there is no note."""
        before = self.note(subject)
        text, name = before.text if text is None else text, before.name if name is None else " ".join(name.split())
        if (text, name) == (before.text, before.name):
            return
        if before.model != subject.model:
            subject = replace(subject, model=before.model)
        note = replace(before, text=text, name=name)
        if text.strip() or name:
            self._notes[subject] = note
            _keep_apart(subject)
        else:
            self._notes.pop(subject, None)
        self.revision += 1
        self.changed.emit()

    def __len__(self) -> int:
        return len(self._notes)

    def __iter__(self) -> Iterator[tuple[Subject, Note]]:
        """All that is written, what was begun first first."""
        return iter(tuple(self._notes.items()))

    def of_model(self, model: str) -> dict[str, Note]:
        """Notes on nodes and edges of a model, by their names."""
        of = [(each, note) for each, note in self._notes.items() if each.about in ("node", "edge")]
        of_any = {note.target: note for each, note in of if not each.model}
        return of_any | {note.target: note for each, note in of if each.model == model}

    def on_circuit(self, document: Document) -> str:
        """The note on the circuit that a document keeps; empty where there is none."""
        if document.size is None or not any(subject.about == "circuit" for subject in self._notes):
            return ""
        return self.note(Subject("circuit", circuit=document.circuit)).text

    def noted_steps(self) -> dict[Step, str]:
        """The texts of notes on steps."""
        of = ((each.step, note.text) for each, note in self._notes.items() if each.about == "step")
        return {step: text for step, text in of if step is not None}

    # ---- files ----

    def as_written(self, steps: Sequence[Step]) -> tuple[Note, ...]:
        """All notes as a file holds them. steps: of the history, by number. Of a step or a circuit that has gone, the
        text stays without it."""
        number = {step: place for place, step in enumerate(steps)}
        return tuple(replace(note, target=_target(subject, number)) for subject, note in self._notes.items())

    def take(self, notes: Sequence[Note], steps: Sequence[Step]) -> None:
        """Those of a file, in place of what is here."""
        self._notes = {}
        for note in notes:
            subject = _subject(note, steps)
            before = self._notes.pop(subject, None)
            if before is not None:  # two of one thing: neither is lost
                text = "\n\n".join(each for each in (before.text, note.text) if each)
                note = replace(note, text=text, name=note.name or before.name)
            self._notes[subject] = note
            _keep_apart(subject)
        self.revision = 0
        self.changed.emit()


def _keep_apart(subject: Subject) -> None:
    """The step that shows a circuit with a note stays as it is, and the next size is a step of its own: without a step
    a file cannot say which circuit the note is on."""
    if subject.about == "circuit" and subject.step is not None:
        subject.step.merge = ""


def _target(subject: Subject, number: dict[Step, int]) -> str:
    """As a file says it."""
    if subject.about == "step":
        return str(number[subject.step]) if subject.step in number else ""
    if subject.about == "circuit":
        shows = (step for step in (subject.step, *number) if step is not None and step in number)
        shown = next((step for step in shows if step.document.circuit == subject.circuit), None)
        return "" if shown is None else str(number[shown])
    return subject.target


def _subject(note: Note, steps: Sequence[Step]) -> Subject:
    """What a note of a file is about."""
    if note.about in ("node", "edge"):
        return Subject(note.about, note.target, note.model)
    known = note.target.isascii() and note.target.isdigit() and len(note.target) < 9 and int(note.target) < len(steps)
    step = steps[int(note.target)] if known else None
    if note.about == "circuit" and step is not None:
        return of_circuit(step) or Subject("circuit", note.target)
    if note.about == "step" and step is not None:
        return of_step(step)
    return Subject(note.about, note.target if note.about != "project" else "")
