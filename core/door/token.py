"""The token that every request to a door carries, and the file in which programs of the same user find it."""

from __future__ import annotations

import contextlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from core.errors import ArgumentError

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


def write_token(path: Path, content: Mapping[str, str]) -> None:
    """Write a token and where it is good, readable by its owner alone. Raises ArgumentError."""
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
            if not psutil.pid_exists(int(json.loads(path.read_text(encoding="utf-8"))["pid"])):
                path.unlink()


def remove_token(path: Path) -> None:
    """The token is good for nothing any more."""
    with contextlib.suppress(OSError):
        path.unlink()
