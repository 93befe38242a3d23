"""What each neuron of an MLP does: what it adds to the metric's logits itself, what replacing it would change by the
gradient, and, of the strongest, what it really changes.

    direct     activation x (row x factor) . w            w: the slope of `core.lens.direct`, at the read positions
    estimated  (replacement - activation) x (row x factor) . g, summed over positions
               g: the metric's gradient at what the MLP writes, as in edge attribution patching (`eap`)
    measured   the metric with the neuron replaced, less the metric without

The factor is what multiplies all that the MLP writes (`core.engine.units`). Direct shares and the rest, which is the
bias of the last map, sum to the MLP's direct share. Estimates and their rest sum to the MLP's estimate. An expert of a
mixture stands for a neuron there: its weight times what it makes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.edits import Edit, EditKind
from core.engine.flow import Flow
from core.engine.plan import stage_of_reader
from core.engine.replacement import ablation
from core.engine.rows import Rows
from core.engine.state import RunState
from core.engine.units import factor, means_of
from core.errors import ArgumentError, WirescopeError
from core.graph import Node, Reader
from core.lens.direct import slope
from core.lens.positions import NodeGradients
from core.models.mixtures import Experts
from core.models.units import Units
from core.nodes import UnitKind
from core.precision import widened
from core.scan import Scan
from core.session import Session
from core.tracing.losses import Losses

KINDS: tuple[EditKind, ...] = ("zero", "mean", "patch")


@dataclass(frozen=True, eq=False)
class Neurons:
    """Of one MLP; means over the rows.

    node: the MLP. kind: "neuron", or "expert" of a mixture. replacement: of the estimates and measurements.
    estimated: [units], the change of the metric; by_position: [position, units], the same at each position.
    rest: what no unit's replacement would change, of the MLP's estimate. direct: [units] in logits, or None with the
    reason in why_no_direct; direct_rest: the MLP's direct share that belongs to no unit. words: what direct is a share
    of. measured: by the unit's number.
    """

    node: Node
    kind: UnitKind
    replacement: EditKind
    estimated: NDArray[np.float64]
    by_position: NDArray[np.float64]
    rest: float
    direct: NDArray[np.float64] | None
    direct_rest: float
    words: str
    why_no_direct: str
    measured: dict[int, float]

    def unit(self, number: int) -> Node:
        """The node to edit: its name is `m5.n123`."""
        return Node(self.kind, self.node.layer, number)

    def top(self, count: int = 20) -> list[int]:
        """Numbers of the units with the largest estimates, whatever their sign, the largest first."""
        return np.argsort(-np.abs(self.estimated), kind="stable")[:count].tolist()  # type: ignore[no-any-return]


def neurons(
    session: Session,
    node: Node | str,
    top: int = 20,
    replacement: EditKind = "zero",
    *,
    edits: Sequence[Edit] = (),
    measure: bool = True,
    gradients: NodeGradients | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Neurons:
    """The neurons of an MLP, or the experts of a mixture.

    node: `m5`. top: how many of the largest estimates are measured, each by a run. replacement: "zero", "mean" or
    "patch" (from B). edits: those that stand while each is measured; estimates and direct shares are of the run without
    edits. measure: False leaves the runs out. gradients: where they are known already.
    Raises ArgumentError for a node that is no MLP or does not open and for a negative top, EditError without a B to
    patch from, Cancelled.
    """
    units = _units(session, node)
    if top < 0:
        raise ArgumentError(f"{top} neurons cannot be measured.", "Give nought or more; measure=False measures none.")
    if replacement not in KINDS:
        raise ArgumentError(f"Neurons are not ranked by {replacement!r}.", f"There are: {', '.join(KINDS)}.")
    node_gradients = gradients or NodeGradients(session, cancelled)
    whole = Node("mlp", units.layer)
    with torch.no_grad():
        change, total = changes_of_units(session, units, replacement, node_gradients.at(whole))
        estimated = change.sum(dim=1).mean(dim=0)
        direct, direct_rest, words, why = _direct(session, units)
    table = Neurons(
        whole,
        units.kind,
        replacement,
        _array(estimated),
        _array(change.mean(dim=0)),
        float(total - estimated.sum()),
        direct,
        direct_rest,
        words,
        why,
        {},
    )
    if measure:
        numbers = table.top(top)
        targets = [table.unit(number) for number in numbers]
        effects = Scan(session, targets, replacement, edits=edits).run(cancelled=cancelled)
        table.measured.update(zip(numbers, effects.tolist(), strict=True))
    return table


def routing(session: Session, node: Node | str, edits: Sequence[Edit] = ()) -> tuple[Tensor, Tensor]:
    """A mixture's router over A with some edits: its logits, and the weight of each expert, 0 where it is not chosen
    (as edits of the router leave it); both [batch, position, experts]. Edits of the mixture's own reader are not in it.
    Raises ArgumentError for a node that is no mixture."""
    units = _units(session, node)
    if not isinstance(units, Experts):
        raise ArgumentError(f"m{units.layer} is no mixture: it has no router.", "Its neurons are in ws.neurons.")
    state = session.run(edits, positions="all").state
    with torch.no_grad():
        reader, adapter = Reader("mlp", units.layer), units.adapter
        rows = Rows(state.length)
        normed = adapter.mlp_norm(units.layer, state.stream_at(reader, adapter.shape.parallel, rows))
        edited = state.plan.stages[stage_of_reader(reader, session.graph)].units
        return Flow(adapter, state, session.engine.references).routing(units.layer, normed, edited, rows)


def _units(session: Session, node: Node | str) -> Units:
    target = session.graph.parse(node) if isinstance(node, str) else node
    adapter = session.model.adapter
    if not isinstance(target, Node) or target.kind != "mlp" or target.tower:
        raise ArgumentError(f"{getattr(target, 'name', target)} is no MLP, which alone has neurons.", "Name one: m0.")
    session.graph.writer_index(target)
    units = adapter.units[target.layer]
    if units is None:
        raise ArgumentError(f"{target.name} of this model does not open into neurons.", "Edit it as a whole.")
    return units


def changes_of_units(session: Session, units: Units, replacement: EditKind, gradient: Tensor) -> tuple[Tensor, Tensor]:
    """Estimated changes by replacing each unit, [batch, position, units], and by replacing the whole MLP, the mean over
    the rows. gradient: at what the MLP writes, [batch, position, width]."""
    engine, whole = session.engine, Node("mlp", units.layer)
    lost = Losses(session, replacement, 0).of_node(whole)
    times, values = _inside(units, engine.clean(full=True))
    at_made = gradient * times
    change = -units.shares(values, at_made)
    carried = ablation(replacement)
    if carried.one_run:
        times_there, values_there = _inside(units, carried.run(engine.references))
        change = change + units.shares(values_there, gradient * times_there)
    elif not carried.nothing:
        change = change + units.shares(means_of(units, engine.references).flatten(2).expand_as(values), at_made)
    return change, -(lost * gradient).sum(dim=(1, 2)).mean()


def _inside(units: Units, state: RunState, rows: Rows | None = None) -> tuple[Tensor, Tensor]:
    """The factor of what a run's MLP makes, and the values of its units, at some rows; None: all."""
    adapter = units.adapter
    stream = state.stream_at(Reader("mlp", units.layer), adapter.shape.parallel, rows or Rows(state.length))
    normed = adapter.mlp_norm(units.layer, stream)
    made, inside = units.made(normed)
    return factor(units, made), widened(units.values(normed, inside, range(units.count)))


def _direct(session: Session, units: Units) -> tuple[NDArray[np.float64] | None, float, str, str]:
    """Shares, the rest, the direction in words, and why there are none."""
    result, engine = session.run(), session.engine
    try:
        words, w = slope(session, result)
    except WirescopeError as error:
        return None, 0.0, "", str(error)
    rows = Rows(engine.length, index=engine.reads)
    times, values = _inside(units, result.state, rows)
    shares = units.shares(values, w * times).sum(dim=1).mean(dim=0)
    added = result.state.out_at(units.adapter, Node("mlp", units.layer), rows)
    total = (w * added).sum(dim=(1, 2)).mean()
    return _array(shares), float(total - shares.sum()), words, ""


def _array(x: Tensor) -> NDArray[np.float64]:
    array: NDArray[np.float64] = x.cpu().double().numpy()
    return array
