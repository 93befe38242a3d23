"""The files with a row a pair, one a shard: written so that damage shows when they are read."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any

from core.errors import InputError
from core.optional_packages import arrow
from core.sharded.file_names import PAIRS_FOLDER
from core.sharded.job import Columns

MADE_AGAIN = "Give the command of the run again: what is damaged or gone is then made again."


def pairs_file(folder: Path, number: int) -> Path:
    return folder / PAIRS_FOLDER / f"{number:06}.parquet"


def rows_bytes(columns: Columns) -> bytes:
    """With a checksum of each page: without one a changed byte may be read as another number."""
    pa, parquet = arrow()
    buffer = BytesIO()
    parquet.write_table(pa.table(columns), buffer, compression="zstd", write_page_checksum=True)
    return buffer.getvalue()


def read_rows(path: Path, columns: list[str] | None = None) -> Any:
    """A pyarrow table. columns: the names of those that are read; None: all. Raises InputError for a file that is not
    there or damaged, WirescopeError without pyarrow."""
    pa, parquet = arrow()
    try:
        return parquet.read_table(path, columns=columns, page_checksum_verification=True)
    except (OSError, pa.ArrowException) as error:
        raise InputError(
            f"{path} cannot be read: {str(error)[:160]}.",
            MADE_AGAIN,
        ) from None


def without_rows(folder: Path, done: Iterable[int], pairs: float) -> set[int]:
    """Of the shards that are done, those whose rows are damaged or not there. pairs: that these shards have, together:
    one of whose pairs none fits the model has no file. Reads every file, one at a time."""
    damaged, absent, rows = set(), set(), 0
    for number in done:
        path = pairs_file(folder, number)
        if not path.exists():
            absent.add(number)
            continue
        try:
            rows += read_rows(path).num_rows
        except InputError:
            damaged.add(number)
    return damaged | absent if rows < pairs else damaged


def readable_files(folder: Path) -> tuple[list[Path], int]:
    """The files of a run's rows that say what is in them, and how many rows they have. Reads the end of each, so that
    one that is damaged before it is among them. Raises WirescopeError without pyarrow."""
    pa, parquet = arrow()
    files, rows = [], 0
    for path in sorted((folder / PAIRS_FOLDER).glob("*.parquet")):
        try:
            rows += parquet.read_metadata(path).num_rows
        except (OSError, pa.ArrowException):
            continue
        files.append(path)
    return files, rows
