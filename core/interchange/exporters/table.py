"""Circuits as CSV, a row an edge, for spreadsheets and data frames, and back.

The first line is a comment (`pandas.read_csv(..., comment="#")` leaves it out): what is beside the edges.
"""

from __future__ import annotations

import csv
import io

from core.circuit import Circuit, Exporter
from core.errors import InputError
from core.interchange.embedded_circuit import HINT, circuit_from, head_of

COLUMNS = ("rank", "edge", "writer", "reader", "port", "span", "score")
MARK = "# wirescope "


def to_csv(circuit: Circuit) -> str:
    """rank from 1; score empty where there is none; span empty of a circuit at all positions."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for place, (name, edge) in enumerate(zip(circuit.names, circuit, strict=True)):
        span = "" if circuit.at is None else circuit.spans[circuit.at[place]]
        score = circuit.score(place)
        reader = edge.reader
        writer.writerow(
            (place + 1, name, edge.writer.name, reader.name, reader.kind, span, "" if score is None else repr(score))
        )
    return f"{MARK}{head_of(circuit)}\n{text.getvalue()}"


def from_csv(text: str) -> Circuit:
    """A circuit of `to_csv`. Raises InputError."""
    head, _, table = text.partition("\n")
    if not head.startswith(MARK):
        raise InputError("This table does not say in its first line what circuit it is.", HINT)
    try:
        rows = list(csv.DictReader(io.StringIO(table), strict=True))
        edges = [(int(row["rank"]), row["edge"], float(row["score"]) if row["score"] else None) for row in rows]
    except (csv.Error, KeyError, ValueError, TypeError) as error:
        raise InputError(f"A row of the table cannot be read: {error}.", HINT) from None
    return circuit_from(head.removeprefix(MARK).rstrip("\r"), edges)


EXPORTER = Exporter("csv", "CSV", "a row an edge, for spreadsheets and data frames", ".csv", to_csv, from_csv)
