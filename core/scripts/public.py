"""The doors to scripts, for notebooks and the terminal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from core.errors import ArgumentError
from core.project.document import Document
from core.project.places import is_project
from core.project.project import steps_of
from core.project.wire_file import load_project
from core.scripts.notebook import notebook
from core.scripts.python_script import PARTS, Part, Told, python_script, told_of

Form = Literal["python", "notebook"]
FORMS: dict[Form, Callable[[list[Told]], str]] = {"python": python_script, "notebook": notebook}


def to_python(project: str | Path | Document, form: Form = "python", part: Part = "branch") -> str:
    """A project's history as a script that prints its figures, or as a Jupyter notebook: the text of its file.

    project: the path of a .wire file, or one state. part: "step", the present one alone; "branch", all that led to it;
    "all", every step. Raises ArgumentError, and InputError for a file that is none and for what no script can hold.
    """
    if form not in FORMS:
        raise ArgumentError(f"There is no form {form!r} of a script.", f"There are: {', '.join(FORMS)}.")
    if part not in PARTS:
        raise ArgumentError(f"No part of a history is called {part!r}.", f"There are: {', '.join(PARTS)}.")
    if isinstance(project, Document):
        return FORMS[form]([("The present state", project)])
    return FORMS[form](told_of_project(Path(project), part))


def told_of_project(path: Path, part: Part) -> list[Told]:
    """The steps of a project's file. Raises ArgumentError, InputError."""
    if not is_project(path):
        raise ArgumentError(f"{path} is no project: those end in .wire.")
    opened = load_project(path)
    return told_of(steps_of(opened.steps, opened.current)[1], part)
