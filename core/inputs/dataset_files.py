"""Datasets of pairs as files: CSV, TSV and JSON lines.

Columns of ours: `clean,counterfactual,target,foil`; those of EAP-IG's and MIB's files are read and written too:
`clean,corrupted,correct_idx,incorrect_idx`, whose answers are token ids (of a list of ids the first counts), and so are
the names that other files have for them (`dataset_columns`). Only `clean` must be there. A column `roles` names spans
of A's positions: "subject=2:4 end=-1". Inputs are texts, or paths of pictures, relative to the file. JSON lines are
objects with the same names. A folder of pictures (`picture_folder`) is a row a picture, a film (`film`) a row a frame.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import InputError, WirescopeError
from core.inputs.dataset_columns import IDS_OWN, OURS, ROLES, Columns, is_header, names_inputs
from core.inputs.dataset_columns import FileRow as FileRow
from core.inputs.dataset_folder import read_folder, tables_in
from core.inputs.film import frames_of, is_film
from core.inputs.picture_folder import holds_pictures, pictures_in
from core.saving import save_text
from core.text_files import check_text, parse_json, read_text, text_lines

MAX_BYTES = 64 * 2**20
TABLES, JSON_LINES = (".csv", ".tsv"), (".jsonl", ".ndjson")
ENDINGS = (*TABLES, *JSON_LINES)
SIGNS = (",", "\t", ";")  # between columns
INPUT_NAMES = f"The columns are {','.join(OURS)} or {','.join(IDS_OWN)}"


@dataclass(frozen=True)
class FileRows:
    """Rows, and what should be told of them: columns that are not used, lists of which the first counts."""

    rows: tuple[FileRow, ...]
    notes: tuple[str, ...] = ()


def read_dataset(path: str | Path) -> list[FileRow]:
    """The rows of a file, by its ending. Raises InputError with the line that is wrong."""
    return list(read_dataset_file(path).rows)


def read_dataset_file(path: str | Path) -> FileRows:
    """As `read_dataset`, with its notes."""
    file = Path(path)
    if file.is_dir():
        return _of_folder(file)
    if is_film(path):
        frames, told = frames_of(path)
        return FileRows(tuple(map(FileRow, frames)), (told,))
    ending = file.suffix.lower()
    if ending not in ENDINGS:
        raise InputError(f"{file.name} is no dataset.", f"The formats are {', '.join(ENDINGS)}.")
    text = read_text(file, MAX_BYTES)
    table = _read_json(text, file.name) if ending in JSON_LINES else _read_table(text, file.name, header=True)
    if not table.rows:
        raise InputError(f"{file.name} has no rows.", f"{INPUT_NAMES}.")
    return table


def _of_folder(folder: Path) -> FileRows:
    """A dataset of Hugging Face's (`dataset_folder`). Raises InputError."""

    def read(text: str, path: Path) -> FileRows:
        table = path.suffix.lower() in TABLES
        return _read_table(text, path.name, header=True) if table else _read_json(text, path.name)

    try:
        parts, note = read_folder(folder, read)
    except InputError as error:
        if not holds_pictures(folder):
            raise
        pictures, told = pictures_in(folder)
        unread = (f"Each picture is a row, as the table beside them is no dataset: {error.message}",)
        return FileRows(tuple(map(FileRow, pictures)), (*(unread if tables_in(folder) else ()), *told))
    rows = tuple(row for part in parts for row in part.rows)
    if not rows:
        raise InputError(f"{folder.name} has no rows.", f"{INPUT_NAMES}.")
    notes = dict.fromkeys(filter(None, (note, *(each for part in parts for each in part.notes))))
    return FileRows(rows, tuple(notes))


def read_inputs(path: str | Path) -> FileRows:
    """The inputs of a file: a dataset's, or one a line of a text file. Raises InputError."""
    file = Path(path)
    if file.suffix.lower() in ENDINGS:
        return read_dataset_file(file)
    text = read_text(file, MAX_BYTES)
    if file.suffix.lower() == ".json" or _is_json(text):
        table = _read_json(text, file.name)
    elif sign_of(text, is_header)[0]:
        table = _read_table(text, file.name, header=True)
    else:
        table = FileRows(tuple(_lines(text, file.name)))
    if not table.rows:
        raise InputError(f"{file.name} has no inputs.", "Write one a line.")
    return table


def read_table(text: str, name: str = "The text", header: bool = False) -> list[FileRow]:
    """Rows of comma-, semicolon- or tab-separated text, as from a spreadsheet; a plain line is an A without a B.
    header: the first line must name the columns; else it may. Raises InputError with the line that is wrong."""
    return list(_read_table(text, name, header).rows)


def read_pasted(text: str, name: str) -> FileRows:
    """Rows of text from the clipboard: JSON lines, a table, or plain lines. Raises InputError."""
    return _read_json(text, name) if _is_json(text) else _read_table(text, name, header=False)


