"""What is said before a trace and a scan is what they take beside what the session that is open holds already."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.features.registry import handler_modules
from app.features.tracing.queries import MeasuredQuery
from app.messages.request import FailureReply, Reply, Request
from app.messages.room import RoomReply
from app.worker.service import WorkerService
from core.engine.state import megabytes
from core.models import spread
from core.planning.memory import joined_bytes, scan_bytes, trace_bytes, unedited_bytes
from core.project.document import Document, Source
from core.project.trace_choice import TraceChoice
from core.tracing.method import METHODS
from core.tracing.told_options import Options
from tests.app.models import CLEAN, COUNTERFACTUAL
from tests.small_models import save_pair

TEXTS = Source("text", CLEAN), Source("text", COUNTERFACTUAL)
pytestmark = pytest.mark.usefixtures("short_evaluation")


def replies_to(worker: WorkerService, request: Request) -> list[Reply]:
    replies: list[Reply] = []
    worker.serve(request, replies.append, lambda: False)
    return replies


def asked(worker: WorkerService, request: Request) -> list[RoomReply]:
    return [reply for reply in replies_to(worker, request) if isinstance(reply, RoomReply)]


@pytest.mark.parametrize("work", ["trace", "scan"])
def test_what_the_session_holds_is_not_asked_for_again(work: str, models, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Llama, whose projections of q, k and v are put together."""
    document = Document(str(models.llama), *TEXTS)
    worker = WorkerService(handler_modules)
    replies_to(worker, Request(1, document))
    session = worker.session
    adapter, length, engine = session.model.adapter, session.pair.length, session.engine
    rows = length - engine.first_patched_row
    if work == "trace":
        traced = replace(document, traced=TraceChoice())
        request = Request(2, traced, recover=True, asks=frozenset({"trace"}))
        method = METHODS[traced.traced.method]
        whole = trace_bytes(adapter, 1, length, rows, 1, method.held(Options().of(method.takes)), method.makes_clean)
    else:
        request = Request(2, document, queries=(MeasuredQuery((0,)),), asks=frozenset({"scan"}))
        whole = scan_bytes(adapter, length, rows, 1, session.memory)
    runs = unedited_bytes(adapter, length, 1)
    held = min(round(megabytes(engine.unedited.states) * 2**20), runs)
    assert held > runs / 2
    assert joined_bytes(adapter) > 0
    monkeypatch.setattr(spread, "free_bytes", lambda: 0)
    assert [reply.needed for reply in asked(worker, request)] == [whole - held - joined_bytes(adapter)]
    monkeypatch.setattr(spread, "free_bytes", lambda: whole - held)
    assert asked(worker, request) == []


def test_a_trace_of_two_towers_takes_what_both_do(pictures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_pair("CLIP", tmp_path / "pair")
    name = f"towers:{tmp_path / 'pair'}?class=Mary&class=a drink&template={{}}"
    sides = [Source("image", path=str(pictures(each))) for each in ("a.png", "b.png")]
    document = Document(name, *sides)
    worker = WorkerService(handler_modules)
    replies_to(worker, Request(1, document))
    document = replace(document, traced=TraceChoice())
    monkeypatch.setattr(spread, "free_bytes", lambda: 0)
    heard = replies_to(worker, Request(2, document, recover=True, asks=frozenset({"trace"})))
    assert not any(isinstance(each, FailureReply) for each in heard)
    (reply,) = (each for each in heard if isinstance(each, RoomReply))
    assert reply.work == "trace"
    assert reply.needed > 0
