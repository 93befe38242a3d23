"""Files that are dropped where they are no input: a folder opens as a model, of all else it is said what it is. Text is
read in the encodings that editors write."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QUrl

from app.features.inputs.controller.sources import from_path
from core.inputs.file_kinds import stranger
from core.project.document import Source, unfit
from tests.app.cases import each
from tests.app.command_line import code_of
from tests.app.models import CLEAN
from tests.app.person import Person

SENTENCE = "When Tom gave a drink to"


def files(*paths: Path) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


@pytest.mark.parametrize("where", ["card", "window"])
@pytest.mark.parametrize("what", ["folder", "weights"])
def test_a_model_that_is_dropped_opens(reader: Person, models, tmp_path: Path, where: str, what: str) -> None:
    folder = tmp_path / "another"
    shutil.copytree(models.gpt2, folder)
    weights = next(folder.glob("*.safetensors"))
    widget = reader.card("A") if where == "card" else reader.window
    assert reader.drop(widget, files(folder if what == "folder" else weights))
    assert reader.workbench.document.model == str(folder)
    assert reader.workbench.opened is not None


@each("where", ["card", "window"])
@each(
    ("name", "words"),
    [
        ("model.safetensors", "model.safetensors is weights of a model"),
        ("tiny-q4.gguf", "tiny-q4.gguf is a model in GGUF"),
        ("paper.pdf", "paper.pdf is a PDF"),
        ("film.mp4", "film.mp4 is a film"),
        ("rows.xlsx", "rows.xlsx is a table"),
        ("all.zip", "all.zip is an archive"),
    ],
)
def test_other_files_are_named(reader: Person, tmp_path: Path, where: str, name: str, words: str) -> None:
    (tmp_path / name).write_bytes(b"%\x00\x01")
    before = reader.workbench.document
    assert reader.drop(reader.card("A") if where == "card" else reader.window, files(tmp_path / name))
    said = reader.problem("A") if where == "card" else reader.dismiss()
    assert words in said
    assert "is a picture" not in said
    assert reader.workbench.document == before


def test_what_a_file_is_does_not_depend_on_the_model() -> None:
    for path in ("/models/llama", "/m/model.safetensors", "/m/tiny.gguf", "/notes/paper.pdf", "/m/a.onnx", "/m/a.pt"):
        for reads_text in (True, False):
            told = unfit(from_path(path), "names", reads_text)
            assert stranger(path)[0] in told
            assert "picture. Open another" not in told
    assert unfit(Source("image", path="/a/b.png"), "names", True).startswith("names reads text; this is a picture")
    assert not unfit(Source("image", path="/a/b.png"), "shapes", False)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_is_no_part_of_a_prompt(reader: Person, tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "prompt.txt"
    file.write_bytes(f"{SENTENCE}\r\n".encode(encoding))
    assert reader.drop(reader.card("A"), files(file))
    assert reader.card("A").chips.chip_texts() == SENTENCE.split()


def test_a_dataset_that_is_dropped_says_what_it_leaves_aside(reader: Person, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text(f"\ufeffclean;corrupt;plural\n{SENTENCE};{CLEAN};1\n", encoding="utf-8")
    panel = reader.panel("dataset")
    assert reader.drop(panel, files(file))
    (row,) = reader.workbench.document.dataset
    assert (row.clean.text, row.counterfactual.text) == (SENTENCE, CLEAN)
    assert "these columns are not used: plural" in panel.note.text()
    file.write_text('clean,target\n"a\u2028b",true\n', encoding="utf-8")
    (tmp_path / "rows.jsonl").write_text('{"clean": "a", "target": true}', encoding="utf-8")
    assert reader.drop(panel, files(tmp_path / "rows.jsonl"))
    assert "Line 1 of rows.jsonl: target is true" in panel.problem.text()


def test_of_several_files_all_are_read_or_named(reader: Person, tmp_path: Path) -> None:
    tables = [tmp_path / f"{name}.csv" for name in ("one", "two", "three")]
    tables[0].write_text(f"clean\n{SENTENCE}\n", encoding="utf-8")
    tables[1].write_text("no,such,columns\n1,2,3\n", encoding="utf-8")
    tables[2].write_text(f"clean\n{CLEAN}\n{SENTENCE}\n", encoding="utf-8")
    panel = reader.panel("dataset")
    assert reader.drop(panel, files(*tables))
    assert [row.clean.text for row in reader.workbench.document.dataset] == [SENTENCE, CLEAN, SENTENCE]
    assert reader.workbench.history.undo_words == "Append one.csv and 2 more"
    assert panel.note.text().startswith("Left out: ")
    assert "two.csv" in panel.note.text()
    before = reader.workbench.document
    tables[0].write_text("", encoding="utf-8")
    assert reader.drop(panel, files(*tables[:2]))
    assert "one.csv" in panel.problem.text()
    assert "two.csv" in panel.problem.text()
    assert reader.workbench.document == before

    texts = [tmp_path / f"{name}.txt" for name in "abcde"]
    for file in texts:
        file.write_text(CLEAN if file == texts[0] else SENTENCE, encoding="utf-8")
    said: list[str] = []
    reader.workbench.message.connect(said.append)
    assert reader.drop(reader.card("A"), files(*texts))
    assert reader.workbench.document.clean.text == CLEAN
    assert reader.workbench.document.counterfactual.text == SENTENCE
    assert reader.message().startswith("Left: c.txt, d.txt and 1 more. Cards A and B take one each"), said


def test_a_trace_and_an_export_have_two_default_names(pair, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    assert code_of("trace", *pair, "--method", "random") == 0
    before = Path("circuit.json").read_bytes()
    assert code_of("export", *pair, "--format", "json") == 0
    assert capsys.readouterr().out.strip().endswith("exported-circuit.json")
    assert Path("circuit.json").read_bytes() == before


def test_an_answer_without_its_space_is_pointed_out(capsys) -> None:
    prompt = "When Mary and John went to the store, John gave a drink to"
    run = ("run", "--model", "bundled:names", "--clean", prompt, "--metric")
    for metric, right in (
        ("logit_difference:Mary:John", "--metric 'logit_difference: Mary: John'"),
        ("probability:Mary", "--metric 'probability: Mary'"),
    ):
        assert code_of(*run, metric) == 0
        told = capsys.readouterr().err
        assert 'and the model goes on with "' in told
        assert right in told
    assert code_of(*run, "logit_difference: Mary: John") == 0
    assert capsys.readouterr().err == ""
