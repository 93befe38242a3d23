"""The table of tracing methods: the window, the command line, the docs and `trace` are made from it."""

from __future__ import annotations

import inspect
import sys
from dataclasses import dataclass
from typing import Literal

from core.edits import EditKind
from core.errors import ArgumentError, EditError, ModelError
from core.session import Session
from core.tracing.acdc import acdc
from core.tracing.atp_star import atp_star
from core.tracing.circuit_pruning import circuit_pruning
from core.tracing.eap import eap
from core.tracing.eap_ig import eap_ig
from core.tracing.eap_ig_activations import eap_ig_activations
from core.tracing.exact_scan import exact_scan
from core.tracing.flow_routes import flow_routes
from core.tracing.integrated_edges import integrated_edges
from core.tracing.job import LEVELS, Job, Level, Score
from core.tracing.learned_masks import MOST_EDGES, learned_masks
from core.tracing.meaning import DRAWN, ESTIMATED, IN_CIRCUIT, MEASURED, ORDER, SHARE, Meaning
from core.tracing.random_scores import random_scores
from core.tracing.relp import relp

ABLATIONS: tuple[EditKind, ...] = ("patch", "zero", "mean")


@dataclass(frozen=True)
class Method:
    """One way to score edges, nodes or positions.

    name: in code and files. title: for menus. words: what it does, in a line. score: the method itself. options: what
    of `Options` it takes. meaning: what its scores are. replaces: whether what a removed edge carries plays a part.
    joint: it scores all pairs of a dataset together, since what it does next depends on all of them. alone: it scores
    them one by one: its scores are means of absolute values. adds_up: which scores add up to m(A) - m(nothing) with
    enough steps: of all edges, or of those out of `input`. slopes: whether it takes gradients of the metric.
    most_edges: of the models that it is for; None: of any.
    """

    name: str
    title: str
    words: str
    score: Score
    options: tuple[str, ...] = ()
    levels: tuple[Level, ...] = LEVELS
    replacements: tuple[EditKind, ...] = ABLATIONS
    needs_counterfactual: bool = False
    meaning: Meaning = ESTIMATED
    replaces: bool = True
    text_only: bool = False
    joint: bool = False
    alone: bool = False
    adds_up: Literal["all", "input"] | None = None
    slopes: bool = True
    most_edges: int | None = None

    @property
    def about(self) -> str:
        """The steps, source, cost and limits: the docstring of its file."""
        return inspect.cleandoc(sys.modules[self.score.__module__].__doc__ or "")

    def check(self, session: Session, replacement: EditKind, level: Level) -> None:
        """Raise where this method cannot score such a thing, with what can: ArgumentError, EditError, ModelError."""
        if level not in self.levels:
            others = [method.name for method in METHODS.values() if level in method.levels]
            raise ArgumentError(
                f"{self.title} does not score {level}.",
                f"It scores {' and '.join(self.levels)}; for {level} take, for example, {others[0]}.",
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
        patches = replacement == "patch" and self.replaces
        if session.pair.counterfactual is None and (self.needs_counterfactual or patches):
            why = "goes from B to A" if self.needs_counterfactual else "with patch takes values from B"
            instead = "trace by integrated-edges for mean" if self.needs_counterfactual else "trace for zero or mean"
            raise EditError(f"{self.title} {why}, and there is no B.", f"Give a counterfactual input, or {instead}.")


METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method(
            "eap-ig",
            "EAP-IG",
            "gradients averaged from B to A",
            eap_ig,
            options=("steps",),
            needs_counterfactual=True,
            adds_up="input",
        ),
        Method("eap", "EAP", "gradients at A", eap),
        Method(
            "integrated-edges",
            "Integrated edges",
            "gradients averaged while all edges are opened together; scores of all edges add up",
            integrated_edges,
            options=("steps",),
            adds_up="all",
        ),
        Method(
            "circuit-pruning",
            "Circuit pruning",
            "attribution in the circuit that is left, again and again, exact runs where that is least sure; "
            "Wirescope's own",
            circuit_pruning,
            options=("steps", "budget"),
            meaning=ORDER,
            levels=("edges",),
            joint=True,
        ),
        Method(
            "eap-ig-activations",
            "EAP-IG on activations",
            "gradients averaged while the output of a layer goes step by step from its replacement to A's own",
            eap_ig_activations,
            options=("steps",),
        ),
        Method(
            "atp-star",
            "AtP*",
            "gradients at A, with attention computed exactly; each layer is left out once, so that none cancel",
            atp_star,
            alone=True,
        ),
        Method(
            "relp",
            "RelP",
            "shares of the output, followed back through A's own run by rules instead of gradients",
            relp,
            text_only=True,
        ),
        Method(
            "flow-routes",
            "Information flow routes",
            "what the streams are made of, followed from the output down; no counterfactual",
            flow_routes,
            meaning=SHARE,
            replaces=False,
            slopes=False,
        ),
        Method(
            "acdc",
            "ACDC",
            "edges removed for good, one after the other, where the metric hardly changes; small models",
            acdc,
            options=("threshold", "restarts", "seed"),
            meaning=IN_CIRCUIT,
            joint=True,
            slopes=False,
        ),
        Method(
            "learned-masks",
            "Learned masks",
            "a mask for every edge, learned so that few edges keep the output; small models",
            learned_masks,
            options=("updates", "keep", "seed"),
            meaning=SHARE,
            joint=True,
            slopes=False,
            most_edges=MOST_EDGES,
        ),
        Method(
            "exact-scan",
            "Exact scan",
            "every edit really made, one at a time",
            exact_scan,
            meaning=MEASURED,
            slopes=False,
        ),
        Method(
            "random",
            "Random",
            "the baseline",
            random_scores,
            options=("seed",),
            meaning=DRAWN,
            replaces=False,
            slopes=False,
        ),
    )
}


def method_named(name: str) -> Method:
    """A row of the table. Raises ArgumentError."""
    found = METHODS.get(name)
    if found is None:
        raise ArgumentError(f"There is no tracing method {name!r}.", f"There are: {', '.join(METHODS)}.")
    return found


__all__ = ["METHODS", "Job", "Method", "method_named"]
