"""Datasets as other programs write them: EAP-IG's tasks, other names, signs and encodings; and whatever is thrown at
the readers, they read it or say what is wrong."""

from __future__ import annotations

import codecs
import json
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import InputError
from core.inputs.dataset_columns import FileRow
from core.inputs.dataset_files import read_dataset_file, read_inputs, read_pasted, read_table, write_dataset

PLAIN = FileRow("A b", "A c", " Paris", " Rome")


def read(tmp_path: Path, content: str | bytes, name: str = "rows.csv"):
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_dataset_file(file)


@pytest.mark.parametrize(
    ("content", "row", "told"),
    [
        (",clean,corrupted,corrupted_hard,correct_idx,incorrect_idx\n826,A b,A c,A d,142,167\n",
         FileRow("A b", "A c", 142, 167), "not used: corrupted_hard"),
        ('clean,capital,country,country_idx,corrupted,corrupted_capital,corrupted_country,corrupted_country_idx\n'
         '" Kabul, the capital of",Kabul,Afghanistan,8037," London, the capital of",London,United Kingdom,1578\n',
         FileRow(" Kabul, the capital of", " London, the capital of", 8037, 1578), "capital, country"),
        ("clean,corrupted,clean_answer_idx,corrupted_answer_idx,label\nThe poet,The man,673,339,0\n",
         FileRow("The poet", "The man", 673, 339), "not used: label"),
        ("clean,h1,answers,answers_idx,corrupted,corrupted_answers,corrupted_answers_idx\n"
         "\", gems and\",gems,\"['gem', 'gems']\",\"[16840, 23685]\",\", uncles and\",['kin'],[7018]\n",
         FileRow(", gems and", ", uncles and", 16840, 7018), "answers_idx holds several answers in 1 row"),
        ("clean,corrupted,group,plural\nThe poems,The poem,x,1\n", FileRow("The poems", "The poem"), "`plural` says"),
    ],
    ids=["ioi", "facts", "gender", "hypernymy", "agreement"],
)  # fmt: skip
def test_the_tasks_of_eap_ig(tmp_path: Path, content: str, row: FileRow, told: str) -> None:
    found = read(tmp_path, content)
    assert found.rows == (row,)
    assert told in " ".join(found.notes)


def test_the_year_of_greater_than_is_no_token(tmp_path: Path) -> None:
    """Whose later years are right: no metric of single answers says that, so it is refused, not misread."""
    years = "clean,corrupted,correct_idx\nThe war lasted from 1352 to 13,The war lasted from 1301 to 13,{}\n"
    for name, content in (("y.csv", years.format(52)), ("y.jsonl", '{"clean": "a", "correct_idx": 4}')):
        with pytest.raises(InputError, match=r"correct_idx is .* a year") as raised:
            read(tmp_path, content, name)
        assert "--task greater-than" in raised.value.hint
    assert read(tmp_path, years.format(5200)).rows[0].target == 5200
    assert read(tmp_path, "clean,target_idx\na,52\n").rows[0].target == 52


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "clean;counterfactual;target;foil\nA b;A c; Paris; Rome\n"),
        ("a.csv", "sep=;\r\nclean;counterfactual;target;foil\r\nA b;A c; Paris; Rome\r\n"),
        ("a.csv", '"Clean","Counterfactual","Target","Foil"\n"A b","A c"," Paris"," Rome"\n'),
        ("a.csv", "\n\nclean\tcounterfactual\ttarget\tfoil\nA b\tA c\t Paris\t Rome\n"),
        ("a.csv", "prompt,corrupt,answer,wrong_answer,,\nA b,A c, Paris, Rome,,\n"),
        ("a.jsonl", '{"clean": "A b", "corrupt": "A c", "answers": [" Paris"], "wrong_answers": [" Rome"]}'),
        ("a.jsonl", '{"clean": "A b", "counterfactual": "A c", "target": [" Paris"], "foil": " Rome"}\r\n\r\n'),
        ("a.ndjson", '{"Prompt": "A b", "corrupted": "A c", "answers": " Paris", "incorrect": " Rome"}'),
    ],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-be with its mark"])
