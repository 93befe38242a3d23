"""The tracing methods of this program, in the order of menus: each is a file of this folder, and says all of itself
there. `core.tracing.method` holds the table that they are rows of. Imports no torch."""

from __future__ import annotations

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

ROWS: tuple[Method, ...] = (
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
