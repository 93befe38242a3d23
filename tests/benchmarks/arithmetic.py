"""What runs of a session need at least (`core.planning.arithmetic`), as shares of the model's own forward: counted, not
measured."""

from __future__ import annotations

import wirescope as ws
from core.graph import Edge
from core.planning.arithmetic import Arithmetic


def of_session(session: ws.Session) -> Arithmetic:
    """Of its model and inputs."""
    engine = session.engine
    reads = None if engine.reads is None else engine.reads.shape[1]
    return Arithmetic(session.model.adapter, engine.length, reads, engine.length - engine.first_patched_row)


def share(counted: Arithmetic, edge: Edge, in_scan: bool = False) -> tuple[float, float]:
    """What a run of an edge takes of the forward's multiplications and of its weights."""
    work = counted.scanned(edge.reader) if in_scan else counted.toggled(edge.reader)
    return work.multiplications / counted.forward.multiplications, work.weights / counted.forward.weights
