"""Scores that a project brings are taken for what they are, whatever the file says of them."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from app.messages.project_scores import ProjectScoresQuery
from app.worker.project_scores import handle_project_scores
from app.worker.traces import pairs_told
from core.graph import Graph
from core.models.fingerprint import weights_hash
from core.project.document import Document, Source
from core.project.project import ModelRecord, TraceOrigin, TraceRecord
from core.project.trace_choice import TraceChoice
from core.tracing.scores import Scores

GRAPH, LENGTH = Graph(1, 2, 2), 3
DOCUMENT = Document("m", Source("text", "A"), Source("text", "B"))


def taken(trace: TraceRecord) -> int:
    """How many scores of nodes a cache has of a project."""
    module = torch.nn.Linear(2, 2)
    session = SimpleNamespace(
        model=SimpleNamespace(adapter=SimpleNamespace(module=module)), graph=GRAPH, pair=SimpleNamespace(length=LENGTH)
    )
    cache = SimpleNamespace(session=session, metric_key=("logit",), kept={}, scores={}, partial={})
    models = (ModelRecord(*DOCUMENT.opens, weights_hash(module)),)
    query = ProjectScoresQuery((trace,), models)
    handle_project_scores(query, SimpleNamespace(document=DOCUMENT), cache, print, lambda: False)
    return len(cache.kept)


def of_nodes(level: str, *positions: int) -> TraceRecord:
    choice = TraceChoice("acdc", level=level)
    of = TraceOrigin(*DOCUMENT.opens, DOCUMENT.clean, DOCUMENT.counterfactual, None, (), "patch", choice, ())
    sizes = GRAPH.layers, GRAPH.heads, GRAPH.kv_heads, GRAPH.parallel, GRAPH.coupled
    return TraceRecord(of, sizes, np.zeros((GRAPH.n_writers, *positions)), "acdc", level=level)


def test_scores_of_nodes_are_of_the_level_and_the_positions_that_are_asked_for() -> None:
    assert taken(of_nodes("nodes")) == taken(of_nodes("positions", LENGTH)) == 1
    assert taken(of_nodes("positions", LENGTH + 1)) == 0, "of another input"
    other = of_nodes("positions", LENGTH)
    assert taken(replace(other, of=of_nodes("nodes").of)) == 0, "of another level"


@pytest.mark.parametrize(
    ("about", "pairs"),
    [({}, 0), ({"pairs": "24"}, 24), ({"pairs": "x"}, 0), ({"pairs": "-3"}, 0), ({"pairs": "9" * 5000}, 0)],
)
def test_what_a_file_says_of_its_pairs_may_be_no_number(about: dict[str, str], pairs: int) -> None:
    assert pairs_told(Scores(GRAPH, np.zeros(GRAPH.n_edges), "eap", "patch", about)) == pairs