def test_other_names_signs_and_encodings(tmp_path: Path, name: str, content: str, encoding: str) -> None:
    marked = encoding.endswith("mark")
    written = codecs.BOM_UTF16_BE + content.encode("utf-16-be") if marked else content.encode(encoding)
    assert read(tmp_path, written, name).rows == (PLAIN,)
    (tmp_path / "inputs.txt").write_bytes(written)
    assert [row.clean for row in read_inputs(tmp_path / "inputs.txt").rows] == ["A b"]
    assert [row.clean for row in read_pasted(content, "pasted").rows][-1] == "A b" or content.startswith("prompt")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", '{"clean": "a", "target": true}', "Line 1 of a.jsonl: target is true, not an answer"),
        ("a.jsonl", '{"clean": "a"}\n{"clean": "a", "foil": [false]}', "Line 2 of a.jsonl: foil is false"),
        ("a.jsonl", '{"clean": "a", "target": 1.5}', "target is 1.5, not an answer"),
        ("a.jsonl", '{"clean": "a", "target": {"b": 1}}', "Line 1 of a.jsonl: target is"),
        ("a.jsonl", '{"clean": true}', "Line 1 of a.jsonl: clean is no text but true"),
        ("a.jsonl", '{"clean": "a\\ud83d b"}', "Line 1 of a.jsonl: clean is no text: sign 2"),
        ("a.jsonl", '{"clean": "a", "target": "\\udc9f"}', "Line 1 of a.jsonl: target is no text"),
        ("a.jsonl", '{"clean": "a", "foil": 1, "foil": 2}', "Line 1 of a.jsonl: two columns are called foil"),
        ("a.jsonl", '{"words": "a"}', "Line 1 of a.jsonl has no clean input: it names words"),
        ("a.jsonl", '{"clean": ' + "[" * 100_000, "Line 1 of a.jsonl is no JSON that can be read: it is nested too"),
        ("a.jsonl", '{"clean": "a", "correct_idx": ' + "9" * 6000 + "}", "Line 1 of a.jsonl"),
        ("a.csv", "clean,foil,Foil \na,b,c\n", "Line 1 of a.csv: two columns are called foil"),
        ("a.csv", "clean,correct_idx,incorrect_idx\na,1,2\nb,True,2\n", "Line 3 of a.csv: correct_idx is"),
        ("a.csv", "clean,correct_idx\na," + "[" * 100_000 + "\n", "Line 2 of a.csv: correct_idx is"),
        ("a.csv", "clean|foil\na|b\n", "Line 1 of a.csv names no column `clean`: it is 'clean|foil'"),
        ("a.csv", "clean\ncaf\u00e9\n".encode("latin-1"), "a.csv is no UTF-8 text. Line 2"),
        ("a.csv", "clean\na\n".encode("utf-16-le"), "a.csv holds signs that are no text"),
    ],
)
def test_what_is_no_dataset_is_said_with_its_place(tmp_path: Path, name: str, content, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        read(tmp_path, content, name)


@pytest.mark.parametrize("sign", ["\f", "\v", "\u2028", "\u2029", "\x85", "\x1c", "\r"])
def test_only_newlines_end_a_line(tmp_path: Path, sign: str) -> None:
    text = f"one{sign}two"
    assert read(tmp_path, f"clean,counterfactual\r\n{text},b\r\nc,d{sign}e\r\n").rows == (
        FileRow(text, "b"), FileRow("c", f"d{sign}e"))  # fmt: skip
    assert read(tmp_path, json.dumps({"clean": text}, ensure_ascii=False) + "\n", "a.jsonl").rows == (FileRow(text),)
    (tmp_path / "inputs.txt").write_bytes(f" {text}\r\n\nthree".encode())
    assert [row.clean for row in read_inputs(tmp_path / "inputs.txt").rows] == [f" {text}", "three"]
    assert read_table(f"{text}\nthree") == [FileRow(text), FileRow("three")]


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@quick
@given(
    rows=st.lists(
        st.builds(FileRow, texts.filter(str.strip), texts, texts.filter(lambda s: not s or s.strip()), texts),
        min_size=1, max_size=4,
    ),
    ending=st.sampled_from([".csv", ".tsv", ".jsonl"]),
)  # fmt: skip
def test_any_text_is_read_as_it_was_written(tmp_path: Path, rows: list[FileRow], ending: str) -> None:
    file = tmp_path / f"rows{ending}"
    write_dataset(file, rows)
    assert list(read_dataset_file(file).rows) == rows


names = st.sampled_from(
    ["clean", "corrupted", "target", "foil", "correct_idx", "incorrect_idx", "answers", "prompt", "plural", "", "x"]
)
things = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=6,
)
tables = st.builds(
    lambda rows, sign: "\n".join(sign.join(row) for row in rows),
    st.lists(st.lists(names | st.text(max_size=6), max_size=4), max_size=4),
    st.sampled_from([",", "\t", ";"]),
)
objects = st.lists(st.dictionaries(names, things, max_size=4).map(json.dumps), max_size=3).map("\n".join)


@quick
@given(
    content=st.one_of(st.binary(max_size=60), (tables | objects).map(lambda text: text.encode("utf-8", "replace"))),
    ending=st.sampled_from([".csv", ".tsv", ".jsonl", ".txt", ".json"]),
)
def test_whatever_a_file_holds_it_is_read_or_refused(tmp_path: Path, content: bytes, ending: str) -> None:
    file = tmp_path / f"rows{ending}"
    file.write_bytes(content)
    for reader in (read_inputs, read_dataset_file):
        try:
            rows = reader(file).rows
        except InputError:
            continue
        assert all(isinstance(row.clean, str) and row.clean.strip() for row in rows)
