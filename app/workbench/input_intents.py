"""What the user asks of the model: the inputs, the metric, what a cut carries. Every change is a named step; what the
steps are is `core.project.input_operations`."""

from __future__ import annotations

from dataclasses import replace

from app.messages.replies import InputsReply
from app.messages.request import OneShotQuery
from app.workbench.refused_inputs import RefusedInputs
from app.workbench.workbench_like import WorkbenchLike
from core.edits import EditKind
from core.project import input_operations as operations
from core.project.document import Source
from core.project.examples import examples_for
from core.project.metric_choice import MetricChoice


class Question:
    """The intents of a workbench that concern the question. refused: pictures that could not be read."""

    def __init__(self, workbench: WorkbenchLike, refused: RefusedInputs) -> None:
        self._workbench, self._refused = workbench, refused
        self._follows = False  # an input was changed whose answers are not known yet
        self.made: OneShotQuery | None = None  # how B was made last from A, to be made again
        self._followed: MetricChoice | None = None  # the metric that was made to follow last

    def set_source(self, letter: str, source: Source | None) -> None:
        """Give a card another input."""
        workbench = self._workbench
        if getattr(workbench.document, operations.FIELDS[letter]) == source:
            if self._refused.drop_problem(letter):
                workbench.ask(changes=False)  # for the card without the message
            return
        self._refused.given(workbench.document, workbench.known)
        self._follows = True
        workbench.take(operations.set_source(workbench.document, letter, source))

    def go_on(self, written: str) -> None:
        """Put text that the model wrote behind A, and behind B where that stands beside it."""
        workbench = self._workbench
        self._follows = True
        both = workbench.usable().counterfactual is not None
        workbench.take(operations.go_on(workbench.document, written, both))

    def swap(self) -> None:
        """Exchange A and B."""
        self._workbench.take(operations.swap(self._workbench.document))

    def set_metric(self, choice: MetricChoice) -> None:
        self._workbench.take(operations.set_metric(self._workbench.document, choice))

    def follow(self, ready: InputsReply) -> None:
        """Let the metric of an example follow another prompt: its answers are those of the example's. What the user has
        chosen stays, with an offer of what is likely."""
        workbench, follows = self._workbench, self._follows
        if workbench.ready_of_present is not ready:
            return  # it is of an earlier state
        self._follows = False
        document, likely = workbench.document, ready.metric_likely
        given = {each.document.metric for each in examples_for(document.model)} | {self._followed}
        if follows and likely is not None and document.metric in given and not workbench.history.current.children:
            self._followed = likely
            workbench.history.fill(replace(document, metric=likely))  # undo brings back both

    def set_replacement(self, kind: EditKind | None) -> None:
        """What a cut edge carries from now on, and what the estimates are of. None: B's value where there is a B, else
        zero."""
        document = self._workbench.document
        if kind is None or kind != self._workbench.cut_kind or document.replacement is None:
            self._workbench.take(operations.set_replacement(document, kind))
