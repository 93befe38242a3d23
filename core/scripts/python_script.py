"""The history as a script of the public API: what it prints are the figures of the window.

A script of one state makes it at once. One of several steps makes each from the one before, so that every step is the
line that it would have been in a notebook; a branch begins by going back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from core.project.document import Document
from core.project.history import Step
from core.project.step_names import model_words
from core.scripts import literals as py
from core.scripts.helpers import header
from core.scripts.passages import Narrator, Passage

Told = tuple[str, Document]
Part = Literal["step", "branch", "all"]
PARTS: dict[Part, str] = {
    "step": "the present step alone",
    "branch": "the steps that led to it",
    "all": "every step of the history, in all branches",
}


def told_of(present: Step, part: Part = "branch") -> list[Told]:
    """The steps that a script tells, with their words. present: the step that the user is at."""
    if part == "step":
        return [(present.words, present.document)]
    path = present.path()
    if part == "branch":
        return _opened([(step.words, step.document) for step in path])
    told: list[Told] = []
    waiting, before = [path[0]], None
    while waiting:
        step = waiting.pop()
        back = "" if step.parent is before or step.parent is None else f"From “{step.parent.words}” on: "
        told.append((back + step.words, step.document))
        waiting += reversed(step.children)
        before = step
    return _opened(told)


def _opened(told: list[Told]) -> list[Told]:
    """Without the steps of before a model was open."""
    return [each for each in told if each[1].model] or told[:1]


def passages(told: Iterable[Told]) -> list[Passage]:
    """What each step adds to a script. Raises InputError for what none can hold."""
    narrator = Narrator()
    return [narrator.tell(words, document) for words, document in told]


def python_script(told: Sequence[Told]) -> str:
    """A script that makes states one after another, and prints their figures. Raises InputError."""
    parts = passages(told)
    needs = {need for part in parts for need in part.needs}
    title = f'"""{title_of(told)}"""'
    blocks = [*header(needs), *(passage_text(part) for part in parts)]
    return "\n\n\n".join(["\n\n".join([title, blocks[0]]), *blocks[1:]]) + "\n"


def passage_text(passage: Passage) -> str:
    """A passage with what was done as its comment."""
    return "\n".join([py.comment(passage.words), *passage.lines])


def title_of(told: Sequence[Told]) -> str:
    """What a script is of, in a line without quotes or backslashes."""
    models = dict.fromkeys(model_words(document.model) for _, document in told if document.model)
    steps = f", {len(told)} steps" if len(told) > 1 else ""
    words = f"{', '.join(models) or 'No model'}: made with Wirescope{steps}."
    return "".join(letter if letter.isprintable() and letter not in '"\\' else " " for letter in words)
