"""What jobs tell their commands is what the command line takes."""

from __future__ import annotations

from dataclasses import fields, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from app.cli.parser import _parser
from app.features.jobs.presenter.kinds import PAIRS_KINDS
from app.features.jobs.presenter.request import PairsGiven, command_of
from app.features.jobs.presenter.study import study_command
from core.graph import Graph
from core.project.document import Document
from core.project.trace_choice import TraceChoice
from core.tracing.method import METHODS
from core.tracing.scores import Scores
from views.panels.head_sets.data import ABLATIONS, RANKINGS
from views.panels.jobs.data import Asked, StudyAsked

GRAPH = Graph(1, 2, 2)
OPENED = SimpleNamespace(
    title="T", graph=GRAPH, is_text=True, writes_text=True, takes_ids=False, metric_options=(), tasks=()
)
DOCUMENT = Document("bundled:names", replacement="mean", precision="bf16+8bit")
SCORES = Scores(GRAPH, np.ones(GRAPH.n_edges), "eap-ig", "mean", {}, direction=1)
SCORED = SimpleNamespace(
    kind="mean", share=1.0, scores=SCORES, ranking=SimpleNamespace(direction=1), method="eap-ig", choice=TraceChoice()
)
MANY = [each.name for each in METHODS.values() if "edges" in each.levels and not each.joint]


def parsed(command: tuple[str, ...]) -> Any:
    """As the command line reads it; that ends the process where it cannot."""
    options = _parser(command[0]).parse_args(list(command))
    assert callable(options.do)
    told = (options.model, options.precision, options.weights, str(options.folder), options.seed, options.workers)
    assert told == ("bundled:names", "bf16", "8bit", "/a folder", 3, 2)
    return options


def command_over_pairs(kind: str, document: Document, asked: Asked) -> tuple[str, ...]:
    snapshot: Any = SimpleNamespace(document=document, opened=OPENED, scored=SCORED)
    doing = PAIRS_KINDS[kind].does(snapshot, PairsGiven(4), "/a folder")
    return command_of(doing.command, asked, document, "/a folder")


@pytest.mark.parametrize("kind", PAIRS_KINDS)
def test_the_command_line_takes_the_jobs_over_many_pairs(kind: str) -> None:
    of_task = parsed(command_over_pairs(kind, DOCUMENT, Asked("ioi", "", 4, 3, 2)))
    assert (of_task.task, of_task.pairs) == ("ioi", 4)
    of_file = parsed(command_over_pairs(kind, DOCUMENT, Asked("", "/my pairs.csv", 0, 3, 2)))
    assert (of_file.task, str(of_file.dataset)) == (None, "/my pairs.csv")


def test_function_vectors_are_asked_for_with_the_cards_of_heads() -> None:
    asked = Asked("ioi", "", 4, 3, 2)
    assert not parsed(command_over_pairs("heads", DOCUMENT, asked)).function_vectors
    assert parsed(command_over_pairs("heads", DOCUMENT, replace(asked, vectors=True))).function_vectors


@pytest.mark.parametrize("method", MANY)
def test_the_command_line_takes_every_method_that_goes_over_many_pairs(method: str) -> None:
    usual = {each.name: each.default for each in fields(METHODS[method].takes)}
    told = tuple(usual.items() if "steps" not in usual else {**usual, "steps": 1_234_567.0}.items())
    document = replace(DOCUMENT, choice=TraceChoice(method, told))
    options = parsed(command_over_pairs("trace", document, Asked("ioi", "", 4, 3, 2)))
    assert options.method == method
    for name, value in told:
        if name != "seed":
            assert getattr(options, name) == value


@pytest.mark.parametrize("kind", [name for name, *_ in ABLATIONS])
@pytest.mark.parametrize("second", ["", *RANKINGS[1:]])
def test_the_command_line_takes_the_studies(kind: str, second: str) -> None:
    asked = StudyAsked(RANKINGS[0], second, kind, "/a text.txt", 5, 7, 9, 3, 2)
    options = parsed(study_command(asked, DOCUMENT, "/a folder", "auto"))
    assert (str(options.text), options.by, options.prompts, options.pieces, options.draws) == (
        *("/a text.txt", kind), *(5, 7, 9),
    )  # fmt: skip
