"""The history of one piece of work: a tree of steps, each with the document as it was left.

Undo goes to the step before, redo to the one it was undone from; another change at an earlier step begins a branch, and
nothing is ever lost. Documents are immutable, so going to a step is exact. One step is the present one.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace

from core.project.document import Document
from core.project.outcome import Outcome


@dataclass(frozen=True)
class Recovery:
    """What the circuit that a step's document keeps recovers of the metric. words: how that was found."""

    share: float
    words: str


def _stamp() -> int:
    return random.getrandbits(64)


@dataclass(eq=False)
class Step:
    """One step. words: what was done. merge: steps with the same one that follow each other are one (a drag). opens: a
    model or an example was taken up; all others are what the user has made. stamp: stands for its words and its
    document, another one whenever they are."""

    words: str
    document: Document
    parent: Step | None = None
    merge: str = ""
    opens: bool = False
    children: list[Step] = field(default_factory=list)
    outcome: Outcome | None = None
    recovery: Recovery | None = None
    latest: Step | None = None  # the child that redo goes to
    stamp: int = field(default_factory=_stamp)

    def path(self) -> list[Step]:
        """The steps from the first one to this."""
        steps: list[Step] = []
        step: Step | None = self
        while step is not None:
            steps.append(step)
            step = step.parent
        return steps[::-1]


