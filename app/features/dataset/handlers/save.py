"""Rows of the dataset as a table in a file. Pictures that are in no file of their own are written to a folder beside
it, which the table names them by. Needs no model but for token ids."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from core.errors import InputError
from core.formatting import counted
from core.inputs.dataset_files import FileRow, write_dataset
from core.project.document import PairSource, Source
from core.project.row_cells import made_cell
from core.saving import save_bytes


def save_table(path: str, rows: Sequence[PairSource], token_id: Callable[[str], int] | None = None) -> str:
    """Write the rows; returns what was written, in words. token_id: of an answer, for a table of ids. Raises InputError
    where a file cannot be written, or a row has not what its columns need: a corrupted picture is made of what the
    model sees, so no picture file could hold it; where it is made from A, the table says how."""
    for row in rows:
        for source in (row.clean, row.counterfactual):
            if source is not None and source.corruption is not None and not _made(row):
                raise InputError(
                    f"{source.name or 'A picture'} is changed as the model sees it, so no picture file can hold it.",
                    "Save the rows without it, or give B a picture of its own.",
                )
    named = {source.path for row in rows for source in (row.clean, row.counterfactual) if source and source.path}
    pictures = _Pictures(Path(path), named)
    table = [
        FileRow(
            pictures.cell(row.clean),
            "" if row.counterfactual is None else _made(row) or pictures.cell(row.counterfactual),
            *(token_id(answer) if token_id is not None and answer else answer for answer in (row.target, row.foil)),
        )
        for row in rows
    ]
    write_dataset(path, table, token_id is not None)
    words = f"Wrote {counted(len(rows), 'row')} to {Path(path).name}"
    if pictures.written:
        words += f", and {counted(pictures.written, 'picture')} to {pictures.folder.name}"
    return f"{words}."


def _made(row: PairSource) -> str:
    """How B is made from A, for the table; empty where it is not, or no table could say it."""
    return "" if row.counterfactual is None else made_cell(row.clean, row.counterfactual)


class _Pictures:
    """The folder beside a table. named: files that other rows are, which are not written over."""

    def __init__(self, table: Path, named: Iterable[str]) -> None:
        self.folder = table.with_name(f"{table.stem}-pictures")
        self.written = self._number = 0
        self._named = {Path(path).resolve() for path in named}

    def cell(self, source: Source) -> str:
        """What the table says of a source. Writes its picture where it has no file. Raises InputError."""
        if source.kind == "text" or source.path:
            return source.text or source.path
        self.written += 1
        file = self._next(re.sub(r"[^\w.-]+", "-", source.name).strip("-.") or "picture")
        try:
            self.folder.mkdir(exist_ok=True)
        except OSError as error:
            raise InputError(f"{self.folder} cannot be made: {error.strerror}.", "Choose another place.") from None
        save_bytes(file, source.data)
        return f"{self.folder.name}/{file.name}"

    def _next(self, name: str) -> Path:
        while True:
            self._number += 1
            file = self.folder / f"{self._number:03d}-{name}.png"
            if file.resolve() not in self._named:
                return file
