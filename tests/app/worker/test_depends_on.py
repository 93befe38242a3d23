"""What a reply of the worker is of, as its query says it: the one rule by which replies are kept and figures dimmed."""

from __future__ import annotations

import gc
import importlib
import random
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from app import features
from app.features.canvas.queries import ChangesQuery, PositionsQuery
from app.features.circuit import handlers as circuit_handlers
from app.features.circuit.queries import CircuitRunQuery, CurveQuery, SmallestQuery
from app.features.dataset.queries import RowFiguresQuery, RowFiguresReply, RowsQuery, SaveRowsQuery
from app.features.edited_model.queries import EditedModelQuery
from app.features.find.queries import HeadsReadingQuery
from app.features.inputs.queries import CounterfactualQuery
from app.features.inspector.queries import (
    AverageQuery,
    ByPositionQuery,
    NodeQuery,
    PathsQuery,
    RepairQuery,
    SeveralQuery,
    SteeringQuery,
)
from app.features.predictions.queries import PinQuery
from app.features.projects.queries import WeightsQuery
from app.features.registry import handler_modules
from app.features.score_files.queries import ScoresFileQuery
from app.features.tracing.queries import MeasuredQuery, MethodsQuery, NodeScoresQuery
from app.messages.project_scores import ProjectScoresQuery
from app.messages.recovered import RecoveredQuery
from app.messages.request import Query, QueryRefusal, Request
from app.messages.traits import TraitsQuery
from app.messages.trust import TrustQuery
from app.worker import service, session_cache, session_scores
from app.worker.handler_table import HandlerTable
from app.worker.service import WorkerService
from core.edits import Edit
from core.evaluation.faithfulness import faithfulness
from core.graph import Node
from core.groups import Group
from core.models.loading import load_model
from core.project.document import Document, PairSource, Source
from core.project.metric_choice import MetricChoice
from core.project.trace_choice import TraceChoice
from core.tracing.ranking import Ranking
from core.tracing.scores import Scores
from tests.app.models import CLEAN, COUNTERFACTUAL

NAME = attrgetter("__name__")
HEAD, MLP = Node("head", 0, 1), Node("mlp", 1)
NOT_KEPT = {
    EditedModelQuery,
    ProjectScoresQuery,
    SaveRowsQuery,
    ScoresFileQuery,
    TrustQuery,
}  # these write or read files, or take long: only that they say it
ROWS = tuple(
    PairSource(
        Source("text", f"When {a} gave a drink to"), Source("text", f"When {b} gave a drink to"), f" {a}", f" {b}"
    )
    for a, b in (("Mary", "John"), ("John", "Tom"), ("Tom", "Mary"))
)


@pytest.fixture(scope="module")
def graph(models):
    return load_model(str(models.gpt2)).graph


@pytest.fixture(autouse=True)
def one_model(models, monkeypatch) -> None:
    model = load_model(str(models.gpt2))
    monkeypatch.setattr(service, "load_model", lambda *_, **__: model)
    quick = partial(faithfulness, fractions=(0.1, 0.5), random_circuits=1)
    monkeypatch.setattr(circuit_handlers, "faithfulness", quick)


@pytest.fixture
def base(models) -> Document:
    metric = MetricChoice("logit_difference", " Mary", " John")
    inputs = Source("text", CLEAN), Source("text", COUNTERFACTUAL)
    return Document(str(models.gpt2), *inputs, metric, (Edit(HEAD, "patch"),), dataset=ROWS[:2], size=20)


