"""Text from files and from outside: which encoding it is in, what ends a line, and what is no text at all.

Only \\n and \\r\\n end a line. Python's `splitlines` also cuts at form feeds, U+0085, U+2028 and a lone \\r, which
stand within text as well; universal newlines change the last one.
"""

from __future__ import annotations

import codecs
import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from core.errors import InputError

LONG = 2**20  # letters of JSON, from where on it is read by the quicker reader
MARKS = (  # UTF-32's first: the mark of UTF-16 begins it
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_text(path: str | Path, largest: int | None = None) -> str:
    """The text of a file in UTF-8, or in UTF-16 or UTF-32 with a byte order mark, which is no part of it. largest: in
    bytes. Raises InputError with the line for bytes that are no text."""
    file = Path(path)
    try:
        with file.open("rb") as opened:
            content = opened.read() if largest is None else opened.read(largest + 1)
    except OSError as error:
        raise InputError(f"{file.name} cannot be read: {error.strerror}.", "Check the path and its rights.") from None
    except ValueError:  # a null character in a path
        raise InputError(f"{str(path)!r} is no path.", "Check it.") from None
    if largest is not None and len(content) > largest:
        raise InputError(f"{file.name} is larger than {largest // 2**20} MB.", "Split it.")
    return decoded(content, file.name)


def decoded(content: bytes, name: str) -> str:
    """Bytes as text, as `read_text` has it. Raises InputError."""
    encoding = next((encoding for mark, encoding in MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{name} is no UTF-8 text. Line {line} has bytes that are none.",
            "Save it as UTF-8, if it is text.",
        ) from None
    if encoding == "utf-8" and "\0" in text[:200]:  # UTF-16 without its mark, or no text
        raise InputError(f"{name} holds signs that are no text. It has null characters.", "Save it as UTF-8.")
    return text


def text_lines(text: str) -> list[str]:
    """Lines without their ends."""
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


def check_text(text: str, what: str) -> None:
    """Raise InputError for half a character, of which no tokenizer, file or screen can make anything. It comes of an
    emoji that was cut in two, or of bytes in another encoding. what: as the sentence begins, "The prompt"."""
    place = next((place for place, sign in enumerate(text) if "\ud800" <= sign <= "\udfff"), None)
    if place is not None:
        raise InputError(
            f"{what} is no text: sign {place + 1} ({text[place]!r}) is half of a character, or a byte in another "
            "encoding than UTF-8.",
            "Write it anew, or save it as UTF-8.",
        )


def visible(text: str) -> str:
    """Text that XML can hold: control characters become their pictures, as \u241b, and what is no character becomes
    \ufffd."""
    pictured = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f]", lambda sign: chr(0x2400 + ord(sign[0])), text)
    return re.sub("[\ud800-\udfff\ufffe\uffff]", "\ufffd", pictured)


def parse_json(text: str, name: str, hint: str = "", pairs: bool = False) -> Any:
    """What JSON text holds. pairs: objects as tuples of (name, value), so that a doubled name can be told. Raises
    InputError for text that is none, or that is nested too deep to be read."""
    if len(text) > LONG and not pairs:
        with suppress(msgspec.DecodeError, UnicodeEncodeError, RecursionError):  # the slow one says what is wrong
            return msgspec.json.decode(text)
    try:
        return json.loads(text, object_pairs_hook=tuple if pairs else None)
    except RecursionError:
        raise InputError(f"{name} is no JSON that can be read: it is nested too deep.", hint) from None
    except ValueError as error:
        reason = str(error) if isinstance(error, json.JSONDecodeError) else "it has a number that is too long"
        raise InputError(f"{name} is no JSON: {reason}.", hint) from None
