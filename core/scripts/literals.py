"""Values as Python writes them: what a script holds of a document."""

from __future__ import annotations

import base64
import textwrap
from collections.abc import Sequence

from core.errors import InputError
from core.project.document import Source
from core.project.places import kept_path

WIDTH = 100  # letters of a line
MOST_BYTES = 1_500_000  # of a picture that a script carries with it
RESOURCES = "resources:"  # what the path of a picture that comes with Wirescope begins with


def quoted(text: str) -> str:
    """Text in double quotes, where that needs no more backslashes."""
    plain = repr(text)
    return f'"{plain[1:-1]}"' if plain[0] == "'" and '"' not in text and "\\'" not in plain else plain


def comment(words: str) -> str:
    """Words as one comment: what they hold never becomes code."""
    plain = "".join(letter if letter.isprintable() else " " for letter in words)
    return "\n".join(textwrap.wrap(" ".join(plain.split()), WIDTH, initial_indent="# ", subsequent_indent="# ")) or "#"


def numbers(values: Sequence[float]) -> str:
    """A list of numbers, exactly, over as many lines as it needs."""
    one = f"[{', '.join(map(repr, values))}]"
    if len(one) <= WIDTH:
        return one
    inside = textwrap.fill(", ".join(map(repr, values)) + ",", WIDTH, initial_indent="    ", subsequent_indent="    ")
    return f"[\n{inside}\n]"


def listed(items: Sequence[str]) -> str:
    """A list of expressions: on one line where they fit, else a line each."""
    one = f"[{', '.join(items)}]"
    if len(one) <= WIDTH and "\n" not in one:
        return one
    return "[\n" + "".join(textwrap.indent(f"{item},\n", "    ") for item in items) + "]"


def table(items: Sequence[str]) -> str:
    """A dictionary of `key: value` expressions: on one line where they fit, else a line each."""
    one = "{" + ", ".join(items) + "}"
    if len(one) <= WIDTH and "\n" not in one:
        return one
    return "{\n" + "".join(textwrap.indent(f"{item},\n", "    ") for item in items) + "}"


def call(function: str, *arguments: str, **named: str | None) -> str:
    """A call; arguments that are None are left out."""
    given = [*arguments, *(f"{name}={value}" for name, value in named.items() if value is not None)]
    one = f"{function}({', '.join(given)})"
    if len(one) <= WIDTH or "\n" in one:
        return one
    return f"{function}(\n" + "".join(f"    {each},\n" for each in given) + ")"


def picture_bytes(data: bytes, name: str) -> str:
    """A picture inside the script. Raises InputError for one that is too large for that."""
    if len(data) > MOST_BYTES:
        raise InputError(
            f"{name or 'A picture'} has {len(data) / 1e6:.1f} MB, too many for a script to carry.",
            "Save it as a file, and drop that file on its card.",
        )
    lines = textwrap.wrap(base64.b64encode(data).decode("ascii"), WIDTH)
    return "base64.b64decode(\n" + "".join(f'    "{line}"\n' for line in lines) + ")"


def picture(source: Source) -> str:
    """A picture as `model.pair` takes it: its bytes, or where its file is. Raises InputError."""
    return picture_bytes(source.data, source.name) if source.data else picture_path(source.path)


def picture_path(path: str) -> str:
    kept = kept_path(path)
    if not kept.startswith(RESOURCES):
        return quoted(path)
    return f'str(resources.files("resources") / {quoted(kept.removeprefix(RESOURCES))})'
