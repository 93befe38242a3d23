"""SQL over what runs over many pairs have left: DuckDB, in memory, on the Parquet files of a folder.

The tables are

    pairs     a row a pair, of all shards: the columns of `pairs/*.parquet`
    scores    a row an edge, of a trace: writer, reader, score
    runs      a row a run: what was asked (`run.json`) and how far it has come (`progress.json`), `updated` as a
              TIMESTAMP in UTC

A folder with the folders of several runs in it gives the rows of all of them, and a column `run` with their names; of
more than MOST_FOLDERS the first by name, which the answer says. The file of a project has `runs` alone, its table
*Runs*.

It only reads: one SELECT, no other files, nothing from the network, and none of Python's variables. The Parquet files
are read by pyarrow, column by column as they are needed, so that DuckDB itself needs no door to the disk. What is
damaged stands in the way of questions of its own table alone; where rows of pairs are lost, the answer says of how many
pairs it is.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.errors import ArgumentError, InputError
from core.optional_packages import arrow, duckdb
from core.sharded.asked import read_run
from core.sharded.file_names import RUN, SCORES
from core.sharded.folder import pairs_done
from core.sharded.pair_rows import MADE_AGAIN, read_rows, readable_files
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
    """What a query gives: names of columns, and rows of plain values. notes: sentences on what these are not of."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    notes: tuple[str, ...] = ()

    def as_csv(self) -> str:
        out = io.StringIO(newline="")
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(["" if value is None else in_words(value) for value in row] for row in self.rows)
        return out.getvalue()

    def as_records(self) -> list[dict[str, Any]]:
        """Each row by the names of its columns, as JSON has it: what it does not know, as text."""
        return [dict(zip(self.columns, map(_plain, row), strict=True)) for row in self.rows]


@dataclass
class _Tables:
    """Of a place. known: their names, with those of their columns. refused: what stands in the way of one. notes: what
    one lacks; cut: what all do. files: that one is read from."""

    known: list[str] = field(default_factory=list)
    refused: dict[str, InputError] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, list[Path]] = field(default_factory=dict)
    cut: tuple[str, ...] = ()

    def check(self, names: Collection[str]) -> None:
        """Raise InputError where one of these tables cannot be had."""
        for name in names:
            if name in self.refused:
                raise self.refused[name]
            if name in self.notes and not any(each.startswith(f"{name} (") for each in self.known):
                raise InputError(" ".join(self.notes[name]), MADE_AGAIN)

    def check_files(self, names: Collection[str]) -> None:
        """Raise InputError where a file of one of these tables is damaged. Reads all of each."""
        for path in (path for name in names for path in self.files.get(name, ())):
            read_rows(path)


def query(sql: str, folder: str | Path) -> Answer:
    """The answer to one SELECT. folder: of a run, of several, or a project's file. Raises ArgumentError for SQL that is
    none, that does more than read, or that names what is not there; InputError for a folder of no run, and for a table
    that is asked for and damaged; WirescopeError without duckdb and pyarrow."""
    library = duckdb()
    arrow()
    place = Path(folder)
    with library.connect(":memory:") as connection:
        tables = _tables(connection, place)
        hint = f"Tables: {', '.join(tables.known)}."
        for name, value in SECURE.items():
            connection.execute(f"SET {name} = {value}")
        asked: set[str] = set()
        try:
            statements = connection.extract_statements(sql)
            if len(statements) != 1 or statements[0].type != library.StatementType.SELECT:
                raise ArgumentError("A query is one SELECT: nothing is changed here.", hint)
            asked = _named(library, sql)
            tables.check(asked)
            result = connection.execute(statements[0])
            columns = tuple(column[0] for column in result.description or ())
            notes = tuple(note for name in sorted(asked) for note in tables.notes.get(name, ()))
            return Answer(columns, tuple(result.fetchall()), (*tables.cut, *notes))
        except library.Error as error:
            if not isinstance(error, library.ParserException | library.BinderException | library.CatalogException):
                tables.check_files(asked)
            raise ArgumentError(f"The query cannot be run. {_said(error)}", hint) from None


def _named(library: Any, sql: str) -> set[str]:
    """The names of the tables that a SELECT reads; a connection that has them names what its views are made of."""
    with suppress(library.Error), library.connect(":memory:") as empty:
        return {name.lower() for name in empty.get_table_names(sql)}
    return set()


def _tables(connection: Any, place: Path) -> _Tables:
    """Make the tables of a place. Raises InputError for a folder of no run."""
    tables = _Tables()
    if place.suffix == PROJECT:
        tables.known += _of_project(connection, place)
        return tables
    every = runs_in(place)
    runs = every[:MOST_FOLDERS]
    if len(every) > len(runs):
        words = f"{place} holds {len(every):,} runs: this is of the first {len(runs):,} of them, by their names."
        tables.cut = (f"{words} Ask of the folders of fewer.",)
    several = runs != [place]
    tables.known += _view(connection, "pairs", [(run, _pairs_of(run, tables)) for run in runs], several)
    tables.known += _view(connection, "scores", [(run, _scores_of(run, tables)) for run in runs], several)
    pyarrow, _ = arrow()
    records = [{"run": run.name, **_flat(read_run(run)), **_progress_of(run, tables)} for run in runs]
    names = list(dict.fromkeys(name for record in records for name in record))
    table = pyarrow.table({name: _column([record.get(name) for record in records]) for name in names})
    tables.known += _view(connection, "runs", [(place, table)], False)
    return tables


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
    runs = sorted(path.parent for path in place.glob(f"*/{RUN}")) if place.is_dir() else []
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


def _pairs_of(run: Path, tables: _Tables) -> Any:
    """The rows of all pairs, not read yet; None where no shard is done."""
    pairs = 0
    with suppress(InputError):  # of damaged sums: the command of the run says what to do
        pairs = pairs_done(run)  # before the rows are counted: a run at work has more of these in between
    files, rows = readable_files(run)
    if rows < pairs:
        note = f"{run} has the rows of {rows:,} of its {pairs:,} pairs: files of pairs/ are damaged or gone."
        tables.notes.setdefault("pairs", []).append(f"{note} {MADE_AGAIN}" if files else note)
    tables.files.setdefault("pairs", []).extend(files)
    return _dataset(files) if files else None


def _scores_of(run: Path, tables: _Tables) -> Any:
    path = run / SCORES
    if not path.is_file():
        return None
    tables.files.setdefault("scores", []).append(path)
    try:
        return _dataset([path])
    except InputError as error:
        tables.refused["scores"] = error
        return None


def _dataset(files: list[Path]) -> Any:
    import pyarrow
    import pyarrow.dataset

    checked = pyarrow.dataset.ParquetFragmentScanOptions(page_checksum_verification=True)
    kind = pyarrow.dataset.ParquetFileFormat(default_fragment_scan_options=checked)
    try:
        return pyarrow.dataset.dataset([str(path) for path in files], format=kind)
    except (OSError, pyarrow.ArrowException) as error:
        raise InputError(f"{files[0]} cannot be read: {str(error)[:160]}.", MADE_AGAIN) from None


def _progress_of(run: Path, tables: _Tables) -> dict[str, Any]:
    try:
        said = read_progress(run)
    except InputError as error:
        tables.refused["runs"] = error
        return {}
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
