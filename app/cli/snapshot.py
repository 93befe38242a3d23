"""A document worked through as the window does it: its snapshot, and the report of what that shows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from app.messages.replies import DeltasReply, InputsReply, ModelReply, RunReply, ScoresReply
from app.messages.request import FailureReply, Query, Reply, Request
from core.errors import InputError
from core.precision_words import WholePlace
from core.project.document import Document

if TYPE_CHECKING:
    from app.presenters.snapshot import Snapshot
    from app.worker.service import WorkerService
    from core.interchange.report import Report


def take_snapshot(
    engine: WorkerService,
    document: Document,
    memory: float | None = None,
    queries: tuple[Query, ...] = (),
    weights: WholePlace = "auto",
) -> Snapshot:
    """Work through a document as the window does. weights: where whole ones of its model go. Raises WirescopeError for
    whatever the window would show as a problem."""
    from app.presenters.snapshot import Snapshot

    replies: dict[type, Reply] = {}
    kept = None if memory is None else int(memory)
    request = Request(1, document, memory=kept, queries=queries, weights=weights)
    engine.serve(request, lambda reply: replies.update({type(reply): reply}), lambda: False)
    failed, ready = replies.get(FailureReply), replies.get(InputsReply)
    if isinstance(failed, FailureReply):
        raise InputError(failed.message, failed.hint)
    assert isinstance(ready, InputsReply)
    problem = ready.card_b.problem or ready.metric_problem
    if problem:
        raise InputError(problem)
    opened, ran, scored, deltas = (replies.get(kind) for kind in (ModelReply, RunReply, ScoresReply, DeltasReply))
    assert isinstance(opened, ModelReply)
    assert isinstance(ran, RunReply)
    assert isinstance(scored, ScoresReply)
    assert isinstance(deltas, DeltasReply)
    return Snapshot(
        document,
        opened,
        ran,
        scored,
        None,
        {} if deltas.alone else deltas.values,
        deltas.values,
        labels=ready.labels,
        ready=ready,
    )


def report_of_snapshot(snapshot: Snapshot, edges: int) -> Report:
    """What is shown, with the strongest edges."""
    from app.presenters.canvas import Extent
    from app.presenters.report import report_shown

    return report_shown(replace(snapshot, extent=Extent(strongest=edges)))
