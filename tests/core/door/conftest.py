"""A door with a counter behind it, served over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.door.http_server import DoorServer
from core.door.tool import Door
from tests.core.door.toy import TOOLS, Counter
from tests.served import served


@pytest.fixture(scope="module")
def counter() -> Counter:
    return Counter()


@pytest.fixture(scope="module")
def server(counter: Counter) -> Iterator[DoorServer]:
    door = Door(TOOLS, counter)
    door.call("add", {"number": 0})  # its thread is there
    with served(door) as server:
        yield server
