"""Save and load is the identity; what a project holds goes along when the file is taken elsewhere."""

from __future__ import annotations

import io
import os
import re
import zipfile
from dataclasses import fields, replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from core.edits import Edit
from core.errors import ArgumentError, InputError, WirescopeError
from core.evaluation.statement import Statement
from core.graph import Entries, Node
from core.groups import Group, Region
from core.inputs.corruption_kinds import ImageCorruption
from core.models.class_texts import class_texts, texts_in, with_texts
from core.notes import Note
from core.project import limits, schema
from core.project.document import Document, PairSource, Source
from core.project.examples import all_examples
from core.project.history import History, Recovery
from core.project.metric_choice import MetricChoice
from core.project.outcome import Outcome, PredictionRow
from core.project.places import is_project
from core.project.project import Project, StepRecord, records_of, steps_of
from core.project.repairs import Share
from core.project.runs import runs_csv
from core.project.trace_choice import TraceChoice
from core.project.wire_file import load_project, project_bytes, save_project
from tests.core.project.projects import projects

FILES = Path(__file__).parent / "files"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(project=projects())
def test_save_and_load_is_the_identity(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "one.wire"
    save_project(path, project)
    loaded = load_project(path)
    assert repr(loaded) == repr(project)  # NaN among the figures
    assert loaded.traces == project.traces
    assert loaded.circuits == project.circuits
    assert loaded.curves == project.curves
    assert loaded.runs == project.runs or repr(loaded.runs) == repr(project.runs)  # NaN among the figures
    assert project_bytes(loaded) == path.read_bytes()
    root, current = steps_of(loaded.steps, loaded.current)
    history = History(root.document, lambda document: None)
    history.take_over(root, current)
    records, number = records_of(history)
    assert repr((records, number)) == repr((project.steps, project.current))


def test_what_steps_share_is_written_once(tmp_path: Path) -> None:
    rows = tuple(PairSource(Source("text", f"a row of some length {number}")) for number in range(200))
    document = Document("m", Source("text", "A"), dataset=rows)
    steps = [StepRecord("Start", document, -1, opens=True)]
    steps += [StepRecord("Keep", replace(document, size=n), n - 1) for n in range(1, 300)]
    project = Project(tuple(steps), 299)
    content = project_bytes(project)
    assert len(content) < 40_000
    assert load_written(content, tmp_path) == project


def load_written(content: bytes, folder: Path) -> Project:
    path = folder / "written.wire"
    path.write_bytes(content)
    return load_project(path)


def test_pictures_go_along_and_stay_files_where_they_are_still_there(tmp_path: Path) -> None:
    picture = tmp_path / "cat.png"
    picture.write_bytes(b"a cat")
    source = Source("image", path=str(picture), name="cat.png")
    project = Project((StepRecord("Start", Document("m", source)),))
    content, without = project_bytes(project), project_bytes(project, embed=False)
    assert load_written(content, tmp_path) == project
    picture.write_bytes(b"a dog")
    moved = load_written(content, tmp_path).document.clean
    assert (moved.data, moved.path, moved.name) == (b"a cat", "", "cat.png")
    picture.unlink()
    assert load_written(content, tmp_path).document.clean == moved
    assert load_written(without, tmp_path) == project
    assert b"a cat" not in without


def test_pictures_that_come_with_wirescope_are_found_wherever_it_is() -> None:
    example = next(each for each in all_examples() if each.document.clean.kind == "image")
    project = Project((StepRecord("Start", example.document),))
    with zipfile.ZipFile(io.BytesIO(project_bytes(project))) as archive:
        text = archive.read("project.json").decode()
    assert "resources:samples/" in text
    assert str(Path(__file__).parents[3]) not in text


def test_a_model_whose_name_was_mistyped_keeps_no_project_from_being_saved(tmp_path: Path) -> None:
    project = Project((StepRecord("Start", Document("pack:dinov2-small?probe=12")),))
    assert load_written(project_bytes(project), tmp_path) == project


def test_text_that_is_none_is_written_in_words(tmp_path: Path) -> None:
    project = Project((StepRecord("A: \ud800", Document("m", Source("text", "half \ud83d"))),))
    assert load_written(project_bytes(project), tmp_path).document.clean.text == "half \\ud83d"


def test_a_save_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "work.wire"
    first, second = (Project((StepRecord(words, Document("m")),)) for words in ("one", "two"))
    save_project(path, first)
    for name in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, _no_space)
            patch.setattr(Path, "replace", _no_space)
            with pytest.raises(WirescopeError, match="cannot be written: No space left"):
                save_project(path, second)
        assert load_project(path) == first
        assert [file.name for file in tmp_path.iterdir()] == ["work.wire"]
    save_project(path, second)
    assert load_project(path) == second


