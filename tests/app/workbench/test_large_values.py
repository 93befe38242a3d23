"""Datasets and scores cross the link to a worker elsewhere once, and again to one that was started anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.messages.replies import ScoresReply
from app.messages.request import Reply, Request, RequestDone
from app.messages.wire.parts import KeptParts
from app.workbench.remote_worker import RemoteWorker
from core.edits import Edit
from core.graph import Node
from core.project.document import Document, PairSource, Source
from core.tracing.ranking import Ranking
from tests.app.messages.made_values import value_of
from tests.app.workbench.remote_stand_ins import TestLink, working

ROWS = tuple(PairSource(Source("text", f"When Mary and number {n} went to the store")) for n in range(1000))
VALUES = np.random.default_rng(0).normal(size=20_000)


class ScoringServer:
    """Keeps the documents that it is asked of, and always has the same scores."""

    def __init__(self) -> None:
        self.documents: list[Document] = []

    def serve(self, request: Request, send: Callable[[Reply], None], cancelled: Callable[[], bool]) -> None:
        self.documents.append(request.document)
        scored = replace(value_of(ScoresReply), ranking=Ranking(VALUES), scores=None, rows=request.document.dataset)
        send(replace(scored, number=request.number))


@pytest.fixture
def link() -> TestLink:
    return TestLink(ScoringServer())


@pytest.fixture
def worker(qapp, link: TestLink) -> Iterator[RemoteWorker]:
    with working(link) as worker:
        yield worker


def scored(worker: RemoteWorker, number: int, document: Document, qtbot) -> ScoresReply:
    worker.ask(Request(number, document))
    qtbot.waitUntil(lambda: worker.answers[-1:] == [RequestDone(number)], timeout=30_000)
    (reply,) = (reply for reply in worker.answers if isinstance(reply, ScoresReply) and reply.number == number)
    assert np.array_equal(reply.ranking.values, VALUES)
    assert reply.rows == document.dataset == worker._link.server.documents[-1].dataset
    return reply


def test_a_dataset_and_scores_cross_once_and_again_to_a_worker_that_was_started_anew(worker, link, qtbot) -> None:
    document = Document("m", dataset=ROWS)
    cut = replace(document, edits=(Edit(Node("mlp", 0), "zero"),))
    scored(worker, 1, document, qtbot)
    (dataset,) = link.parts_sent
    assert dataset > 50_000
    assert max(link.bytes_replied) > VALUES.nbytes
    link.bytes_replied.clear()
    link.bytes_asked.clear()
    scored(worker, 2, cut, qtbot)
    assert link.parts_sent == [dataset]
    assert max(link.bytes_asked) < 3_000
    assert max(link.bytes_replied) < 3_000
    link.die()
    qtbot.waitUntil(lambda: link.lives == 2, timeout=30_000)
    scored(worker, 3, document, qtbot)
    assert link.parts_sent == [dataset, dataset]
    assert link.parts_fetched == []
    worker._wire.kept = KeptParts()  # as where there was no room
    scored(worker, 4, cut, qtbot)
    assert len(link.parts_fetched) > 0


def test_pictures_of_a_dataset_that_have_changed_are_read_as_they_are_now(worker, link, tmp_path, qtbot) -> None:
    picture = tmp_path / "cat.png"
    rows = tuple(PairSource(Source("image", path=str(picture)), target="x" * 400) for _ in range(100))
    for number, data in enumerate((b"a picture", b"another one"), 1):
        picture.write_bytes(data)
        worker.ask(Request(number, Document("m", dataset=rows)))
        qtbot.waitUntil(lambda number=number: worker.answers[-1:] == [RequestDone(number)], timeout=30_000)
        assert Path(link.server.documents[-1].dataset[0].clean.path).read_bytes() == data
        assert next(each for each in reversed(worker.answers) if isinstance(each, ScoresReply)).rows == rows
    assert len(link.parts_sent) == 1
