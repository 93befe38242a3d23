"""Projects in words: titles, questions, and whether there is anything to save."""

from __future__ import annotations

from pathlib import Path

from core.formatting import counted
from core.project.document import Document
from core.project.history import History

Mark = tuple[object, ...]
MARK = "[*]"  # where the window's title says that something is not saved


def mark_of(history: History) -> Mark:
    """What is saved of a history, to be compared with what it is later: its steps, and which one is present. Figures
    that come later by themselves are no change."""
    steps = [step for step, _ in history.steps()]
    return (*((step.words, step.document) for step in steps), steps.index(history.current))


def steps_made(history: History) -> int:
    """Steps that are the user's work: all but those that open a model or an example."""
    return sum(not step.opens for step, _ in history.steps())


def title(model: str, path: Path | None) -> str:
    """Of the window. model: what it is called, empty while none is open."""
    names = [name for name in ("" if path is None else path.stem, model) if name]
    first, *rest = [*names, "Wirescope"]
    return " - ".join([first + MARK, *rest])


def question(path: Path | None, steps: int) -> str:
    """Before what is not saved would go."""
    if path is not None:
        return f"Save the changes to {path.name}?"
    return f"Save your work, {counted(steps, 'step')}, as a project?"


def name_for(document: Document) -> str:
    """What a project that has no name yet could be called."""
    model = document.model.rstrip("/").replace("\\", "/").rpartition("/")[2].rpartition(":")[2]
    return "".join(letter if letter.isalnum() or letter in "-_. " else "-" for letter in model) or "work"
