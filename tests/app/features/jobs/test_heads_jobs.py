"""Cards of heads over many pairs, as jobs."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from app.features.jobs.feature import why_no_heads_many
from app.features.jobs.presenter.heads import do_heads, why_no_vectors
from app.features.jobs.presenter.request import PairsGiven
from core.errors import ArgumentError
from core.graph import Graph, Node
from core.heads.attention import AttentionScores
from core.heads.heads_file import HeadsAbout, heads_text
from core.heads.identity import TESTS, HeadIdentities
from core.models.fingerprint import weights_hash
from core.models.model import Model
from core.sharded.asked import AskedFolder
from tests.app.features.jobs.job_steps import ENTRIES, is_at_work, only, press, queue_a_file
from tests.app.models import CLEAN
from tests.app.person import Person
from tests.app.stand_in import go
from views.panels.jobs.data import Asked

pytestmark = pytest.mark.timeout(400)


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
    identities = HeadIdentities((TESTS[0], TESTS[3]), heads, generated, corpus, covers, rare, rare_corpus, 3, read)
    about = {"model": model.name, "weights_hash": weights_hash(model.adapter.module), "pairs": 3}
    about |= {"corpus": "the A of 3 pairs of pairs.csv", **(told or {})}
    folder.mkdir()
    AskedFolder(folder).begin({})
    (folder / "scores").write_text(heads_text(identities, HeadsAbout(**about)))
    return folder


@pytest.mark.usefixtures("stand_in")
def test_cards_of_heads_land_and_are_shown_over_their_own_corpus(
    reader: Person, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIRESCOPE_DATA", str(tmp_path / "data"))
    workbench, dock = reader.workbench, reader.panel("heads")
    model = reader.session().model
    folder = cards_of(model, tmp_path / "run")
    reader.choose("Edit", ENTRIES["heads"])
    dialog = reader.controller("jobs").dialogs["heads"].dialog
    assert dialog.vectors.isVisible()
    dialog.vectors.click()
    queue_a_file(reader, pairs, folder, "heads")
    reader.wait(is_at_work(reader))
    job = only(reader).job
    assert (job.title, job.traced) == ("Heads and function vectors, pairs.csv, 3 pairs", None)
    assert job.command[-1] == "--function-vectors"
    told = [part.partition("=")[0] for part in job.command]
    assert told[0] == "heads"
    assert not {"--metric", "--ablation", "--method"} & {*told}
    assert "the metric" not in reader.controller("jobs").dialogs["heads"].dialog.method.text()
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
    assert data.up == "previous token/made", "one test alone was asked of the corpus"
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
    empty = cards_of(model, tmp_path / "empty") / "scores"  # it was a segmentation fault
    empty.write_text(re.sub(r'"(generated|corpus|covers)": [\d.]+', r'"\1": null', empty.read_text()))
    for place, words, source in (
        (empty.parent, "has no scores by which they do", "run"),
        (other, "scores is of heads of another model, bundled:other. Open that model.", "run"),
        (changed, "are not those any more that scores was measured with", "changed"),
        (rounded, "measured in fp32 with weights in 8 bits, and the model computes in fp32 here", "rounded"),
        (tmp_path / "gone", "cannot be read", "rounded"),
    ):
        wanted = workbench.scores_wanted if place.exists() else workbench.heads_wanted  # File > Open Scores, too
        wanted.emit(str(place / "scores"))
        reader.wait(lambda words=words: words in dock.problem.text())
        assert dock.data().source.endswith((f"heads.json in {source})", f"scores in {source})"))
    reader.open("bundled:names", CLEAN)
    assert (dock.data().source, dock.data().problem) == ("", "")

    # from another model, the line of the table opens its own with it
    reader.controller("runs").show(next(iter(workbench.runs)))
    reader.wait(lambda: bool(dock.data().source))
    assert workbench.opened.name == model.name
    assert (dock.data().problem, dock.data().source) == ("", data.source)


def test_heads_that_cannot_be_measured_are_refused_before_anything_is_queued() -> None:
    def opened(**values) -> SimpleNamespace:
        usual = {"title": "T", "graph": Graph(1, 2, 2), "is_text": True, "writes_text": True, "takes_ids": False}
        return SimpleNamespace(**usual | values)

    pairs, asked = PairsGiven(3), Asked()
    for model in (opened(), opened(is_text=False, writes_text=False)):  # one that sees, too
        assert do_heads(SimpleNamespace(opened=model), pairs, asked, "").command == ("heads",)
        assert why_no_heads_many(SimpleNamespace(opened=model)) == ""
    assert why_no_vectors(SimpleNamespace(opened=opened())) == ""
    assert "sees pictures" in why_no_vectors(SimpleNamespace(opened=opened(is_text=False)))
    for model, words in (
        (opened(writes_text=False), "does not tell the next token"),
        (opened(takes_ids=True), "has no tokenizer"),
    ):
        assert words in why_no_heads_many(SimpleNamespace(opened=model))
        with pytest.raises(ArgumentError, match=words):
            do_heads(SimpleNamespace(opened=model), pairs, asked, "")