class History:
    """The tree of one piece of work. move: called with the document to take up, when the present step changes. changed:
    called after every change of the tree. refused: called where one is asked for that may not be.

    locked: why nothing may be changed; empty while all may. One can go through a locked tree, and its figures stay what
    they were. unsure: figures that come may be of another model than those that are here: none is taken until that is
    known.

    state: stands for all steps with their words and documents: the same again when what was added has gone. Figures are
    no part of it, nor which step is present. It is the sum of the steps' stamps, so that no change looks at all of
    them."""

    def __init__(
        self,
        document: Document,
        move: Callable[[Document], None],
        changed: Callable[[], None] = lambda: None,
        refused: Callable[[], None] = lambda: None,
    ) -> None:
        self._move, self._changed, self._refused = move, changed, refused
        self.locked, self.unsure = "", False
        self.root = Step("Start", document, opens=True)
        self.current = self.root
        self.state = self.root.stamp

    @property
    def takes_figures(self) -> bool:
        """Whether what is found now is of the model that all of this is of."""
        return not self.locked and not self.unsure

    # ---- changes ----

    def push(self, words: str, document: Document, merge: str = "", opens: bool = False) -> None:
        """A new step after the present one, which becomes the present one."""
        if self.locked:
            self._refused()
            return
        present = self.current
        if merge and merge == present.merge and not present.children and present.parent is not None:
            self._rewrite(present, document, words)
            present.outcome = present.recovery = None
        else:
            step = Step(words, document, present, merge, opens)
            present.children.append(step)
            present.latest = step
            self.current = step
            self.state += step.stamp
        self._move(document)
        self._changed()

    def fill(self, document: Document, words: str = "") -> None:
        """The present step, which nothing follows, is of another document: a first one, or one that is opened before
        the one before could be."""
        if self.locked:
            return
        step = self.current
        self._rewrite(step, document, words if step.parent is not None else "")
        step.outcome = step.recovery = None
        self._move(document)
        self._changed()

    def take_over(self, root: Step, current: Step, locked: str = "") -> None:
        """Another tree in the place of this one, with one of its steps as the present one."""
        self.locked = locked
        self.root, self.current = root, current
        self.state = sum(step.stamp for step, _ in self.steps())
        self._move(current.document)
        self._changed()

    def retract(self, step: Step) -> None:
        """A step came to nothing: it goes. The steps after it stay, without what it changed; where it was the present
        one, the one before is."""
        before = step.parent
        if self.locked or before is None or step not in self.current.path():
            return
        place = before.children.index(step)
        before.children[place : place + 1] = step.children
        if before.latest is step:
            before.latest = step.latest
        self.state -= step.stamp
        undone = _differences(step.document, before.document)
        for child in step.children:
            child.parent = before
        for later in _all_below(step):
            kept = {name for name, (changed, _) in undone.items() if getattr(later.document, name) != changed}
            back = {name: former for name, (_, former) in undone.items() if name not in kept}
            self._rewrite(later, replace(later.document, **back))  # type: ignore[arg-type]
            later.recovery = None
        if self.current is step:
            self.current = before
        self._move(self.current.document)
        self._changed()

    def leave(self, step: Step, worthless: Callable[[Step], bool]) -> None:
        """Go back to a step from where nothing can be done. Steps left behind that are worth nothing go."""
        behind: Step | None = self.current
        self.go(step)
        while (
            not self.locked and behind is not None and behind is not step and not behind.children and worthless(behind)
        ):
            self._drop(behind)
            behind = behind.parent
        self._changed()

    def _rewrite(self, step: Step, document: Document, words: str = "") -> None:
        """A step is of another document; without words it keeps its own."""
        words = words or step.words
        if (words, document) != (step.words, step.document):
            self.state -= step.stamp
            step.stamp = _stamp()
            self.state += step.stamp
        step.document, step.words = document, words

    def _drop(self, step: Step) -> None:
        """A step that nothing follows goes out of the tree."""
        assert step.parent is not None
        assert not step.children
        self.state -= step.stamp
        step.parent.children.remove(step)
        if step.parent.latest is step:
            step.parent.latest = step.parent.children[-1] if step.parent.children else None

    def withdraw(self, document: Document) -> None:
        """The present step could not be done, and this is the document without it: where the step before has it, the
        step goes; else it is kept with that document."""
        if self.locked:
            return
        step = self.current
        if step.parent is not None and not step.children and step.parent.document == document:
            self._drop(step)
            self.current = step.parent
        else:
            self._rewrite(step, document)
        self._changed()

    def take_outcome(self, outcome: Outcome) -> None:
        """What the present step's run gave."""
        if outcome != self.current.outcome and self.takes_figures:
            self.current.outcome = outcome
            self._changed()

    def take_recovery(self, recovery: Recovery) -> None:
        """What the circuit of the present step recovers."""
        if recovery != self.current.recovery and self.takes_figures:
            self.current.recovery = recovery
            self._changed()

    def seal(self) -> None:
        """The next change does not merge with the present step: a drag has ended."""
        if self.locked:
            return
        self.current.merge = ""

    # ---- going through it ----

    @property
    def undo_words(self) -> str:
        """What undo would take back; empty where there is nothing."""
        return "" if self.current.parent is None else self.current.words

    @property
    def redo_words(self) -> str:
        return "" if self.current.latest is None else self.current.latest.words

    def undo(self) -> None:
        if self.current.parent is not None:
            self.go(self.current.parent)

    def redo(self) -> None:
        if self.current.latest is not None:
            self.go(self.current.latest)

    def go(self, step: Step) -> None:
        """Make a step of this tree the present one."""
        if step is self.current:
            return
        for parent, child in zip(step.path(), step.path()[1:], strict=False):
            parent.latest = child  # redo leads to where one has been last
        self.seal()
        self.current = step
        self._move(step.document)
        self._changed()

    def steps(self) -> Iterator[tuple[Step, int]]:
        """All steps with their depth, each before its children."""
        return steps_below(self.root)


def steps_below(root: Step) -> Iterator[tuple[Step, int]]:
    """A step and all that follow it, with their depth, each before its children."""
    waiting = [(root, 0)]
    while waiting:
        step, depth = waiting.pop()
        yield step, depth
        waiting += [(child, depth + 1) for child in reversed(step.children)]


def _all_below(step: Step) -> list[Step]:
    """The steps that follow a step, in whatever branch."""
    below = list(step.children)
    for each in below:
        below += each.children
    return below


def _differences(document: Document, before: Document) -> dict[str, tuple[object, object]]:
    """The fields in which a document is another than the one before: its value, and the former one."""
    names = (each.name for each in fields(Document))
    pairs = {name: (getattr(document, name), getattr(before, name)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
