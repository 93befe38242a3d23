"""SQL over what runs over many pairs have left: DuckDB, in memory, on the Parquet files of a folder.

The tables are

    pairs     a row a pair, of all shards: the columns of `pairs/*.parquet`
    scores    a row an edge, of a trace: writer, reader, score
    runs      a row a run: what was asked (`run.json`) and how far it has come (`progress.json`), `updated` as a
              TIMESTAMP in UTC

A folder with the folders of several runs in it gives the rows of all of them, and a column `run` with their names. The
file of a project has `runs` alone, its table *Runs*.

It only reads: one SELECT, no other files, nothing from the network, and none of Python's variables. The Parquet files
are read by pyarrow, column by column as they are needed, so that DuckDB itself needs no door to the disk.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.errors import ArgumentError, InputError
from core.optional_packages import arrow, duckdb
from core.sharded.asked import read_run
from core.sharded.file_names import PAIRS_FOLDER, RUN, SCORES
from core.sharded.progress import read_progress

PROJECT = ".wire"
MOST_FOLDERS = 1000
SECURE = {
    "enable_external_access": "false",
    "python_enable_replacements": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "lock_configuration": "true",  # the last: none of these can be taken back
}


@dataclass(frozen=True)
class Answer:
    """What a query gives: names of columns, and rows of plain values."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    def as_csv(self) -> str:
        out = io.StringIO(newline="")
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(["" if value is None else in_words(value) for value in row] for row in self.rows)
        return out.getvalue()

    def as_records(self) -> list[dict[str, Any]]:
        """Each row by the names of its columns, as JSON has it: what it does not know, as text."""
        return [dict(zip(self.columns, map(_plain, row), strict=True)) for row in self.rows]


def query(sql: str, folder: str | Path) -> Answer:
    """The answer to one SELECT. folder: of a run, of several, or a project's file. Raises ArgumentError for SQL that is
    none, that does more than read, or that names what is not there; InputError for a folder of no run; WirescopeError
    without duckdb and pyarrow."""
    library = duckdb()
    arrow()
    place = Path(folder)
    with library.connect(":memory:") as connection:
        known = list(_tables(connection, place))
        for name, value in SECURE.items():
            connection.execute(f"SET {name} = {value}")
        try:
            statements = connection.extract_statements(sql)
            if len(statements) != 1 or statements[0].type != library.StatementType.SELECT:
                raise ArgumentError("A query is one SELECT: nothing is changed here.", f"Tables: {', '.join(known)}.")
            result = connection.execute(statements[0])
            columns = tuple(column[0] for column in result.description or ())
            return Answer(columns, tuple(result.fetchall()))
        except library.Error as error:
            raise ArgumentError(f"The query cannot be run. {_said(error)}", f"Tables: {', '.join(known)}.") from None


def _tables(connection: Any, place: Path) -> Iterator[str]:
    """Make the tables of a place. Gives their names, with those of their columns. Raises InputError."""
    if place.suffix == PROJECT:
        yield from _of_project(connection, place)
        return
    runs = runs_in(place)
    several = runs != [place]
    yield from _view(connection, "pairs", [(run, _pairs_of(run)) for run in runs], several)
    yield from _view(connection, "scores", [(run, _file_of(run / SCORES)) for run in runs], several)
    pyarrow, _ = arrow()
    records = [{"run": run.name, **_flat(read_run(run)), **_progress_of(run)} for run in runs]
    names = list(dict.fromkeys(name for record in records for name in record))
    table = pyarrow.table({name: _column([record.get(name) for record in records]) for name in names})
    yield from _view(connection, "runs", [(place, table)], False)


def _column(values: list[Any]) -> Any:
    """As an array; values of several kinds, as runs may have them by one name, as text."""
    import pyarrow

    try:
        return pyarrow.array(values)
    except (pyarrow.ArrowException, OverflowError, TypeError):
        return pyarrow.array([None if value is None else in_words(value) for value in values])


def runs_in(place: Path) -> list[Path]:
    """The folders of runs: a folder itself, or those in it. Raises InputError for neither."""
    if (place / RUN).is_file():
        return [place]
    runs = sorted(path.parent for path in place.glob(f"*/{RUN}"))[:MOST_FOLDERS] if place.is_dir() else []
    if not runs:
        raise InputError(f"{place} holds no run over many pairs.", "Give what `wirescope trace --folder` filled.")
    return runs


def _view(connection: Any, name: str, parts: Sequence[tuple[Path, Any]], several: bool) -> Iterator[str]:
    """One view over what runs have; none where none has such a thing."""
    selects = []
    for number, (run, data) in enumerate(parts):
        if data is not None:
            connection.register(f"{name}_{number}", data)
            of = f"'{run.name.replace(chr(39), chr(39) * 2)}' AS run, " if several else ""
            selects.append(f"SELECT {of}* FROM {name}_{number}")
    if selects:
        connection.execute(f"CREATE VIEW {name} AS {' UNION ALL BY NAME '.join(selects)}")
        columns = [row[0] for row in connection.execute(f"DESCRIBE {name}").fetchall()]
        yield f"{name} ({', '.join(columns)})"


def _pairs_of(run: Path) -> Any:
    """The rows of all pairs, not read yet; None where no shard is done."""
    files = sorted((run / PAIRS_FOLDER).glob("*.parquet"))
    return _dataset([str(path) for path in files]) if files else None


def _file_of(path: Path) -> Any:
    return _dataset([str(path)]) if path.is_file() else None


def _dataset(files: list[str]) -> Any:
    import pyarrow
    import pyarrow.dataset

    try:
        return pyarrow.dataset.dataset(files, format="parquet")
    except (OSError, pyarrow.ArrowException) as error:
        raise InputError(
            f"{files[0]} cannot be read: {str(error)[:160]}", "Run the command again that made it."
        ) from None


def _progress_of(run: Path) -> dict[str, Any]:
    said = read_progress(run)
    if said is None:
        return {}
    told = {name: value for name, value in asdict(said).items() if name not in ("format", "command", "pid", "words")}
    # Without a zone, which DuckDB would turn into the time of the place where it is read.
    return told | {"updated": datetime.fromtimestamp(int(said.updated), UTC).replace(tzinfo=None)}


def _flat(said: dict[str, Any], before: str = "") -> dict[str, Any]:
    """Columns of what was asked: "pairs_task", "work_method"."""
    flat: dict[str, Any] = {}
    for name, value in said.items():
        column = f"{before}{name}".replace(" ", "_").replace("-", "_")
        if isinstance(value, dict):
            flat |= _flat(value, f"{column}_")
        else:
            flat[column] = json.dumps(value) if isinstance(value, list) else value
    return flat


def _of_project(connection: Any, path: Path) -> Iterator[str]:
    from core.project.runs import COLUMNS, run_cells
    from core.project.wire_file import load_project

    pyarrow, _ = arrow()
    rows = [run_cells(run) for run in load_project(path).runs]
    table = pyarrow.table({name: [row[place] for row in rows] for place, name in enumerate(COLUMNS)})
    yield from _view(connection, "runs", [(path, table)], False)


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value != value:
        return None
    return value if isinstance(value, bool | int | float | str | type(None)) else in_words(value)


def in_words(value: Any) -> str:
    """A value as text: a time as "2026-11-30T22:45:17" (ISO 8601)."""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _said(error: Exception) -> str:
    """DuckDB's words, without the lines that draw where it is."""
    return str(error).strip().split("\n\n")[0].splitlines()[0][:300]
