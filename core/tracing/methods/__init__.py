"""The table of tracing methods: each is a file of this folder, and says all of itself there (`core.tracing.method`).
Imports no torch."""

from __future__ import annotations

from core.edit_kinds import ABLATIONS
from core.errors import ArgumentError
from core.tracing.method import Method
from core.tracing.methods import (
    acdc,
    atp_star,
    circuit_pruning,
    eap,
    eap_ig,
    eap_ig_activations,
    ensemble,
    exact_scan,
    flow_rollout,
    flow_routes,
    integrated_edges,
    learned_masks,
    random_scores,
    relp,
    warm_masks,
)

METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        eap_ig.METHOD,
        eap.METHOD,
        integrated_edges.METHOD,
        circuit_pruning.METHOD,
        eap_ig_activations.METHOD,
        ensemble.METHOD,
        atp_star.METHOD,
        relp.METHOD,
        flow_routes.METHOD,
        flow_rollout.METHOD,
        acdc.METHOD,
        learned_masks.METHOD,
        warm_masks.METHOD,
        exact_scan.METHOD,
        random_scores.METHOD,
    )
}


def method_named(name: str) -> Method:
    """A row of the table. Raises ArgumentError."""
    method = METHODS.get(name)
    if method is None:
        raise ArgumentError(f"There is no tracing method {name!r}.", f"There are: {', '.join(METHODS)}.")
    return method


__all__ = ["ABLATIONS", "METHODS", "Method", "method_named"]