def _no_space(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_file_of_version_1_opens() -> None:
    project = load_project(FILES / "version-1.wire")
    words = [step.words for step in project.steps]
    assert words == ["Start", "Open names", "Cut a0.h1 (from B)", "Keep the 12 best edges", "Steer m1 by 2"]
    assert [step.parent for step in project.steps] == [-1, 0, 1, 2, 1]
    assert project.current == 3
    assert project.document.size == 12
    assert project.steps[2].outcome.after == 0.25
    assert project.steps[4].document.edits[0].value == (0.5, -1.0)
    assert project.traces[0].values.shape == ((project.traces[0].kept is None and 46) or 0,)
    assert project.notes[0] == Note("node", "a0.h1", name="name mover")
    assert project.notes[1] == Note("node", "a0.h1", "reads the name")


def test_a_file_of_version_2_opens_with_its_repair() -> None:
    project, before = load_project(FILES / "version-2.wire"), load_project(FILES / "version-1.wire")
    assert before.repair is None
    assert repr(project.steps) == repr(before.steps)
    kept, found = project.repair, project.repair.result
    assert [each.answer for each in kept.of] == [" Mary", 7]
    assert kept.examples == kept.of[:1]
    assert kept.opens == ("bundled:names", "fp32")
    assert [(edit.name, edit.strength) for edit in found.edits] == [("input->a0.h1<k>", 0.5), ("a0.h1", 1.0)]
    assert found.used[1].misbehaviour == Share(0, 4, 0.0, 0.5)
    assert (found.runs, found.edges_cut, found.means[0].target) == (99, 7, " Mary")


def test_a_file_of_version_3_opens_with_its_printed_word() -> None:
    project, before = load_project(FILES / "version-3.wire"), load_project(FILES / "version-2.wire")
    assert project.repair == before.repair
    row = project.document.dataset[1]
    assert row.clean == before.document.dataset[1].clean
    word = ImageCorruption("word", mask=b"not a real mask", text="dog", size=0.3, place="top left", sticker=False)
    assert row.counterfactual == replace(row.clean, corruption=word)
    assert project.document.regions == (Region("eye", (3, 4)),)
    with zipfile.ZipFile(FILES / "version-3.wire") as archive:
        assert b'"version":3' in archive.read("project.json")


def test_a_file_of_version_4_opens_with_its_weights_of_attention() -> None:
    project, before = load_project(FILES / "version-4.wire"), load_project(FILES / "version-3.wire")
    after = project.steps[-1].document.edits
    assert after[:1] == before.steps[-1].document.edits
    assert [str(edit) for edit in after[1:]] == ["a0.h1[2]=knockout*0.5@5,7", "a0.h1[3]=patch@7"]
    assert [edit.target for edit in after[1:]] == [Entries(Node("head", 0, 1), (key,)) for key in (2, 3)]


def test_a_file_of_version_5_opens_with_its_edits_of_a_router() -> None:
    project, before = load_project(FILES / "version-5.wire"), load_project(FILES / "version-4.wire")
    after, earlier = (each.steps[-1].document.edits for each in (project, before))
    assert after[: len(earlier)] == earlier
    assert [str(edit) for edit in after[len(earlier) :]] == ["m1.e3=force@2", "m1.e0=knockout*0.5"]


def test_a_file_of_version_6_opens_with_its_cards_of_heads() -> None:
    project, before = load_project(FILES / "version-6.wire"), load_project(FILES / "version-5.wire")
    assert project.steps == before.steps
    run, study = project.runs
    assert (study.kind, study.replacement, study.data) == ("study", "mean", "the guides")
    assert (run.kind, run.replacement, run.pairs) == ("heads", None, 3)
    assert (run.data, run.options) == ("the A of 3 pairs of the task ioi", "1 of 4 heads passes a test")
    assert "heads,bundled:names,fp32,the A of 3 pairs of the task ioi,,Tests of heads" in runs_csv(project.runs)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b'"edits":[3,4],"level"', b'"edits":[3,9],"level"', "not among its edits"),
        (b'"edits":[3,4],"level"', b'"edits":[],"level"', "not among its edits"),
        (b'"means":2', b'"means":9', "not among its datasets"),
        (b'"count":3,"of":4', b'"count":5,"of":4', "more examples than there are"),
        (b'"level":"edges","kind"', b'"level":"all","kind"', "does not fit"),
    ],
)
def test_a_repair_that_cannot_be_is_refused(tmp_path: Path, old: bytes, new: bytes, words: str) -> None:
    with zipfile.ZipFile(FILES / "version-2.wire") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert parts["project.json"].count(old) == 1
    with zipfile.ZipFile(tmp_path / "bad.wire", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content.replace(old, new) if name == "project.json" else content)
    with pytest.raises(InputError, match=words):
        load_project(tmp_path / "bad.wire")


