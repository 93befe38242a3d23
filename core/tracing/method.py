"""What a tracing method says of itself, and the table of all methods: a file of `core.tracing.methods` declares
`METHOD = Method(...)`, the class of its options and that of its state. The window, the command line, the docs and
`trace` are made from that.

The words are read before torch is loaded, by the command line and by menus. So a method's file imports torch, and what
imports it, in the functions that need it, and at its top for the checker of types alone."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

from core.edit_kinds import ABLATIONS, KINDS, EditKind
from core.errors import ArgumentError, EditError, ModelError
from core.plugins import Table
from core.tracing.job import Score
from core.tracing.meaning import ESTIMATED, Meaning
from core.tracing.options import WITHOUT_SPANS, Level, NoOptions

if TYPE_CHECKING:
    from core.engine.gradients import ReaderGradients
    from core.session import Session

FORWARD_AND_BACKWARD = 3.0  # forward runs, about


def runs_by_steps(scored: int, options: Any) -> float:
    """Of a method that takes a forward and a backward for each of its `steps`."""
    return FORWARD_AND_BACKWARD * float(options.steps)


@dataclass(frozen=True)
class Method:
    """One way to score edges, nodes or positions.

    name: in code and files. title: for menus. words: what it does, in a line. score: the method itself. takes: the
    class of its options, a frozen dataclass made with `core.tracing.options.option`. meaning: what its scores are.
    replaces: whether what a removed edge carries plays a part. joint: it scores all pairs of a dataset together, since
    what it does next depends on all of them. alone: it scores them one by one: its scores are means of absolute values.
    by_row: it can score the rows of a batch each alone, in one go. adds_up: which scores add up to m(A) - m(nothing)
    with enough steps: of all edges, or of those out of `input`. slopes: whether it takes gradients of the metric.
    most_edges: of the models that it is for; None: of any. slow: it is never run without being asked for. forwards:
    about how many forward runs of the model a pair takes, by how many edges (nodes, nodes at positions) are scored and
    by its options. held: how many runs' gradients it holds at once, by its options. gradients: of a session, those
    whose products its scores are, by its options: a circuit is unfolded over positions with them; None of other
    methods. makes_clean: whether it makes A's run by itself, together with gradients, so that a new session need not
    make it first.
    """

    name: str
    title: str
    words: str
    score: Score
    takes: type[Any] = NoOptions
    levels: tuple[Level, ...] = WITHOUT_SPANS
    replacements: tuple[EditKind, ...] = ABLATIONS
    needs_counterfactual: bool = False
    meaning: Meaning = ESTIMATED
    replaces: bool = True
    text_only: bool = False
    joint: bool = False
    alone: bool = False
    by_row: bool = False
    adds_up: Literal["all", "input"] | None = None
    slopes: bool = True
    most_edges: int | None = None
    slow: bool = False
    forwards: Callable[[int, Any], float] = lambda scored, options: FORWARD_AND_BACKWARD
    held: Callable[[Any], int] = lambda options: 1
    gradients: Callable[[Session, Any], list[ReaderGradients]] | None = None
    makes_clean: bool = False

    @property
    def options(self) -> tuple[str, ...]:
        """The names of its options."""
        return tuple(each.name for each in fields(self.takes))

    @property
    def about(self) -> str:
        """The steps, source, cost and limits: the docstring of its file."""
        return inspect.cleandoc(sys.modules[self.score.__module__].__doc__ or "")

    def check(self, session: Session, replacement: EditKind, level: Level) -> None:
        """Raise where this method cannot score such a thing, with what can: ArgumentError, EditError, ModelError."""
        if level not in self.levels:
            suitable = [method.name for method in METHODS.values() if level in method.levels]
            why = ": what it says of an edge is of all positions together" if level == "edge-spans" else ""
            raise ArgumentError(
                f"{self.title} does not score {level}{why}.",
                f"It scores {' and '.join(self.levels)}; for {level} take, for example, {suitable[0]}.",
            )
        if replacement not in self.replacements:
            raise ArgumentError(
                f"{self.title} cannot score for {replacement!r}.", f"There are: {', '.join(self.replacements)}."
            )
        if self.slopes:
            session.metric.check_slope(self.title)
        if self.text_only and not session.model.is_text:
            raise ModelError(f"{self.title} is for language models only.", "Use another method, for example eap-ig.")
        edges = session.graph.n_edges
        if self.most_edges is not None and edges > self.most_edges:
            raise ModelError(
                f"{self.title} is for small models: this one has {edges:,} edges, {self.most_edges:,} is the most.",
                "Use another method, for example eap-ig.",
            )
        patches = KINDS[replacement].from_b and self.replaces
        if session.pair.counterfactual is None and (self.needs_counterfactual or patches):
            why = "goes from B to A" if self.needs_counterfactual else "with patch takes values from B"
            instead = "trace by integrated-edges for mean" if self.needs_counterfactual else "trace for zero or mean"
            raise EditError(f"{self.title} {why}, and there is no B.", f"Give a counterfactual input, or {instead}.")


METHODS = Table("methods", Method, "core.tracing.methods")


def method_named(name: str) -> Method:
    """A row of the table. Raises ArgumentError."""
    return METHODS.named(name, "tracing method")
