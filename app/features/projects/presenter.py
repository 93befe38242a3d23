"""Projects in words: titles, questions, and whether there is anything to save."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from core.formatting import counted
from core.project.document import Document
from core.project.history import History, Step
from core.project.step_names import model_words

MARK = "[*]"  # where the window's title says that something is not saved


@dataclass(frozen=True)
class Mark:
    """What a project is at a moment: `History.state`, the present step, and how often something was found that takes
    long, or was noted."""

    state: int
    present: Step
    revision: int

    def holds(self, later: Mark) -> bool:
        """Whether nothing was done, found or noted until a later moment; which step is present does not count."""
        return (self.state, self.revision) == (later.state, later.revision)


@dataclass(frozen=True)
class Left:
    """What a session is about. path: of the project's file; empty for work that was never saved. kept: its window was
    closed, and kept its work without a question. state: of that file as this window knew it (`state_of`)."""

    path: str = ""
    model: str = ""
    steps: int = 0
    kept: bool = False
    state: tuple[int, int] | None = None


def mark_of(history: History, revision: int) -> Mark:
    """What is saved of a history, to be compared with what it is later. Figures that come later by themselves are no
    change. revision: of the records."""
    return Mark(history.state, history.current, revision)


def has_work(history: History) -> bool:
    """Whether any step is the user's work."""
    return any(not step.opens for step, _ in history.steps())


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
    return f"Save your work, {counted(steps, 'step')}, as a project?" if steps else "Save your notes as a project?"


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


Reason = Literal["checking", "elsewhere", "missing", "other"]
USE, ANOTHER, COPY, NEW = "use", "another", "copy", "new"
_BUTTONS = {
    USE: (USE, "Use &These Weights", "Go on with the model as it is here; figures of the former weights go"),
    ANOTHER: (ANOTHER, "Use &Another Model…", "Inputs, edits and steps stay; figures of the former model go"),
    NEW: (NEW, "Ne&w Project", "Leave this one as it is, and begin another"),
    COPY: (COPY, "Save a Co&py…", "A project of its own, which can be changed here"),
}
CHOICES: dict[Reason, tuple[str, ...]] = {
    "checking": (),
    "elsewhere": (COPY,),
    "missing": (ANOTHER, NEW),
    "other": (USE, ANOTHER),
}


@dataclass(frozen=True)
class Access:
    """Why a project can only be looked at. model: what the present step's is called. saved, here: the hashes of its
    weights. problem: why it cannot be opened. place: where it is open, in a few words, where that is not this process.
    in_window: the weights saved are those that it had in this window, of which no file tells."""

    reason: Reason
    project: str
    model: str = ""
    saved: str = ""
    here: str = ""
    problem: str = ""
    place: str = ""
    in_window: bool = False

    @property
    def locked(self) -> str:
        """What is said where somebody wants to change it."""
        if self.reason == "checking":
            return f"{self.project} is being opened: whether {self.model} is the same model is looked at first."
        if self.reason == "elsewhere":
            return f"{self.project} is open in another window: nothing is changed here. Save Project As makes a copy."
        since = "before" if self.in_window else "when it was saved"
        what = "cannot be opened" if self.reason == "missing" else f"has other weights than {since}"
        return f"Nothing is changed: the model {self.model} {what}. The strip at the top of the window has what to do."

    @property
    def words(self) -> str:
        """What the strip says; nothing while it is only being looked at."""
        if self.reason == "checking":
            return ""
        if self.reason == "elsewhere":
            return f"{self.project} is open in another window. Here it can be looked at, not changed."
        if self.reason == "missing":
            return (
                f"The model of this project, {self.model}, cannot be opened. Its history with all figures, and its "
                "inputs, can be looked at, not changed."
            )
        where = f"on {self.place}" if self.place else "here"
        since = "before in this window" if self.in_window else f"when {self.project} was saved"
        back = " File > Disconnect goes back to those of this machine." if self.place and self.in_window else ""
        return (
            f"The model {self.model} has other weights {where} ({self.here[:8]}…) than {since} ({self.saved[:8]}…), so "
            f"the figures in the history are not of this model. It can be looked at, not changed.{back}"
        )

    @property
    def buttons(self) -> tuple[tuple[str, str, str], ...]:
        return tuple(_BUTTONS[key] for key in CHOICES[self.reason])
