"""Where in depth the information about the answer leaves the places that differ between A and B, and reaches the place
that the output reads.

The stream of A before layer l is replaced by B's at some positions, and the layers from l on are really run (Meng et
al. 2022, "Locating and Editing Factual Associations in GPT", section 2, patch single states likewise):

    decides(l) = (m(patched) - m(A)) / (m(B) - m(A)),       each m the mean over the pairs

once at the places whose embeddings differ between A and B (without those that the output reads), and once at the place
that it reads (the last token, CLS). At l = 0 the first is 1: all that differs is there. After the last layer only the
second is left. left: the first depth at which the first is below 1/2. arrived: that at which the second reaches 1/2.
meets: where the second passes the first. Depths are shares of the layers, interpolated between two of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.engine.run import Pass
from core.engine.state import RunState
from core.errors import EditError
from core.progress import at
from core.session import Session
from core.studies.estimate import UNDEFINED, Estimate, Floats, Rows, estimate
from core.tracing.direction import FLAT

HALF = 0.5


@dataclass(frozen=True, eq=False)
class Meeting:
    """of_a, of_b: the metric [pairs]. changed, read: with the stream patched before each layer and after the last
    [layers + 1, pairs]. Nothing where the output reads all positions (`everywhere`): it then has no one place."""

    of_a: Floats
    of_b: Floats
    changed: Floats
    read: Floats
    everywhere: bool = False

    def decides(self, which: str, rows: Rows | None = None) -> Floats:
        """[layers + 1]. NaN where A and B score alike."""
        some = slice(None) if rows is None else rows
        a, b = float(self.of_a[some].mean()), float(self.of_b[some].mean())
        means = getattr(self, which)[:, some].mean(axis=1)
        if abs(b - a) < FLAT:
            return np.full(len(means), np.nan)
        shares: Floats = (means - a) / (b - a)
        return shares

    def left(self) -> Estimate:
        return self._depth(lambda rows: HALF - self.decides("changed", rows))

    def arrived(self) -> Estimate:
        return self._depth(lambda rows: self.decides("read", rows) - HALF)

    def meets(self) -> Estimate:
        return self._depth(lambda rows: self.decides("read", rows) - self.decides("changed", rows))

    def _depth(self, difference: Callable[[Rows], Floats]) -> Estimate:
        if self.everywhere:
            return UNDEFINED
        return estimate(lambda rows: crossing(difference(rows)), len(self.of_a))


def crossing(values: Floats) -> float:
    """The depth, as a share, at which values [layers + 1] first reach 0 from below, by a straight line between two
    layers. NaN where they never do."""
    if np.isnan(values).any() or not (values >= 0).any():
        return float("nan")
    place = int(np.argmax(values >= 0))
    if place == 0:
        return 0.0
    before, after = values[place - 1], values[place]
    return float((place - 1 + before / (before - after)) / (len(values) - 1))


def meeting(session: Session) -> Meeting:
    """Of a session's batch. Raises EditError without a B, Cancelled."""
    if session.pair.counterfactual is None:
        raise EditError("Where information meets is asked of pairs.", "Give each a counterfactual.")
    parts = [session.part(rows) for rows in session.parts] if session.parts else [session]
    tables: list[list[Floats]] = []
    for part in parts:
        if part.engine.reads is None:
            nothing = np.empty((0, session.pair.batch))
            return Meeting(nothing, nothing, nothing, nothing, everywhere=True)
        tables.append(_of_batch(part))
        at(len(tables) / len(parts))
    of_a, of_b, changed, read = (np.concatenate(each, axis=-1) for each in zip(*tables, strict=True))
    return Meeting(of_a, of_b, changed, read)


def _of_batch(session: Session) -> list[Floats]:
    engine = session.engine
    a, b = engine.clean(), engine.counterfactual()
    assert b is not None
    assert engine.reads is not None
    read = torch.zeros(a.embedding.shape[:2], dtype=torch.bool, device=a.embedding.device)
    read.scatter_(1, engine.reads, True)
    changed = _differ(a.embedding, b.embedding) & ~read
    of_a, of_b = (_metric(session, state) for state in (a, b))
    layers = session.graph.layers
    of_changed = [_patched(session, a, b, changed, layer) for layer in range(layers)]
    of_read = [_patched(session, a, b, read, layer) for layer in range(layers)]
    return [of_a, of_b, np.stack([*of_changed, of_a]), np.stack([*of_read, of_b])]


def _differ(a: Tensor, b: Tensor) -> Tensor:
    """The positions at which two embeddings differ by more than rounding, [batch, position]."""
    return (a - b).abs().amax(dim=-1) > 1e-6 * a.abs().amax()


def _patched(session: Session, a: RunState, b: RunState, where: Tensor, layer: int) -> Floats:
    """The metric [batch] with the stream before a layer from B at some positions, [batch, position]."""
    adapter = session.model.adapter
    state = a.prefix(2 * layer, a.plan, a.reads, session.graph.heads)
    mixed = torch.where(where[:, :, None], b.attention_in[layer], a.attention_in[layer])
    state.attention_in[layer] = mixed
    with torch.no_grad():
        Pass(adapter, state, None, None).run(2 * layer)
    return _metric(session, state)


def _metric(session: Session, state: RunState) -> Floats:
    assert state.readout is not None
    metric: Floats = session.reading.of(state.readout).detach().cpu().double().numpy()
    return metric