def queries(graph) -> tuple[Query, ...]:
    edge = graph.edge(5)
    return (
        *(PositionsQuery(graph, tuple(range(12)), 12), ChangesQuery(), CircuitRunQuery(), CurveQuery()),
        *(SmallestQuery(share=0.5), RowFiguresQuery(), RowsQuery(text="Mary\tJohn"), SaveRowsQuery("rows.csv")),
        *(HeadsReadingQuery((1,)), CounterfactualQuery("shuffle"), AverageQuery(HEAD), ByPositionQuery(MLP)),
        *(NodeQuery(HEAD), PathsQuery(edge), RepairQuery(HEAD), SeveralQuery((HEAD, MLP)), SteeringQuery((HEAD,))),
        *(PinQuery(" Mary"), ScoresFileQuery("scores.json"), MeasuredQuery((3, 5)), MethodsQuery()),
        *(NodeScoresQuery(), TrustQuery(1, 20), TraitsQuery(), EditedModelQuery("edited")),
        *(WeightsQuery(), ProjectScoresQuery((), ()), RecoveredQuery(size=20, draws=2)),
    )


CHANGES: dict[str, dict[str, Any]] = {
    "metric": {"metric": MetricChoice("probability", " Mary")},
    "edits": {"edits": (Edit(HEAD, "patch"), Edit(MLP, "zero"))},
    "strength": {"edits": (Edit(HEAD, "patch", strength=0.5),)},
    "replacement": {"replacement": "zero"},
    "mean": {"replacement": "mean"},
    "size": {"size": 40},
    "rule": {"rule": "greedy"},
    "dataset": {"dataset": ROWS},
    "traced": {"traced": TraceChoice("integrated-edges")},
    "nodes": {"traced_nodes": TraceChoice("eap", level="nodes")},
    "choice": {"choice": TraceChoice("eap", level="nodes")},
    "counterfactual": {"counterfactual": Source("text", "When Tom gave a drink to")},
    "clean": {"clean": Source("text", "When Tom gave a drink to")},
    "pinned": {"pinned": (" Tom",)},
    "groups": {"groups": (Group("two", "#888888", (HEAD, MLP)),)},
}


def serve(worker: WorkerService, document: Document, asked: tuple[Query, ...], **more: Any) -> dict[Query, Any]:
    """The last reply to each query, by its name: of XQuery an XReply, or why there is none."""
    heard: list[Any] = []
    worker.serve(Request(1, document, queries=asked, **more), heard.append, lambda: False)
    last = {type(reply).__name__: reply for reply in heard}
    parts = [reply for reply in heard if isinstance(reply, RowFiguresReply)]
    if parts:
        rows = {place: figure for part in parts for place, figure in part.rows.items()}
        last["RowFiguresReply"] = replace(parts[-1], rows=rows)
    refused = {reply.query: reply for reply in heard if isinstance(reply, QueryRefusal)}
    return {query: refused.get(query) or last[type(query).__name__.replace("Query", "Reply")] for query in asked}


def same(one: Any, other: Any) -> bool:
    """Whether two replies say the same; when they came, and what they were asked by, is left aside."""
    if isinstance(one, Ranking | Scores) or callable(one):
        return True  # compared by the figures made of them
    if isinstance(one, np.ndarray):
        return np.allclose(one, other, atol=1e-5, equal_nan=True)
    if isinstance(one, float) and isinstance(other, float):
        return one == pytest.approx(other, abs=1e-5, nan_ok=True)
    if is_dataclass(one) and not isinstance(one, type):
        names = [each.name for each in fields(one) if each.name not in ("number", "query", "of", "estimates")]
        return type(one) is type(other) and all(same(getattr(one, name), getattr(other, name)) for name in names)
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(same(*pair) for pair in zip(one, other, strict=True))
    return one == other


def test_every_query_says_what_it_depends_on(graph, base: Document) -> None:
    asked, kinds = queries(graph), HandlerTable(handler_modules).kinds
    assert [kind for kind in kinds if kind.depends_on is Query.depends_on] == []
    assert {type(query) for query in asked} <= set(kinds)
    folder = Path(features.__file__).parent
    modules = [
        importlib.import_module(f"app.features.{path.parent.name}.queries") for path in folder.glob("*/queries.py")
    ]
    classes = [each for module in modules for each in vars(module).values() if isinstance(each, type)]
    assert {each for each in classes if issubclass(each, Query) and each.__module__ in map(NAME, modules)} <= set(kinds)
    assert len(asked) >= 25
    for query in asked:
        assert set(base.opens) <= set(query.depends_on(base)), query
        assert query.holds(base, replace(base, pinned=(" Mary",)))
        hash(query.depends_on(base))