def write_dataset(path: str | Path, rows: Iterable[FileRow], ids: bool = False) -> None:
    """Write rows in the format of the file's ending, whole or not at all. ids: with the names and the token ids of
    EAP-IG's files; every answer must then be an id. Raises InputError where the file cannot be written."""
    file = Path(path)
    names: tuple[str, ...] = IDS_OWN if ids else OURS
    rows = list(rows)
    names = (*names, ROLES) if any(row.roles for row in rows) else names
    cells = ((row.clean, row.counterfactual, row.target, row.foil, row.roles) for row in rows)
    records = [dict(zip(names, each, strict=False)) for each in cells]
    if ids and any(not isinstance(record[name], int) for record in records for name in IDS_OWN[2:]):
        raise InputError("Not every row has a target and a foil.", "Such a file needs both in each row.")
    for number, record in enumerate(records, start=1):
        for column, value in record.items():
            check_text(str(value), f"Row {number}: {column}")
    out = io.StringIO(newline="")
    if file.suffix.lower() in JSON_LINES:
        out.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    else:
        writer = csv.DictWriter(out, names, delimiter="\t" if file.suffix.lower() == ".tsv" else ",")
        writer.writeheader()
        writer.writerows(records)
    try:
        save_text(file, out.getvalue())
    except WirescopeError as error:
        raise InputError(error.message, "Choose another place.") from None


# ---- tables ----


def _read_table(text: str, name: str, header: bool) -> FileRows:
    sign, text = sign_of(text, names_inputs if header else is_header)
    if not sign and header:
        raise InputError(
            f"Line 1 of {name} names no column `clean`: it is {_first_line(text)[:80]!r}.",
            f"{INPUT_NAMES}; commas, semicolons or tabs stand between them.",
        )
    if not sign and "\t" not in _first_line(text):  # lines of prose have commas of their own
        return FileRows(tuple(replace(row, clean=row.clean.strip()) for row in _lines(text, name)))
    columns = Columns(name)
    names = [] if sign else list(OURS)
    rows = []
    for line, cells in _records(text, sign or "\t", name):
        if not names:
            names = cells
            columns.check_names(names, line)
            continue
        if any(cell.strip() for cell in cells[len(names) :]):
            raise InputError(
                f"Line {line} of {name} has {len(cells)} columns instead of {len(names)}.",
                "Put text with commas into quotes.",
            )
        rows.append(columns.row(zip(names, cells, strict=False), line))
    columns.check_years()
    return FileRows(tuple(rows), columns.notes())


def sign_of(text: str, fits: Callable[[Sequence[str]], bool]) -> tuple[str, str]:
    """The sign between columns by which the first line is one of names ("" for none), and the text from it on."""
    text = text.removeprefix("\ufeff")
    declared = re.match(r"\s*sep=(.)\r?\n", text, re.IGNORECASE)  # so spreadsheets tell the sign
    signs = SIGNS if declared is None else (declared[1],)
    if declared is not None:
        text = "\n" + text[declared.end() :]  # lines keep their numbers
    return next((sign for sign in signs if fits(_cells(text, sign))), ""), text


def _records(text: str, sign: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """The lines of a table that are not empty, each as its number and its cells. Raises InputError."""
    stand_in = next(sign for sign in map(chr, range(0xFDD0, 0xFDF0)) if sign not in text)
    return records((f"{line}\n" for line in text.split("\n")), sign, name, stand_in)


def records(lines: Iterable[str], sign: str, name: str, stand_in: str = "\ufdd0") -> Iterator[tuple[int, list[str]]]:
    """The same of lines as they come. stand_in: a sign that is not in them. Raises InputError."""
    # The csv module ends a line at a lone carriage return, too, which stands within text: another sign is put for it.
    plain = (re.sub(r"\r(?!\n)", stand_in, line) for line in lines)
    reader = csv.reader(plain, delimiter=sign, strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, [cell.replace(stand_in, "\r") for cell in cells]
    except csv.Error as error:
        raise InputError(f"Line {reader.line_num} of {name} cannot be read: {error}.", "Check its quotes.") from None


def _cells(text: str, sign: str) -> list[str]:
    """The cells of the first line."""
    try:
        return next(_records(_first_line(text), sign, ""), (0, []))[1]
    except InputError:
        return []


def _first_line(text: str) -> str:
    """The first line that is not empty."""
    match = re.search(r"^[^\n]*\S[^\n]*", text.removeprefix("\ufeff"), re.MULTILINE)
    return match[0].removesuffix("\r") if match else ""


def _lines(text: str, name: str) -> Iterator[FileRow]:
    """Plain lines, an A each. Raises InputError for one that is no text."""
    for number, line in enumerate(text_lines(text.removeprefix("\ufeff")), start=1):
        if line.strip():
            check_text(line, f"Line {number} of {name}")
            yield FileRow(line)


# ---- JSON lines ----


def _is_json(text: str) -> bool:
    """Whether text is JSON lines: its first line is an object with names."""
    return bool(re.match(r'\s*\{\s*"', _first_line(text)))


def _read_json(text: str, name: str) -> FileRows:
    columns = Columns(name)
    rows = []
    for number, line in enumerate(text_lines(text.removeprefix("\ufeff")), start=1):
        if not line.strip():
            continue
        record = parse_json(line, f"Line {number} of {name}", "Each line is one object.", pairs=True)
        if not isinstance(record, tuple):
            raise InputError(f"Line {number} of {name} is no JSON object.", 'For example {"clean": "..."}.')
        rows.append(columns.row(record, number))
    columns.check_years()
    return FileRows(tuple(rows), columns.notes())
