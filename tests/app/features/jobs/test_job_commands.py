"""What jobs tell their commands is what the command line takes."""

from __future__ import annotations

from dataclasses import fields, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from app.cli import heads as heads_commands
from app.cli import sharded_evaluation, sharded_trace
from app.cli import study_icl as study_commands
from app.cli.parser import _parser
from app.features.jobs.presenter.kinds import PAIRS_KINDS
from app.features.jobs.presenter.request import Doing, PairsGiven, command_of
from app.features.jobs.presenter.study import study_command, study_work
from core.graph import Graph
from core.interchange.scores_files import ScoresFile
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


def done_with(kind: str, document: Document, asked: Asked) -> Doing:
    snapshot: Any = SimpleNamespace(document=document, opened=OPENED, scored=SCORED)
    return PAIRS_KINDS[kind].does(snapshot, PairsGiven(4), asked, "/a folder")


def command_over_pairs(kind: str, document: Document, asked: Asked) -> tuple[str, ...]:
    return command_of(done_with(kind, document, asked).command, asked, document, "/a folder")


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


# ---- what a job knows of its folder beforehand is what its command writes there ----


@pytest.fixture
def works(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What commands over pairs say of their work, in the place of doing it."""
    told: list[dict[str, Any]] = []
    model = SimpleNamespace(is_text=True, graph=GRAPH)
    monkeypatch.setattr("app.cli.sharded.check_folder", lambda *_: None)
    for command in (sharded_trace, sharded_evaluation, heads_commands):
        monkeypatch.setattr(command, "in_shards", lambda _options, _model, work, _do: told.append(work.told()))
        monkeypatch.setattr(command, "open_model", lambda *_: model, raising=False)
    return told


def assert_known(known: Any, told: dict[str, Any]) -> None:
    assert known
    assert {name: told.get(name) for name in known} == dict(known)


@pytest.mark.parametrize("method", MANY)
def test_what_a_trace_knows_of_its_folder(method: str, works: list[dict[str, Any]]) -> None:
    usual = {each.name: each.default for each in fields(METHODS[method].takes)}
    document = replace(DOCUMENT, choice=TraceChoice(method, tuple(usual.items())))
    asked = Asked("ioi", "", 4, 3, 2)
    options = parsed(command_over_pairs("trace", document, asked))
    options.do(options)
    doing = done_with("trace", document, asked)
    assert doing.work == works[0], "all of it"


def test_what_an_evaluation_and_cards_of_heads_know_of_their_folders(works: list[dict[str, Any]]) -> None:
    asked = Asked("ioi", "", 4, 3, 2, vectors=True)
    evaluation = parsed(command_over_pairs("evaluate", DOCUMENT, replace(asked, vectors=False)))
    file: Any = ScoresFile(SCORES)
    sharded_evaluation.evaluate_in_shards(evaluation, SimpleNamespace(), file)
    assert_known(done_with("evaluate", DOCUMENT, asked).work, works[0])
    heads = parsed(command_over_pairs("heads", DOCUMENT, asked))
    heads.do(heads)
    assert_known(done_with("heads", DOCUMENT, asked).work, works[1])
    assert works[1]["function vectors"]


@pytest.mark.parametrize("second", ["", *RANKINGS[1:]])
def test_what_a_study_knows_of_its_folder(second: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict[str, Any]] = []

    def do_study(_options: Any, name: str, begin: Any, *_: object) -> None:
        told.append({"what": f"study {name}", **begin()[1]})

    monkeypatch.setattr(study_commands, "do_study", do_study)
    monkeypatch.setattr("app.cli.kept_study.check_folder", lambda *_: None)
    monkeypatch.setattr("app.cli.open_model.open_model", lambda *_: SimpleNamespace(graph=GRAPH))
    monkeypatch.setattr("core.studies.corpus.text_of", lambda path: f"the text in {path}")
    for text in ("", "/a text.txt"):
        asked = StudyAsked(RANKINGS[0], second, "zero", text, 5, 7, 9, 3, 2)
        options = parsed(study_command(asked, DOCUMENT, "/a folder", "auto"))
        options.do(options)
        assert_known(study_work(asked), told[-1])