def test_a_reply_is_another_only_where_its_query_says_so_and_no_old_one_is_given(graph, base: Document) -> None:
    """Document by document a worker with all that it has kept is compared with one that has kept nothing."""
    asked = tuple(query for query in queries(graph) if type(query) not in NOT_KEPT)
    long_lived, told = WorkerService(handler_modules), 0
    serve(long_lived, base, asked)
    before = serve(WorkerService(handler_modules), base, asked)
    assert [reply for reply in before.values() if isinstance(reply, QueryRefusal)] == []
    for name, change in CHANGES.items():
        document = replace(base, **change)
        fresh, kept = serve(WorkerService(handler_modules), document, asked), serve(long_lived, document, asked)
        for query in asked:
            assert same(fresh[query], kept[query]), (name, query)
            if query.holds(base, document):
                was, now = before[query], fresh[query]
                if isinstance(query, PositionsQuery):  # what the edits do there comes with every run
                    was, now = was.scores, now.scores
                if isinstance(query, RowFiguresQuery):  # of each row: others come with the dataset
                    was, now = ([each.rows[place] for place in was.rows] for each in (was, now))
                assert same(was, now), (name, query)
                told += 1
    assert told > 60


def test_selected_positions_are_part_of_what_a_reply_is_of(graph, base: Document) -> None:
    worker, document = WorkerService(handler_modules), replace(base, edits=())
    asked = (SeveralQuery((HEAD, MLP)),)
    (whole,) = serve(worker, document, asked).values()
    (there,) = serve(worker, document, asked, positions=(1,)).values()
    assert whole.joint != pytest.approx(there.joint)


def test_a_thousand_edits_leave_no_more_than_a_few_hundred(graph, base: Document, monkeypatch) -> None:
    monkeypatch.setattr(session_cache, "MOST_KEPT", 40)
    monkeypatch.setattr(session_scores, "MOST_BYTES", 0)
    chance, worker, entries, live = random.Random(0), WorkerService(handler_modules), [], {}
    nodes = [node for node in graph.nodes if node.kind in ("head", "mlp")]
    metrics = [MetricChoice("logit_difference", f" {a}", f" {b}") for a in NAMES for b in NAMES if a != b]
    for step in range(1000):
        document = replace(base, edits=(Edit(chance.choice(nodes), "zero", strength=chance.random()),), dataset=())
        if step % 50 == 0:  # each has scores of its own
            metric = metrics[step // 50 % len(metrics)]
            document = replace(document, metric=metric, edits=(), replacement=chance.choice(("zero", "patch")))
        worker.serve(Request(step, document, memory=1), lambda reply: None, lambda: False)
        cache = worker._cache
        assert cache is not None
        entries.append((len(cache.kept), len(cache.heavy), len(cache.scores), len(cache.rankings)))
        if step in (200, 999):
            live[step] = tensor_megabytes()
    assert entries[-1][0] == 40
    most = (40, session_cache.MOST_HEAVY, session_scores.LEAST, session_scores.LEAST)
    assert [max(counts) <= limit for counts, limit in zip(zip(*entries, strict=True), most, strict=True)] == [True] * 4
    assert live[999] < live[200] * 1.1 + 0.1, live


def tensor_megabytes() -> float:
    """Of all tensors that are alive."""
    gc.collect()
    tensors = (each for each in gc.get_objects() if issubclass(type(each), torch.Tensor))
    storages = [each.untyped_storage() for each in tensors if each.layout == torch.strided]  # packed weights show none
    return sum({storage.data_ptr(): storage.nbytes() for storage in storages}.values()) / 2**20


NAMES = ("Mary", "John", "Tom")
