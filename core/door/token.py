"""The token that every request to a door carries, and the file in which programs of the same user find it."""

from __future__ import annotations

import contextlib
import hmac
import json
import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path

from core.errors import ArgumentError

KEYS = frozenset(("url", "token", "pid"))  # of what stands in such a file
MOST_BYTES = 10_000  # of one
LEAST = 16  # characters of one that a user brings
VARIABLE = "WIRESCOPE_TOKEN"  # of the environment: the arguments of a process are seen by everybody on the machine


def new_token() -> str:
    """256 random bits as text."""
    return secrets.token_urlsafe(32)


def token_of_environment() -> str:
    """The user's own token, or a new one. Raises ArgumentError for one that can be guessed."""
    given = os.environ.get(VARIABLE, "")
    if given and (len(given) < LEAST or not given.isascii() or not given.isprintable() or " " in given):
        raise ArgumentError(
            f"{VARIABLE} has a token that is too short, or has other characters than visible ASCII.",
            f"Give at least {LEAST} characters, or leave it out for a random one.",
        )
    return given or new_token()


def fits(header: str, token: str) -> bool:
    """Whether an `Authorization` header carries the token; the time that this takes says nothing of it."""
    scheme, _, given = header.partition(" ")
    right = hmac.compare_digest(given.strip().encode("utf-8", "replace"), token.encode())
    return right and scheme.lower() == "bearer"


def check_token_place(path: Path) -> None:
    """Raise ArgumentError where something lies that is no file of a door: it would be lost."""
    if os.path.lexists(path) and not KEYS.issubset(_read(path)):
        raise ArgumentError(
            f"{path} is there, and is no file of a door: the token is not written over it.", "Name another file."
        )


def _read(path: Path) -> dict[str, object]:
    """What stands in the file of a door; nothing where it is none."""
    with contextlib.suppress(OSError, ValueError, RecursionError):
        lying = path.lstat()
        if stat.S_ISREG(lying.st_mode) and lying.st_size <= MOST_BYTES:
            content = json.loads(path.read_text(encoding="utf-8"))
            return content if isinstance(content, dict) else {}
    return {}


def write_token(path: Path, content: Mapping[str, str]) -> None:
    """Write a token and where it is good, readable by its owner alone; the file of an earlier door goes. Raises
    ArgumentError, also where something else lies there."""
    check_token_place(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        # a new file, made with its mode: never one that is there, which others may hold open
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(dict(content), file, indent=1)
    except OSError as error:
        raise ArgumentError(f"The token cannot be written to {path}: {error.strerror}.", "Name another file.") from None


def remove_left(folder: Path) -> None:
    """Files of doors whose process was ended before it could remove them."""
    import psutil

    for path in folder.glob("*.json"):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            if not psutil.pid_exists(int(str(_read(path)["pid"]))):
                path.unlink()


def remove_token(path: Path, token: str) -> None:
    """The token is good for nothing any more. The file stays where another door has written its own there."""
    with contextlib.suppress(OSError):
        if _read(path).get("token") == token:
            path.unlink()
