"""The table of tracing methods: the window, the command line and `trace` are made from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.edits import EditKind
from core.errors import ArgumentError
from core.inputs.pair import Dataset
from core.session import Session
from core.tracing.attribution import eap, eap_ig
from core.tracing.scores import Scores

Cancel = Callable[[], bool] | None


@dataclass(frozen=True)
class Method:
    """One way to score all edges. score: (session, replacement, steps, cancelled) to estimated effects [edges]."""

    name: str
    words: str
    needs_counterfactual: bool
    score: Callable[[Session, EditKind, int, Cancel], NDArray[np.float64]]


METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method(
            "eap-ig",
            "EAP-IG: gradients averaged from B to A",
            True,
            lambda session, kind, steps, cancelled: eap_ig(session, kind, steps, cancelled),
        ),
        Method(
            "eap",
            "EAP: gradients at A",
            False,
            lambda session, kind, steps, cancelled: eap(session, kind, cancelled),
        ),
    )
}


def trace(
    session: Session,
    method: str = "eap-ig",
    *,
    steps: int = 5,
    replacement: EditKind = "patch",
    dataset: Dataset | None = None,
    cancelled: Cancel = None,
) -> Scores:
    """Score every edge of a session: positive where the edge raises the metric.

    method: a name of METHODS. steps: points of the integral, for methods that have one.
    replacement: what a removed edge carries: `patch`, `zero`, `mean`.
    dataset: score these pairs with the session's metric, one by one, and average; otherwise the session's own pair.
    Raises ArgumentError for an unknown method, EditError for a missing counterfactual, Cancelled.
    """
    found = METHODS.get(method)
    if found is None:
        raise ArgumentError(f"There is no tracing method {method!r}.", f"There are: {', '.join(METHODS)}.")
    sessions: Iterable[Session] = [session]
    if dataset is not None:
        sessions = (Session(session.model, pair, session.metric.metric) for pair in dataset.pairs)
    effects = np.mean([found.score(each, replacement, steps, cancelled) for each in sessions], axis=0)
    about = {"model": session.model.name, "metric": session.metric.name}
    return Scores(session.graph, -effects, method, replacement, about)
