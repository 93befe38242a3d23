"""Datasets of pairs as files: CSV, TSV and JSON lines.

Columns of ours: `clean,counterfactual,target,foil`; those of EAP-IG's and MIB's files are read and written too:
`clean,corrupted,correct_idx,incorrect_idx`, whose answers are token ids (a list of ids counts by its first). Only
`clean` must be there. Inputs are texts, or paths of pictures, relative to the file. JSON lines are objects with the
same names.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import InputError

OURS = ("clean", "counterfactual", "target", "foil")
FIELDS_OWN = ("clean", "corrupted", "correct_idx", "incorrect_idx")  # of EAP-IG and MIB
MAX_BYTES = 64 * 2**20
ENDINGS = (".csv", ".tsv", ".jsonl")

_NAMES = {"corrupted": "counterfactual", "correct_idx": "target", "incorrect_idx": "foil"}


@dataclass(frozen=True)
class FileRow:
    """One row: A, B ("" for none) and the metric's answers, as text or as ids ("" for none)."""

    clean: str
    counterfactual: str = ""
    target: str | int = ""
    foil: str | int = ""


def read_dataset(path: str | Path) -> list[FileRow]:
    """The rows of a file, by its ending. Raises InputError with the line that is wrong."""
    file = Path(path)
    try:
        if file.stat().st_size > MAX_BYTES:
            raise InputError(f"{file.name} is larger than 64 MB.", "Split it.")
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{file.name} is no UTF-8 text.", "Save it as UTF-8.") from None
    except OSError as error:
        raise InputError(f"{file.name} cannot be read: {error.strerror}.", "Check the path and its rights.") from None
    ending = file.suffix.lower()
    if ending not in ENDINGS:
        raise InputError(f"{file.name} is no dataset.", f"The formats are {', '.join(ENDINGS)}.")
    rows = _read_json(text, file.name) if ending == ".jsonl" else read_table(text, file.name, header=True)
    if not rows:
        raise InputError(f"{file.name} has no rows.", f"Its columns are {','.join(OURS)}.")
    return rows


def read_table(text: str, name: str = "The text", header: bool = False) -> list[FileRow]:
    """Rows of comma- or tab-separated text, as from a spreadsheet; a plain line is an A without a B. header: the first
    line must name the columns; else it may. Raises InputError with the line that is wrong."""
    text = text.removeprefix("\ufeff")
    first = text.lstrip("\r\n").splitlines()[0] if text.strip() else ""
    delimiter = "\t" if "\t" in first else ","
    named = "clean" in [cell.strip().lower() for cell in first.split(delimiter)]
    if not named and header:
        raise InputError(
            f"Line 1 of {name} names no column `clean`.", f"The columns are {','.join(OURS)} or {','.join(FIELDS_OWN)}."
        )
    if not named and delimiter == ",":  # lines of prose have commas of their own
        return [FileRow(line.strip()) for line in text.splitlines() if line.strip()]
    reader = csv.reader(io.StringIO(text.lstrip("\r\n"), newline=""), delimiter=delimiter, strict=True)
    columns: Sequence[str] = OURS
    rows = []
    try:
        for number, cells in enumerate(reader):
            if number == 0 and named:
                columns = [cell.strip().lower() for cell in cells]
            elif any(cell.strip() for cell in cells):
                if len(cells) > len(columns):
                    raise InputError(
                        f"Line {reader.line_num} of {name} has {len(cells)} columns instead of {len(columns)}.",
                        "Put text with commas into quotes.",
                    )
                rows.append(_row(dict(zip(columns, cells, strict=False)), reader.line_num, name))
    except csv.Error as error:
        raise InputError(f"Line {reader.line_num} of {name} cannot be read: {error}.", "Check its quotes.") from None
    return rows


def write_dataset(path: str | Path, rows: Iterable[FileRow], ids: bool = False) -> None:
    """Write rows in the format of the file's ending. ids: with the names and the token ids of EAP-IG's files; every
    answer must then be an id. Raises InputError where the file cannot be written."""
    file = Path(path)
    names = FIELDS_OWN if ids else OURS
    records = [dict(zip(names, (row.clean, row.counterfactual, row.target, row.foil), strict=True)) for row in rows]
    if ids and any(not isinstance(record[name], int) for record in records for name in names[2:]):
        raise InputError("Not every row has a target and a foil.", "Such a file needs both in each row.")
    try:
        with file.open("w", encoding="utf-8", newline="") as out:
            if file.suffix.lower() == ".jsonl":
                out.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
            else:
                writer = csv.DictWriter(out, names, delimiter="\t" if file.suffix.lower() == ".tsv" else ",")
                writer.writeheader()
                writer.writerows(records)
    except OSError as error:
        raise InputError(f"{file.name} cannot be written: {error.strerror}.", "Choose another place.") from None


def _read_json(text: str, name: str) -> list[FileRow]:
    rows = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError as error:
            raise InputError(f"Line {number} of {name} is no JSON: {error}.", "Each line is one object.") from None
        if not isinstance(record, dict):
            raise InputError(f"Line {number} of {name} is no JSON object.", 'For example {"clean": "..."}.')
        rows.append(_row(record, number, name))
    return rows


def _row(record: Mapping[str, Any], line: int, name: str) -> FileRow:
    ours: dict[str, Any] = {}
    for key, value in record.items():
        numbers = key in ("correct_idx", "incorrect_idx")
        ours[_NAMES.get(key, key)] = _id(value, key, line, name) if numbers else value
    for key in ("clean", "counterfactual"):
        if not isinstance(ours.get(key, ""), str):
            raise InputError(f"Line {line} of {name}: {key} is no text.", "Give a text, or the path of a picture.")
    if not str(ours.get("clean", "")).strip():
        raise InputError(f"Line {line} of {name} has no clean input.", "Fill the column `clean`, or delete the line.")
    answers = [value if isinstance(value, int) else str(value or "") for value in map(ours.get, OURS[2:])]
    return FileRow(str(ours["clean"]), str(ours.get("counterfactual") or ""), *answers)


def _id(value: Any, column: str, line: int, name: str) -> int | str:
    """A token id, the first one of a list; "" for none."""
    if value in ("", None):
        return ""
    try:
        found = json.loads(value) if isinstance(value, str) else value
        while isinstance(found, list) and found:
            found = found[0]
        if isinstance(found, float) and found.is_integer():  # as pandas writes a column with gaps
            found = int(found)
        if isinstance(found, bool) or not isinstance(found, int):
            raise ValueError
        return found
    except ValueError:
        raise InputError(
            f"Line {line} of {name}: {column} is {value!r}, not a token id.", "Give a number, or a list of numbers."
        ) from None
