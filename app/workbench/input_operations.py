"""What is asked of the model: the inputs, the metric, what a cut carries. Every change is a named step."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from app.messages.replies import Ready
from app.workbench.refused_inputs import FIELDS, RefusedInputs
from core.edits import ABLATIONS, KINDS, EditKind
from core.project.document import Source
from core.project.examples import examples_for
from core.project.metric_choice import MetricChoice
from core.project.step_names import metric_words, source_words

if TYPE_CHECKING:
    from app.workbench.workbench import Workbench

REPLACEMENTS = {kind: KINDS[kind].choice for kind in ABLATIONS}


class Question:
    """The intents of a workbench that concern the question. refused: pictures that could not be read."""

    def __init__(self, bench: Workbench, refused: RefusedInputs) -> None:
        self._bench, self._refused = bench, refused
        self._follows = False  # an input was changed whose answers are not known yet
        self._followed: MetricChoice | None = None  # the metric that was made to follow last

    def set_source(self, letter: str, source: Source | None) -> None:
        """Give a card another input."""
        bench = self._bench
        if getattr(bench.document, FIELDS[letter]) == source:
            if self._refused.drop_problem(letter):
                bench.ask(changes=False)  # for the card without the message
            return
        self._refused.given(bench.document, bench.known)
        self._follows = True
        bench.commit(source_words(letter, source), replace(bench.document, **{FIELDS[letter]: source}))  # type: ignore[arg-type]

    def swap(self) -> None:
        """Exchange A and B."""
        document = self._bench.document
        if document.counterfactual is not None:
            swapped = replace(document, clean=document.counterfactual, counterfactual=document.clean)
            self._bench.commit("Swap A and B", swapped)

    def set_metric(self, choice: MetricChoice) -> None:
        self._bench.commit(metric_words(choice), replace(self._bench.document, metric=choice))

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
        if kind is None:
            self._bench.commit("Replace from B or with zero", replace(document, replacement=None))
        elif kind != self._bench.cut_kind or document.replacement is None:
            self._bench.commit(REPLACEMENTS.get(kind, f"Replace by {kind}"), replace(document, replacement=kind))
