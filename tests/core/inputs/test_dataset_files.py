"""Files of pairs: both sets of columns, CSV and JSON lines, there and back, and what is wrong in which line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.errors import InputError
from core.inputs.dataset_files import FileRow, read_dataset, read_dataset_file, read_table, write_dataset
from core.positions import parse_roles

ROWS = [
    FileRow("When Mary, John\nand Tom", 'When "Mary"', " Mary", " John"),
    FileRow("The café → 1732", "", "", ""),
    FileRow(" spaces at the ends ", "b", "7", " 7"),
]


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".jsonl"])
def test_what_is_written_is_read_again(tmp_path: Path, ending: str) -> None:
    write_dataset(tmp_path / f"rows{ending}", ROWS)
    assert read_dataset(tmp_path / f"rows{ending}") == ROWS


@pytest.mark.parametrize("ending", [".csv", ".jsonl"])
def test_the_fields_own_columns_hold_ids(tmp_path: Path, ending: str) -> None:
    rows = [FileRow("a", "b", 5, 7), FileRow("c", "d", 0, 1)]
    write_dataset(tmp_path / f"rows{ending}", rows, ids=True)
    assert "correct_idx" in (tmp_path / f"rows{ending}").read_text(encoding="utf-8")
    assert read_dataset(tmp_path / f"rows{ending}") == rows
    with pytest.raises(InputError, match="Not every row"):
        write_dataset(tmp_path / "more.csv", [FileRow("a", "b")], ids=True)


def test_a_file_of_the_field_with_lists_of_ids(tmp_path: Path) -> None:
    file = tmp_path / "ioi.csv"
    file.write_bytes(b'\xef\xbb\xbfclean,corrupted,correct_idx,incorrect_idx\r\nA b,A c,"[12, 13]",[4]\r\n')
    assert read_dataset(file) == [FileRow("A b", "A c", 12, 4)]


def test_a_file_of_the_field_as_pandas_writes_it(tmp_path: Path) -> None:
    """With its index, a further column, and a gap, which makes floats of the other ids."""
    file = tmp_path / "ioi.csv"
    file.write_text(",clean,corrupted,corrupted_hard,correct_idx,incorrect_idx\n470,A,B,C,477.0,26\n184,D,E,F,,37\n")
    assert read_dataset(file) == [FileRow("A", "B", 477, 26), FileRow("D", "E", "", 37)]


def test_pasted_lines_and_cells() -> None:
    assert read_table("When Mary, John\n\n The end\n") == [FileRow("When Mary, John"), FileRow("The end")]
    assert read_table("A b\tA c\t x\t y\nD\tE") == [FileRow("A b", "A c", " x", " y"), FileRow("D", "E")]
    assert read_table('clean,foil\n"a, b", c') == [FileRow("a, b", "", "", " c")]
    assert read_table("  \n") == []


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "one,two\n", "Line 1 of a.csv names no column `clean`"),
        ("a.csv", "clean,counterfactual\na,b\nc,d,e\n", "Line 3 of a.csv has 3 columns instead of 2"),
        ("a.csv", "clean,counterfactual\na,b\n,d\n", "Line 3 of a.csv has no clean input"),
        ("a.csv", "clean,correct_idx\na,many\n", "Line 2 of a.csv: correct_idx is 'many', not a token id"),
        ("a.csv", 'clean\n"a', "Line 2 of a.csv cannot be read"),
        ("a.csv", "clean\n", "has no rows"),
        ("a.jsonl", '{"clean": "a"}\n\n{"clean": 4}\n', "Line 3 of a.jsonl: clean is no text"),
        ("a.jsonl", '{"clean": "a"}\n{', "Line 2 of a.jsonl is no JSON"),
        ("a.jsonl", "[1]\n", "Line 1 of a.jsonl is no JSON object"),
        ("a.xlsx", "clean\na\n", "no dataset"),
    ],
)
def test_what_is_wrong_and_where(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=re.escape(message)) as raised:
        read_dataset(tmp_path / name)
    assert raised.value.hint


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"clean\n\xff\xfe\xff\n")
    with pytest.raises(InputError, match="no UTF-8"):
        read_dataset(tmp_path / "a.csv")
    with pytest.raises(InputError, match="cannot be read"):
        read_dataset(tmp_path / "none.csv")
    with pytest.raises(InputError, match="cannot be written"):
        write_dataset(tmp_path / "no" / "folder.csv", ROWS)


def test_rows_name_spans_of_their_positions(tmp_path: Path) -> None:
    rows = [FileRow("a b c", "a d c", " x", " y", "middle=1:2 end=-1"), FileRow("a", "b")]
    for name in ("rows.csv", "rows.jsonl"):
        write_dataset(tmp_path / name, rows)
        assert read_dataset(tmp_path / name) == rows
        assert read_dataset_file(tmp_path / name).notes == ()
    assert parse_roles("middle=1:2 end=-1", 3) == {"middle": ((1, 2),), "end": ((2, 3),)}
    with pytest.raises(InputError, match="'middle' is not a role"):
        parse_roles("end=-1 middle", 3)