def test_what_a_window_saved_in_version_1_opens() -> None:
    """`tests.app.features.projects.write_fixture` wrote it: whatever a window keeps is in it."""
    project = load_project(FILES / "version-1-window.wire")
    assert [step.words for step in project.steps][-2:] == ["Cut a0.h1 (from B)", "Cut m1 (from B)"]
    assert [step.parent for step in project.steps] == [-1, 0, 1, 2, 3, 4, 5, 6, 6]
    assert [(trace.level, trace.values.shape) for trace in project.traces] == [
        ("edges", (1519,)),
        ("edges", (1519,)),
        ("positions", (37, 14)),
    ]
    (curve,) = project.curves
    assert curve.document.circuits == project.document.circuits
    assert (curve.sizes[5], round(curve.recovered[5], 6), round(curve.cpr, 6)) == (75, 0.803269, 0.982634)
    assert curve.band.shape == curve.sure.shape == (2, 10)
    trace, evaluation, nodes = project.runs
    assert [(run.kind, run.size, run.step) for run in project.runs] == [
        ("trace", 75, 3),
        ("evaluation", 12, 4),
        ("trace", None, 6),
    ]
    assert (trace.size_at_80, evaluation.stability, nodes.cpr) == (75, 1.0, None)
    assert len(trace.circuit.edges) == 75
    assert [note.about for note in project.notes] == ["project", "node", "edge", "step", "circuit"]
    assert project.notes[1] == Note("node", "a0.h1", "looks at the first name", "name mover", "bundled:names")
    assert len(project.evaluations[0].statements) == 8
    assert (project.circuits[0].step, len(project.circuits[0].edges)) == (8, 12)
    view = project.view
    assert (view.selection, view.positions) == (("a0.h1",), (2,))
    assert "plots" in view.docks
    assert "plots" in view.front
    assert view.sizes["inspector"] == (pytest.approx(0.217696629), 1.0)


def test_what_a_newer_version_saved_is_refused_with_the_way_out(tmp_path: Path) -> None:
    content = project_bytes(Project((StepRecord("Start", Document("m")),)))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        text = archive.read("project.json").replace(f'"version":{schema.VERSION}'.encode(), b'"version":7')
    path = tmp_path / "new.wire"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("project.json", text)
    with pytest.raises(InputError, match=r"saved by a newer Wirescope \(version 7 of the file\)\. Update Wirescope"):
        load_project(path)


@pytest.mark.parametrize(("method", "option"), [("eap-ig", "stepz"), ("of_a_plugin", "x=print(1), y")])
def test_options_that_no_method_has_are_refused(method: str, option: str, tmp_path: Path) -> None:
    document = Document("m", traced=TraceChoice(method, ((option, 1.0),)))
    path = tmp_path / "work.wire"
    save_project(path, Project((StepRecord("Start", document),)))
    with pytest.raises(InputError, match=f"an option called '{re.escape(option)}'"):
        load_project(path)


def test_a_model_with_the_most_class_texts_opens_again(tmp_path: Path) -> None:
    texts = class_texts([f"{number}" + "€" * 9 for number in range(1000)])
    model = with_texts("bundled:captions", texts)
    assert len(model) > 80_000
    project = Project((StepRecord("Start", Document(model, Source("text", "A"))),))
    save_project(tmp_path / "one.wire", project)
    opened = load_project(tmp_path / "one.wire").steps[0].document.model
    assert texts_in(opened) == texts
    for wrong, words in (([*texts.classes[:-1], "€" * 12_000], "more than 100,000"), (["a", "\ud800"], "half a char")):
        with pytest.raises(ArgumentError, match=words):
            class_texts(wrong)


def test_project_files_are_known_by_their_ending() -> None:
    assert is_project("/a/b.WIRE")
    assert not is_project("bundled:names")


@pytest.mark.parametrize(
    ("kept", "data"),
    [
        (Document, schema.DocumentData),
        (Source, schema.SourceData),
        (PairSource, schema.RowData),
        (MetricChoice, schema.MetricData),
        (TraceChoice, schema.TraceChoiceData),
        (Edit, schema.EditData),
        (Group, schema.GroupData),
        (Outcome, schema.OutcomeData),
        (PredictionRow, schema.PredictionData),
        (Recovery, schema.RecoveryData),
        (Statement, schema.StatementData),
        (ImageCorruption, schema.CorruptionData),
    ],
)
def test_the_schema_has_all_that_there_is_of(kept: type, data: type[msgspec.Struct]) -> None:
    """A field that is added elsewhere would be lost by saving."""
    known = {"data": "picture"}  # where the bytes are kept
    assert {known.get(each.name, each.name) for each in fields(kept)} <= set(data.__struct_fields__)


def test_what_could_not_be_read_again_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "large.wire"
    for source, words in (
        (Source("text", "a" * (33 << 20)), "steps, inputs and datasets take 33.0 MB, of at most 32 MB"),
        (Source("image", data=bytes(65 << 20)), "one picture take 65.0 MB, of at most 64 MB"),
    ):
        with pytest.raises(InputError, match=words) as caught:
            save_project(path, Project((StepRecord("Start", Document("m", source)),)))
        assert caught.value.hint
    project = load_project(FILES / "version-1.wire")
    monkeypatch.setattr(limits, "MOST_NUMBERS", 1)
    for words, less in (
        ("vectors of its edits", project),
        ("scores of one trace", replace(project, steps=project.steps[:1], current=0, circuits=())),
        ("edges of one circuit", replace(project, steps=project.steps[:1], current=0, traces=())),
    ):
        with pytest.raises(InputError, match=words):
            save_project(path, less)
    assert not path.exists()
