"""`wirescope query`: SQL over what runs over many pairs have left in their folders, and over a project's runs."""

from __future__ import annotations

import argparse

from app.cli.output import say, say_json, tell
from app.cli.tables import aligned

WORDS = "ask, in SQL, what runs over many pairs have left: pairs, scores, runs"
EXAMPLES = """
wirescope query "select answer, count(*) as pairs from pairs where not correct group by answer order by pairs desc" many
wirescope query "select writer, reader, score from scores order by abs(score) desc limit 10" many --format csv
wirescope query "select method, cmd, seconds from runs order by cmd" work.wire
"""
FORMATS = ("table", "csv", "json")
DIGITS = 6  # of a number in a table


def add_options(query: argparse.ArgumentParser) -> None:
    query.add_argument("sql", help="one SELECT over the tables pairs, scores and runs (describe pairs: its columns)")
    query.add_argument(
        "folder", nargs="?", default=".", help="of a run, of several, or a project, FILE.wire (where you are)"
    )
    query.add_argument("--format", choices=FORMATS, default="table", help="how rows are printed (table)")
    query.add_argument("--json", action="store_true", help="the same as --format json")
    query.set_defaults(do=query_command)


def query_command(options: argparse.Namespace) -> int:
    from core.sharded.query import query

    answer = query(options.sql, options.folder)
    for note in answer.notes:
        tell(note)
    if options.json or options.format == "json":
        say_json(answer.as_records())
    elif options.format == "csv":
        say(answer.as_csv().removesuffix("\n"))
    else:
        rows = [answer.columns, *([_cell(value) for value in row] for row in answer.rows)]
        numbers = [all(_is_number(row[at]) for row in answer.rows) for at in range(len(rows[0]))]
        sides = "".join("<>"[of_numbers] for of_numbers in numbers)
        say("\n".join(aligned(rows, sides)))
        say(f"({len(answer.rows):,} row{'s' * (len(answer.rows) != 1)})")
    return 0


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | None) and not isinstance(value, bool)


def _cell(value: object) -> str:
    from core.sharded.query import in_words

    if value is None:
        return ""
    if isinstance(value, bool | int):
        return str(value).lower() if isinstance(value, bool) else f"{value}"
    return f"{value:.{DIGITS}g}" if isinstance(value, float) else in_words(value)
