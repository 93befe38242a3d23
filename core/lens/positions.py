"""What a node does position by position: how much it writes there, and what editing it there does to the metric.

The estimate is that of edge attribution patching (`core.tracing.attribution`), summed over the node's outgoing edges
instead of over positions:

    effect at p = (replacement_u - out_u)[p] . gradient_u[p],   gradient_u = sum of the gradients of its readers

so that the effects of all positions add up to the node's estimated effect. The measurement edits one position at a
time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.edits import Edit, EditKind
from core.errors import Cancelled
from core.graph import Node
from core.lens.input_row import check_row, of_row
from core.precision import widened
from core.result import Result
from core.session import Session
from core.tracing.job import common_length
from core.tracing.losses import Losses
from core.tracing.methods import eap, eap_ig
from core.tracing.node_gradients import from_the_last


def written_norms(result: Result, node: Node, row: int = 0) -> NDArray[np.float64]:
    """The length of the vector that a node carries at each position: [position]. result: over all positions. row: of
    the batch; ArgumentError for one that is not there."""
    check_row(len(result.metric), row)
    out = result.state.out(result.model.adapter, node)
    delta = result.state.node_deltas.get(result.model.graph.writer_index(node))
    carried = out if delta is None else widened(out) + delta
    return of_row(carried, row).cpu().double().norm(dim=-1).numpy()  # type: ignore[no-any-return]


class NodeGradients:
    """The metric's gradient at what each node writes, at the gradients of `eap`, one backward pass for all nodes; with
    steps the mean of those of `eap-ig`, one pass a step. Raises EditError for steps without a B."""

    def __init__(self, session: Session, cancelled: Callable[[], bool] | None = None, steps: int = 0) -> None:
        def check() -> None:
            if cancelled is not None and cancelled():
                raise Cancelled

        runs = eap_ig.gradients(session, steps, check=check) if steps else eap.gradients(session)
        layers = from_the_last(session.graph, runs, check)
        self._layers = {layer.layer: layer for layer in layers}

    def at(self, node: Node) -> Tensor:
        """[batch, position, width]"""
        return self._layers[node.layer].at(node)


def estimated_effects(
    session: Session, gradients: NodeGradients, node: Node, replacement: EditKind
) -> NDArray[np.float64]:
    """Estimated change of the metric by editing a node at one position: [position], means over the rows. Raises
    ArgumentError for a kind of edit that has no estimate, EditError for a patch without a B, InputError for rows of
    other lengths, whose positions do not correspond."""
    common_length([session.pair])
    with torch.no_grad():
        change = -Losses(session, replacement, 0).of_node(node)
        effects = (change * gradients.at(node)).sum(dim=-1).mean(dim=0)
    return effects.cpu().double().numpy()


def measured_effects(
    session: Session,
    node: Node,
    replacement: EditKind,
    edits: Sequence[Edit] = (),
    cancelled: Callable[[], bool] | None = None,
    done: Callable[[float], None] | None = None,
) -> NDArray[np.float64]:
    """Change of the metric by really editing a node at one position at a time: [position], means over the rows.

    edits: those that are in place meanwhile, but for those of the node. done: told the share of positions measured.
    Raises EditError, InputError for rows of other lengths, Cancelled.
    """
    length = common_length([session.pair])
    other_edits = [edit for edit in edits if edit.name != node.name]
    before = float(session.run(other_edits, cancelled=cancelled).metric.mean())
    effects = np.zeros(length)
    for position in range(len(effects)):
        result = session.run([*other_edits, Edit(node, replacement, positions=[position])], cancelled=cancelled)
        effects[position] = float(result.metric.mean()) - before
        if done is not None:
            done((position + 1) / len(effects))
    return effects
