"""Rows of a file of any size, one at a time: CSV and TSV, JSON lines, and Parquet (which needs pyarrow). The columns
are those of `dataset_files`. A folder and a film are read as there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from core.errors import InputError
from core.inputs.dataset_columns import Columns, FileRow, names_inputs
from core.inputs.dataset_files import ENDINGS, INPUT_NAMES, JSON_LINES, records, sign_of
from core.inputs.dataset_files import read_dataset_file as read_whole
from core.inputs.film import FILMS, is_film
from core.optional_packages import arrow
from core.text_files import parse_json

PARQUET = ".parquet"
STREAMED = (*ENDINGS, PARQUET)
FORMATS = (*STREAMED, *FILMS)
AT_ONCE = 1024  # rows of a Parquet file
HEAD = 1 << 16  # characters in which the names of columns end


def stream_rows(path: str | Path) -> Iterator[FileRow]:
    """Raises InputError with the line that is wrong, for a file of no such kind and for one without rows."""
    file = Path(path)
    ending = file.suffix.lower()
    if file.is_dir() or is_film(path):
        yield from read_whole(path).rows
        return
    if ending not in STREAMED:
        raise InputError(f"{file.name} is no dataset.", f"The formats are {', '.join(STREAMED)}.")
    columns = Columns(file.name)
    rows = _of_parquet(file, columns) if ending == PARQUET else _of_text(file, columns)
    none = True
    for row in rows:
        none = False
        yield row
    if none:
        raise InputError(f"{file.name} has no rows.", f"{INPUT_NAMES}.")
    columns.check_years()


def _of_text(path: Path, columns: Columns) -> Iterator[FileRow]:
    try:
        with path.open(encoding="utf-8-sig", newline="\n") as file:
            yield from _of_json(file, columns) if path.suffix.lower() in JSON_LINES else _of_table(file, columns)
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror or error}.", "Choose another file.") from None
    except UnicodeDecodeError:
        raise InputError(f"{path.name} is no text in UTF-8.", "Save it in that encoding.") from None


def _of_json(file: TextIO, columns: Columns) -> Iterator[FileRow]:
    for number, line in enumerate(file, start=1):
        if line.strip():
            record = parse_json(line, f"Line {number} of {columns.name}", "Each line is one object.", pairs=True)
            if not isinstance(record, tuple):
                raise InputError(f"Line {number} of {columns.name} is no JSON object.", 'For example {"clean": "..."}.')
            yield columns.row(record, number)


def _of_table(file: TextIO, columns: Columns) -> Iterator[FileRow]:
    sign, _ = sign_of(file.read(HEAD), names_inputs)
    if not sign:
        raise InputError(f"The first line of {columns.name} names no column `clean`.", f"{INPUT_NAMES}.")
    file.seek(0)
    names: list[str] = []
    for line, cells in records(file, sign, columns.name):
        if not names:
            if cells[0].strip().lower().startswith("sep="):  # so spreadsheets tell the sign
                continue
            names = cells
            columns.check_names(names, line)
            continue
        if any(cell.strip() for cell in cells[len(names) :]):
            raise InputError(
                f"Line {line} of {columns.name} has {len(cells)} columns instead of {len(names)}.",
                "Put text with commas into quotes.",
            )
        yield columns.row(zip(names, cells, strict=False), line)


def _of_parquet(path: Path, columns: Columns) -> Iterator[FileRow]:
    pyarrow, parquet = arrow()
    try:
        with parquet.ParquetFile(path) as file:
            number = 0
            for batch in file.iter_batches(AT_ONCE):
                for record in batch.to_pylist():
                    number += 1
                    yield columns.row(record.items(), number)
    except (OSError, pyarrow.ArrowException) as error:
        raise InputError(f"{path.name} cannot be read: {str(error)[:160]}", "Give a Parquet file.") from None
