"""Reading a circuit from a file of any form that holds one whole."""

from __future__ import annotations

import re
from pathlib import Path

from core.circuit import Circuit
from core.errors import InputError
from core.interchange.circuit_files import EXPORTED, FORMAT, from_json
from core.text_files import parse_json, read_text

LARGEST = 256 * 2**20  # bytes
_DATA = re.compile(r'<script type="application/json" id="wirescope-circuit">(.*?)</script>', re.DOTALL)


def read_circuit(path: str | Path) -> Circuit:
    """The circuit of a file that `Circuit.export` wrote, by the ending of its name. Raises InputError for one that
    holds none."""
    file = Path(path)
    text = read_text(file, LARGEST)
    try:
        return from_html(text) if file.suffix.lower() in (".html", ".htm") else from_json(text)
    except InputError as error:
        raise InputError(f"{file.name}: {error.message}", error.hint or EXPORTED) from None


def is_circuit(path: str | Path) -> bool:
    """Whether a file is of a form that holds a circuit alone; False for scores, and for JSON that is neither. Raises
    InputError for a file that cannot be read."""
    file = Path(path)
    if file.suffix.lower() != ".json":
        return True
    document = parse_json(read_text(file, LARGEST), file.name, EXPORTED)
    return isinstance(document, dict) and document.get("format") == FORMAT


def from_html(text: str) -> Circuit:
    """The circuit that a page of Wirescope holds. Raises InputError for another page."""
    found = _DATA.search(text)
    if found is None:
        raise InputError("This page holds no circuit.", "Open one that Wirescope exported.")
    return from_json(found[1])
