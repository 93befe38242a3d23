"""A door that tests call over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from core.door.http_server import DoorServer
from core.door.tool import Door

TOKEN = "a-token-of-the-tests"


@contextmanager
def served(door: Door[Any], **options: Any) -> Iterator[DoorServer]:
    """options: of the server. The door is closed with it."""
    server = DoorServer(door, TOKEN, **options)
    server.start()
    yield server
    server.stop()
    door.close()
