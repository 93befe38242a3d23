"""The field's words with one line each, as resources/docs/glossary.md has them: for tooltips where a word stands."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

_LINE = re.compile(r"^\| \*\*(?P<word>.+?)\*\* \| (?P<line>.+) \|$", re.MULTILINE)


@cache
def glossary() -> dict[str, str]:
    """Words and their lines, in the order of the page."""
    page = resources.files("resources").joinpath("docs", "glossary.md").read_text(encoding="utf-8")
    return {found["word"]: found["line"] for found in _LINE.finditer(page)}


def explained(word: str, tip: str = "") -> str:
    """A tooltip that begins with a word's line, and goes on with what else there is to say. Raises KeyError for a word
    that is not in the glossary."""
    line = f"{word[0].upper()}{word[1:]}: {_lower(glossary()[word])}"
    return f"{line}\n{tip}" if tip else line


def _lower(line: str) -> str:
    """A sentence after a colon; names keep their capitals."""
    return line if line[:2].isupper() or line.startswith(("Card ", "Edge ")) else line[0].lower() + line[1:]
