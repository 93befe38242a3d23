"""Projects in words: titles, questions, and whether there is anything to save."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from core.formatting import counted
from core.project.document import Document
from core.project.history import History
from core.project.step_names import model_words

Mark = tuple[object, ...]
MARK = "[*]"  # where the window's title says that something is not saved


@dataclass(frozen=True)
class Left:
    """What a session is about. path: of the project's file; empty for work that was never saved. kept: its window was
    closed, and kept its work without a question."""

    path: str = ""
    model: str = ""
    steps: int = 0
    kept: bool = False


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


def left_words(left: Left, changed: datetime, more: int) -> str:
    """What was left by a window. changed: when it was written last. more: how many others were left."""
    what = f"{Path(left.path).name}, with {counted(left.steps, 'step')}" if left.path else counted(left.steps, "step")
    on = f" on {model_words(left.model)}" if left.model else ""
    how = "was kept when the window was closed" if left.kept else "was not saved when Wirescope ended unexpectedly"
    others = f" {counted(more, 'other piece')} of work {'was' if more == 1 else 'were'} left." if more else ""
    return f"Work of {changed.day} {changed:%B, %H:%M}: {what}{on}. It {how}.{others}"


def name_for(document: Document) -> str:
    """What a project that has no name yet could be called."""
    model = model_words(document.model.replace("\\", "/"))
    return "".join(letter if letter.isalnum() or letter in "-_. " else "-" for letter in model) or "work"
