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
    return {entry["word"]: entry["line"] for entry in _LINE.finditer(page)}


def explained(word: str, tip: str = "") -> str:
    """A tooltip that begins with a word's line, and goes on with what else there is to say. The word may begin with a
    capital, as a heading does. Raises KeyError for a word that is not in the glossary."""
    line = f"{word[0].upper()}{word[1:]}: {_lower(_line(word))}"
    return f"{line}\n{tip}" if tip else line


def explained_if_known(word: str, tip: str = "") -> str:
    """The same; of a word that is not in the glossary, what else there is to say."""
    try:
        return explained(word, tip)
    except KeyError:
        return tip


def _line(word: str) -> str:
    return _by_small_letters()[word.lower()]


@cache
def _by_small_letters() -> dict[str, str]:
    return {word.lower(): line for word, line in glossary().items()}


def _lower(line: str) -> str:
    """A sentence after a colon; names keep their capitals."""
    first = line.split(maxsplit=1)[0]
    is_name = (len(first) > 1 and first.isupper()) or first in ("Card", "Edge")
    return line if is_name else line[0].lower() + line[1:]
