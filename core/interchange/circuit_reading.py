"""Reading a circuit from a file of any form that holds one whole."""

from __future__ import annotations

from pathlib import Path

from core.circuit import EXPORTERS, Circuit
from core.errors import InputError
from core.interchange.circuit_json import EXPORTED, FORMAT
from core.text_files import parse_json, read_text

LARGEST = 256 * 2**20  # bytes


def read_circuit(path: str | Path) -> Circuit:
    """The circuit of a file that `Circuit.export` wrote, by the ending of its name. Raises InputError for one that
    holds none."""
    file = Path(path)
    ending = file.suffix.lower()
    readers = {row.ending: row.read for row in EXPORTERS.values() if row.read is not None}
    if ending not in readers:
        raise InputError(f"A circuit is not read from {file.name}.", f"It is from {', '.join(readers)}.")
    try:
        circuit: Circuit = readers[ending](read_text(file, LARGEST))
    except InputError as error:
        raise InputError(f"{file.name}: {error.message}", error.hint or EXPORTED) from None
    return circuit


def is_circuit(path: str | Path) -> bool:
    """Whether a file is of a form that holds a circuit alone; False for scores, and for JSON that is neither. Raises
    InputError for a file that cannot be read."""
    file = Path(path)
    if file.suffix.lower() not in (".json", ".pt", ".parquet"):
        return True
    if file.suffix.lower() in (".pt", ".parquet"):
        return False
    document = parse_json(read_text(file, LARGEST), file.name, EXPORTED)
    return isinstance(document, dict) and document.get("format") == FORMAT
