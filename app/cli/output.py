"""What the terminal is told: results on standard output, all else on standard error, whatever these can take.

Redirected output on Windows is in a code page that has no minus sign, a disk may be full, a reader may have gone: the
work is done by then, and is not to end in a traceback.
"""

from __future__ import annotations

import codecs
import json
import os
import sys
from contextlib import suppress
from typing import Any, TextIO

from core.errors import ArgumentError, WirescopeError

# Signs that tables and sentences have, as ASCII writes them.
PLAIN = {
    "−": "-", "–": "-", "—": "-", "×": "x", "→": "->", "…": "...", "≥": ">=", "≤": "<=", "·": ".", "±": "+-",
    "“": '"', "”": '"', "‘": "'", "’": "'", "\u00a0": " ", "\u202f": " ", "\u2009": " ",
}  # fmt: skip
HANDLER = "wirescope-plain"


def make_ready() -> None:
    """Signs that standard output and error cannot take are written in others from now on."""
    codecs.register_error(HANDLER, _plain)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=HANDLER)


def _plain(error: UnicodeError) -> tuple[str, int]:
    """The error handler of an encoder: the sign in others, else its number, as Python and JSON write it."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    plain = (PLAIN.get(sign) or sign.encode("ascii", "backslashreplace").decode("ascii") for sign in signs)
    return "".join(plain), error.end


def say(words: object = "") -> None:
    """Print a result. Raises WirescopeError where standard output does not take it, BrokenPipeError where its reader
    has gone."""
    try:
        print(words, flush=True)
    except BrokenPipeError:
        _close(sys.stdout)
        raise
    except OSError as error:
        _close(sys.stdout)
        raise WirescopeError(
            f"Standard output cannot be written: {error.strerror or 'it is refused'}.", "Is the disk full?"
        ) from None


def say_json(report: Any) -> None:
    """Print a report as JSON, which stays JSON in every encoding. Raises what `say` raises."""
    wide = codecs.lookup(getattr(sys.stdout, "encoding", None) or "utf-8").name.startswith("utf")
    say(json.dumps(report, indent=1, ensure_ascii=not wide))


def tell(words: str, end: str = "\n") -> None:
    """Print a note on standard error; where that takes nothing, nobody can be told."""
    try:
        print(words, end=end, file=sys.stderr, flush=True)
    except OSError:
        _close(sys.stderr)


def tell_error(error: WirescopeError) -> int:
    """What is wrong, and on a line of its own what to do. Gives the exit code."""
    tell(f"wirescope: {error.message}")
    if error.hint:
        tell(f"  {error.hint}")
    return 2 if isinstance(error, ArgumentError) else 3


def flush() -> None:
    """Before the program ends: what is left in the buffers. Python would end with a traceback and code 120. Raises what
    `say` raises."""
    with suppress(ValueError):  # it is closed
        if sys.stderr is not None:
            tell("", end="")
        if sys.stdout is not None:
            try:
                sys.stdout.flush()
            except BrokenPipeError:
                _close(sys.stdout)
                raise
            except OSError as error:
                _close(sys.stdout)
                raise WirescopeError(f"Standard output cannot be written: {error.strerror}.") from None


def _close(stream: TextIO) -> None:
    """Let what is left in a buffer go nowhere."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
