"""Traces, evaluations and cards of heads over many pairs in the window: from the dialog to the table of runs, with a
stand-in for the command, and once with the commands themselves."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog, QPushButton

from app.features.jobs.controller import many_pairs
from app.features.jobs.feature import why_no_heads_many
from app.features.jobs.presenter.heads import do_heads
from app.features.jobs.presenter.request import PairsGiven
from app.features.jobs.presenter.rows import jobs_data
from app.services.job_queue import process
from app.services.job_queue.shown import Shown, shown
from core.errors import ArgumentError
from core.graph import Graph, Node
from core.heads.attention import AttentionScores
from core.heads.heads_file import HeadsAbout, heads_text
from core.heads.identity import TESTS, HeadIdentities
from core.interchange.scores_files import scores_to_json
from core.interchange.scores_reading import read_scores
from core.models.fingerprint import weights_hash
from core.models.model import Model
from core.project.metric_choice import MetricChoice
from core.tracing.scores import Scores
from tests.app.conftest import METRIC
from tests.app.models import CLEAN, COUNTERFACTUAL
from tests.app.person import LONG_PATIENCE, Person
from tests.app.stand_in import PROGRAM, go, job

ENTRIES = {
    "trace": "Trace Many Pairs",
    "evaluate": "Evaluate Over Many Pairs",
    "heads": "Measure Heads Over Many Pairs",
}
pytestmark = pytest.mark.timeout(400)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Person, "patience", LONG_PATIENCE)


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "program", lambda: PROGRAM)


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """A file of pairs."""
    path = tmp_path / "pairs.csv"
    with path.open("w", newline="") as file:
        rows = [(CLEAN, COUNTERFACTUAL, " Mary", " John")] * 3
        csv.writer(file).writerows([("clean", "counterfactual", "target", "foil"), *rows])
    return path


def run_folder(folder: Path, graph: Graph) -> Path:
    """A folder that a run has begun in, with what is to come out of it."""
    values = np.random.default_rng(0).normal(size=graph.n_edges)
    about = {"pairs": "3", "metric": "logit difference of each pair's own answers", "model": "m"}
    folder.mkdir()
    (folder / "run.json").write_text("{}")
    (folder / "scores").write_text(scores_to_json(Scores(graph, values, "eap-ig", "patch", about, direction=1)))
    return folder


def queue_a_file(person: Person, pairs: Path, folder: Path, kind: str = "trace") -> None:
    person.choose("Edit", ENTRIES[kind])
    dialog = person.controller("jobs").many_pairs[kind].dialog
    dialog.set_file(str(pairs))
    dialog.set_folder(str(folder))
    person.click(dialog.add)
    person.wait(lambda: not dialog.isVisible())


def only(person: Person) -> Shown:
    (shown,) = person.controller("jobs").queue.jobs
    return shown


def is_at_work(person: Person) -> Callable[[], bool]:
    return lambda: only(person).job.state == "running" and only(person).progress is not None


def line(person: Person) -> list[str]:
    lines = person.panel("jobs").view.lines
    return [lines.index(0, place).data() for place in range(lines.columnCount())]


def press(person: Person, words: str) -> None:
    panel = person.panel("jobs")
    panel.view.selectRow(0)
    person.click(next(button for button in panel.findChildren(QPushButton) if button.text() == words))


@pytest.mark.usefixtures("stand_in")
def test_from_the_dialog_to_the_table_of_runs(reader: Person, pairs: Path, tmp_path: Path) -> None:
    workbench, strip = reader.workbench, reader.panel("status")
    workbench.open_with_weights("8bit")
    reader.rest()
    folder = run_folder(tmp_path / "run", workbench.opened.graph)
    assert not strip.jobs.isVisible()
    queue_a_file(reader, pairs, folder)
    method = reader.controller("jobs").many_pairs["trace"].dialog.method
    assert method.text().endswith("The weights are rounded to 8 bits, as in the window.")
    reader.wait(lambda: line(reader)[1:6] == ["Runs", "0 of 3", "4.0", "about 1 s", ""])
    assert line(reader)[0] == "EAP-IG, pairs.csv, 3 pairs"
    assert line(reader)[6].endswith("(8 bits)")
    assert strip.jobs.text() == "1 job: 0 %, about 1 s left"
    press(reader, "Pause")
    reader.wait(lambda: line(reader)[1] == "Paused")
    assert strip.jobs.text() == "1 job paused"
    press(reader, "Resume")
    reader.wait(is_at_work(reader))
    go(folder)
    reader.wait(lambda: len(workbench.runs) == 1)
    reader.wait(lambda: line(reader)[5] == "circuit.json, in the table of runs")
    (run,) = workbench.runs
    record, job = run.record, only(reader).job
    assert (record.by, record.pairs, record.size, record.replacement) == ("EAP-IG", 3, 200, "patch")
    assert record.metric == "logit difference of each pair's own answers"
    assert record.seconds == job.seconds > 0
    assert (np.diff(record.circuit.values) <= 0).all(), "the best first"
    assert "--method" in job.command
    assert job.command[job.command.index("--weights") + 1] == "8bit"
    assert f"--metric={METRIC.kind}" in job.command
    assert not strip.jobs.isVisible()
    press(reader, "Result")
    reader.wait(lambda: workbench.document.traced is not None and not workbench.busy)
    assert workbench.document.traced.file == str(folder / "circuit.json")


@pytest.mark.usefixtures("stand_in")
def test_an_evaluation_lands_with_its_figures_and_its_scores_can_be_seen(
    reader: Person, pairs: Path, tmp_path: Path
) -> None:
    workbench = reader.workbench
    reader.wait(lambda: workbench.scored is not None and not workbench.busy)
    values = workbench.scored.scores.values
    points = [
        {"edges": edges, "recovered": recovered, "low": recovered - 0.1, "high": recovered + 0.1}
        for edges, recovered in ((1, 0.3), (20, 0.84), (values.size, 1.0))
    ]
    report = {"curve": points, "cpr": 0.9, "cmd": 0.2, "pairs": 3, "metric": "its metric", "replacement": "patch"}
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "run.json").write_text("{}")
    (folder / "scores").write_text(json.dumps(report))
    queue_a_file(reader, pairs, folder, "evaluate")
    reader.wait(is_at_work(reader))
    job = only(reader).job
    assert job.command[:2] == ("evaluate", str(folder / "scores.json"))
    assert f"--metric={METRIC.kind}" in job.command
    assert read_scores(folder / "scores.json").scores.values.tolist() == values.tolist()
    go(folder)
    reader.wait(lambda: len(workbench.runs) == 1)
    (run,) = workbench.runs
    record = run.record
    assert (record.kind, record.pairs, record.metric, record.cpr, record.cmd) == (
        "evaluation",
        3,
        "its metric",
        0.9,
        0.2,
    )
    assert record.size_at_80 == 20
    press(reader, "Result")
    reader.wait(lambda: workbench.document.traced is not None and not workbench.busy)
    assert workbench.document.traced.file == str(folder / "scores.json")
    table = reader.panel("runs")
    reader.wait(lambda: table.isVisible() and len(table.data().rows) == 1)
    (row,) = table.data().rows
    assert row.cells[1:2] + row.cells[4:7] == ("Evaluation", "0.90", "0.20", "20")
    assert "Over 3 pairs\nRecovered: 1 edge 30 % (20 to 40); 20 edges 84 % (74 to 94)" in row.tip
    table.view.selectRow(0)
    assert "queue it again" in table.why_not("rerun")
    reader.rest()
    assert run.record.cpr == 0.9, "the curve over the pair on the cards is another one"


@pytest.mark.usefixtures("stand_in")
def test_an_evaluation_that_comes_to_nothing(
    reader: Person, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader.wait(lambda: reader.workbench.scored is not None and not reader.workbench.busy)
    folder, heard, words = tmp_path / "run", [], []
    reader.workbench.message.connect(heard.append)
    reader.choose("Edit", "Evaluate Over Many Pairs")
    controller = reader.controller("jobs").many_pairs["evaluate"]
    dialog, queue = controller.dialog, reader.controller("jobs").queue
    busy = dialog.set_busy
    monkeypatch.setattr(dialog, "set_busy", lambda said: (words.append(said), busy(said)))
    dialog.set_file(str(pairs))
    dialog.set_folder(str(folder))

    # the queue cannot be written: the scores lie in the folder already when it is tried again
    with monkeypatch.context() as context:
        context.setattr(queue, "add", lambda _job: "")
        reader.click(dialog.add)
        reader.wait(lambda: (folder / "scores.json").exists() and dialog.add.isEnabled())
    assert words == ["Reading …", "", "Preparing …", ""]
    reader.click(dialog.add)
    reader.wait(lambda: not dialog.isVisible())
    reader.wait(is_at_work(reader))

    # what came out cannot be read: that is said, and the table of runs has nothing of it
    (folder / "scores").write_text('{"curve": 3}')
    go(folder)
    reader.wait(lambda: any("has no place in the table of runs" in said for said in heard))
    reader.rest()
    assert (only(reader).job.state, only(reader).job.landed, len(reader.workbench.runs)) == ("done", False, 0)
    assert line(reader)[5] == "evaluation.json"


def cards_of(model: Model, folder: Path, told: dict[str, object] | None = None) -> Path:
    """A folder that a run has begun in, with the cards of heads that are to come out of it: a0.h0 attends to the token
    before, over the corpus alone a0.h1 does so more."""
    nan, shape = np.nan, model.adapter.shape
    heads = tuple(f"a{layer}.h{head}" for layer in range(shape.layers) for head in range(shape.heads))
    generated, corpus, covers = (
        np.full((2, len(heads)), 0.1),
        np.full((2, len(heads)), nan),
        np.full((2, len(heads)), nan),
    )
    generated[0, 0], corpus[0], covers[0] = 0.9, 0.2, 0.1
    corpus[0, :2], covers[0, 0] = (0.5, 0.7), 0.25
    rare, rare_corpus = np.array([0.3, 0.2]), np.array([0.3, nan])
    deciles = np.linspace(0, 1, 11) * np.ones((1, len(heads), 1))
    read = AttentionScores(("previous token",), corpus[:1], covers[:1], corpus[:1], np.array([12]), deciles, ())
    found = HeadIdentities((TESTS[0], TESTS[3]), heads, generated, corpus, covers, rare, rare_corpus, 3, read)
    about = {"model": model.name, "weights_hash": weights_hash(model.adapter.module), "pairs": 3}
    about |= {"corpus": "the A of 3 pairs of pairs.csv", **(told or {})}
    folder.mkdir()
    (folder / "run.json").write_text("{}")
    (folder / "scores").write_text(heads_text(found, HeadsAbout(**about)))
    return folder


@pytest.mark.usefixtures("stand_in")
def test_cards_of_heads_land_and_are_shown_over_their_own_corpus(
    reader: Person, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIRESCOPE_DATA", str(tmp_path / "data"))
    workbench, dock = reader.workbench, reader.panel("heads")
    model = reader.session().model
    folder = cards_of(model, tmp_path / "run")
    queue_a_file(reader, pairs, folder, "heads")
    reader.wait(is_at_work(reader))
    job = only(reader).job
    assert (job.title, job.traced) == ("Heads, pairs.csv, 3 pairs", None)
    told = [part.partition("=")[0] for part in job.command]
    assert told[0] == "heads"
    assert not {"--metric", "--ablation", "--method"} & {*told}
    assert "the metric" not in reader.controller("jobs").many_pairs["heads"].dialog.method.text()
    go(folder)
    reader.wait(lambda: len(workbench.runs) == 1)
    record = next(iter(workbench.runs)).record
    assert (record.kind, record.pairs, record.replacement, record.circuit) == ("heads", 3, None, None)
    assert record.data == "the A of 3 pairs of pairs.csv"
    assert record.options == "1 of 12 heads passes a test"

    press(reader, "Result")
    reader.wait(lambda: bool(dock.data().rows))
    assert dock.isVisible()
    data = dock.data()
    assert data.source == "Over the A of 3 pairs of pairs.csv (heads.json in run)"
    assert dock.source.isVisible()
    assert data.headline == "1 of 12 heads passes a test. Corpus: the A of 3 pairs of pairs.csv."
    assert (data.across, data.axis(data.across).least) == ("previous token/corpus", 0.3)
    assert [(row.name, row.labels, row.x) for row in data.rows[:3]] == [
        ("a0.h0", "previous token", 0.5), ("a0.h1", "", 0.7), ("a0.h2", "", 0.2),
    ]  # fmt: skip
    assert (data.problem, data.can_vectors, dock.measure.isVisible()) == ("", False, False)
    workbench.select((Node("head", 0, 1),))
    reader.wait(lambda: dock.data().evidence is not None)
    assert dock.data().evidence.caption == "Deciles over 12 tokens. Where they are most is not kept over many pairs"
    assert dock.data().evidence.deciles[5] == 0.5

    # measured anew it is the bundled corpus, and the line of the table of runs goes back to the file
    reader.click(dock.bundled)
    reader.wait(lambda: not dock.data().source and not dock.data().running)
    assert not (dock.source.isVisible())
    assert not (dock.bundled.isVisible())
    assert "guides" in dock.data().headline
    table = reader.panel("runs")
    reader.window.commands["show_runs"].trigger()
    reader.wait(lambda: table.isVisible() and len(table.data().rows) == 1)
    (row,) = table.data().rows
    assert row.cells[1:4] + row.cells[9:13] == (
        *("Heads", "Tests of heads", "", "the A of 3 pairs of pairs.csv", "1 of 12 heads passes a test", "", ""),
    )
    assert "Measure Heads Over Many Pairs" in row.no_rerun
    document = workbench.document
    table.view.selectRow(0)
    reader.click(table.buttons["show"])
    reader.wait(lambda: bool(dock.data().source))
    assert workbench.document == document

    # what does not fit is said in words, and what is shown stays
    other = cards_of(model, tmp_path / "other", {"model": "bundled:other", "weights_hash": "0"})
    changed = cards_of(model, tmp_path / "changed", {"weights_hash": "0"})
    rounded = cards_of(model, tmp_path / "rounded", {"weights_hash": "0", "weights": "8bit"})
    for place, words, source in (
        (other, "scores is of heads of another model, bundled:other. Open that model.", "run"),
        (changed, "are not those any more that scores was measured with", "changed"),
        (rounded, "measured with weights in 8 bits, and here are whole weights", "rounded"),
        (tmp_path / "gone", "cannot be read", "rounded"),
    ):
        workbench.heads_wanted.emit(str(place / "scores"))
        reader.wait(lambda words=words: words in dock.problem.text())
        assert dock.data().source.endswith((f"heads.json in {source})", f"scores in {source})"))
    reader.open("bundled:names", CLEAN)
    assert (dock.data().source, dock.data().problem) == ("", "")


def test_heads_of_a_model_that_sees_are_refused_before_anything_is_queued() -> None:
    def opened(**values) -> SimpleNamespace:
        usual = {"title": "T", "graph": Graph(1, 2, 2), "is_text": True, "writes_text": True, "takes_ids": False}
        return SimpleNamespace(**usual | values)

    pairs = PairsGiven(3)
    assert do_heads(SimpleNamespace(opened=opened()), pairs, "").command == ("heads",)
    for model, words in (
        (opened(is_text=False), "only models of text"),
        (opened(writes_text=False), "does not tell the next token"),
        (opened(takes_ids=True), "has no tokenizer"),
    ):
        assert words in why_no_heads_many(SimpleNamespace(opened=model))
        with pytest.raises(ArgumentError, match=words):
            do_heads(SimpleNamespace(opened=model), pairs, "")
    assert why_no_heads_many(SimpleNamespace(opened=opened())) == ""


def test_an_evaluation_whose_scores_were_deleted_is_not_tried_again(tmp_path: Path) -> None:
    cancelled = job(tmp_path / "run", kind="evaluate", state="cancelled")
    assert jobs_data([shown(cancelled)]).rows[0].why_not["turn"] == "Its scores were deleted: queue it again"
    (tmp_path / "run" / "scores.json").touch()
    assert "turn" not in jobs_data([shown(cancelled)]).rows[0].why_not


def test_what_cannot_be_queued_is_said_in_the_dialog(
    reader: Person, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader.choose("Edit", "Trace Many Pairs")
    controller = reader.controller("jobs").many_pairs["trace"]
    dialog = controller.dialog

    def problem_of(file: str, folder: str = "") -> str:
        dialog.set_file(file)
        dialog.set_folder(folder)
        reader.click(dialog.add)
        reader.wait(lambda: dialog.problem.isVisible() and dialog.add.isEnabled())
        return dialog.problem.text()

    empty = tmp_path / "empty.csv"
    empty.write_text("clean,counterfactual\n")
    assert problem_of("") == "No file of pairs is given. Choose one."
    assert "is not there" in problem_of(str(tmp_path / "nowhere.csv"))
    assert "empty.csv" in problem_of(str(empty))
    assert "holds other files" in problem_of(str(pairs), str(tmp_path))
    lone = tmp_path / "lone"
    lone.mkdir()
    (lone / "scores.json").touch()
    assert "holds other files" in problem_of(str(pairs), str(lone)), "a trace writes none"
    with monkeypatch.context() as context:
        context.setattr(many_pairs, "read_dataset_file", lambda _path: 1 / 0)
        assert "Something went wrong: division by zero" in problem_of(str(pairs))
    document = reader.workbench.document
    reader.workbench.commit("Joint", replace(document, choice=replace(document.choice, method="acdc")))
    assert "cannot be cut into shards" in problem_of(str(pairs))
    reader.rest()
    assert reader.controller("jobs").queue.jobs == ()
    dialog.reject()


@pytest.mark.usefixtures("stand_in")
def test_it_goes_on_after_the_window_is_closed_and_lands_in_its_project(
    sit_down: Callable[[], Person], models, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = sit_down()
    first.open(models.gpt2, CLEAN, COUNTERFACTUAL, METRIC)
    project, folder = tmp_path / "work.wire", run_folder(tmp_path / "run", first.workbench.opened.graph)
    queue_a_file(first, pairs, folder)
    first.wait(is_at_work(first))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(project), ""))
    first.choose("File", "Save Project As")
    first.wait(lambda: only(first).job.project == str(project))
    pid = only(first).job.pid
    first.window.close()
    assert not process.is_alive(pid, process.began(pid))

    second = sit_down()
    second.controller("jobs").start()
    second.wait(is_at_work(second))
    go(folder)
    second.wait(lambda: only(second).job.state == "done")
    assert not only(second).job.landed, "its project is not open"
    second.controller("projects").project.open(str(project))
    second.wait(lambda: len(second.workbench.runs) == 1)
    assert next(iter(second.workbench.runs)).record.pairs == 3
    second.rest()


@pytest.mark.slow  # three real commands, each of which imports torch and opens a model
def test_the_commands_themselves_do_what_was_queued(sit_down: Callable[[], Person]) -> None:
    person = sit_down()
    france, germany = "The capital of France is", "The capital of Germany is"
    person.open("bundled:names", france, germany, MetricChoice("logit_difference", " Paris", " Berlin"))
    workbench, runs = person.workbench, person.workbench.runs

    def queue_a_task(kind: str) -> None:
        person.choose("Edit", ENTRIES[kind])
        dialog = person.controller("jobs").many_pairs[kind].dialog
        dialog.task.setCurrentIndex(dialog.task.findData("capitals"))
        dialog.pairs.setValue(4)
        person.click(dialog.add)
        person.wait(lambda: not dialog.isVisible())

    queue_a_task("trace")
    person.wait(lambda: len(runs) == 1)
    press(person, "Result")
    person.wait(lambda: workbench.document.traced is not None and workbench.document.traced.file)
    person.rest()
    queue_a_task("evaluate")
    person.wait(lambda: len(runs) == 2)
    traced, evaluated = (run.record for run in runs)
    assert (traced.kind, traced.pairs, traced.by, traced.cpr) == ("trace", 4, "EAP-IG", None)
    assert (evaluated.kind, evaluated.pairs, evaluated.by) == ("evaluation", 4, "EAP-IG")
    assert evaluated.size_at_80 is not None
    assert 0 < evaluated.size_at_80 < workbench.opened.graph.n_edges
    assert evaluated.values.tolist() == traced.values.tolist()
    jobs = [each.job for each in person.controller("jobs").queue.jobs]
    assert [(each.state, each.has_run) for each in jobs] == [("done", True)] * 2
    queue_a_task("heads")
    person.wait(lambda: len(runs) == 3)
    cards = list(runs)[-1].record
    assert (cards.kind, cards.pairs, cards.data) == ("heads", 4, "the A of 4 pairs of the task capitals")
    workbench.heads_wanted.emit(cards.about["file"])
    dock = person.panel("heads")
    person.wait(lambda: bool(dock.data().source))
    assert cards.options in dock.data().headline
    assert dock.data().problem == "", "the weights are the same"
    folder = Path(jobs[1].folder)
    assert json.loads((folder / "evaluation.json").read_text())["curve"][-1]["recovered"] == pytest.approx(1)
