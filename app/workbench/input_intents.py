"""What the user asks of the model: the inputs, the metric, what a cut carries. Every change is a named step; what the
steps are is `core.project.input_operations`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from app.messages.replies import Ready
from app.workbench.refused_inputs import RefusedInputs
from core.edits import EditKind
from core.project import input_operations as operations
from core.project.document import Source
from core.project.examples import examples_for
from core.project.metric_choice import MetricChoice

if TYPE_CHECKING:
    from app.workbench.workbench import Workbench


class Question:
    """The intents of a workbench that concern the question. refused: pictures that could not be read."""

    def __init__(self, bench: Workbench, refused: RefusedInputs) -> None:
        self._bench, self._refused = bench, refused
        self._follows = False  # an input was changed whose answers are not known yet
        self._followed: MetricChoice | None = None  # the metric that was made to follow last

    def set_source(self, letter: str, source: Source | None) -> None:
        """Give a card another input."""
        bench = self._bench
        if getattr(bench.document, operations.FIELDS[letter]) == source:
            if self._refused.drop_problem(letter):
                bench.ask(changes=False)  # for the card without the message
            return
        self._refused.given(bench.document, bench.known)
        self._follows = True
        bench.take(operations.set_source(bench.document, letter, source))

    def swap(self) -> None:
        """Exchange A and B."""
        self._bench.take(operations.swap(self._bench.document))

    def set_metric(self, choice: MetricChoice) -> None:
        self._bench.take(operations.set_metric(self._bench.document, choice))

    def follow(self, ready: Ready) -> None:
        """Let the metric of an example follow another prompt: its answers are those of the example's. What the user has
        chosen stays, with an offer of what is likely."""
        bench, follows = self._bench, self._follows
        if bench.ready_of_present is not ready:
            return  # it is of an earlier state
        self._follows = False
        document, likely = bench.document, ready.metric_likely
        given = {each.document.metric for each in examples_for(document.model)} | {self._followed}
        if follows and likely is not None and document.metric in given and not bench.history.current.children:
            self._followed = likely
            bench.history.fill(replace(document, metric=likely))  # undo brings back both

    def set_replacement(self, kind: EditKind | None) -> None:
        """What a cut edge carries from now on, and what the estimates are of. None: B's value where there is a B, else
        zero."""
        document = self._bench.document
        if kind is None or kind != self._bench.cut_kind or document.replacement is None:
            self._bench.take(operations.set_replacement(document, kind))
