"""The history as a Jupyter notebook, format 4.5 (nbformat's schema): for each step a cell of words and one of code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from core.scripts.helpers import header
from core.scripts.python_script import Told, passages, title_of

ENDING = ".ipynb"


def notebook(told: Sequence[Told]) -> str:
    """A notebook that makes states one after another, as text of its file. Raises InputError."""
    parts = passages(told)
    cells = [("markdown", f"# {_plain(title_of(told))}")]
    cells += [("code", text) for text in header({need for part in parts for need in part.needs})]
    for part in parts:
        cells.append(("markdown", f"## {_plain(part.words)}"))
        if part.lines:
            cells.append(("code", "\n".join(part.lines)))
    data = {
        "cells": list(_cells(cells)),
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def _cells(cells: Sequence[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    for number, (kind, text) in enumerate(cells):
        name = hashlib.sha256(f"{number} {text}".encode("utf-8", "backslashreplace")).hexdigest()[:12]
        cell: dict[str, Any] = {"cell_type": kind, "id": name, "metadata": {}, "source": text.splitlines(keepends=True)}
        if kind == "code":
            cell |= {"execution_count": None, "outputs": []}
        yield cell


def _plain(words: str) -> str:
    """Words in which Markdown finds nothing to format."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in words).split())
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]()<>#+!|~$&" else letter for letter in line)
