"""The same tools over MCP, called by the protocol's own client library."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from core.door.http_server import DoorServer
from core.door.json_rpc import listed
from core.door.mcp_server import McpOverHttp, mcp_server
from core.door.tool import Door
from core.optional_packages import version_of
from tests.core.door.test_http_server import GOOD, sent
from tests.core.door.toy import TOOLS, Counter
from tests.mcp_client import with_mcp_client
from tests.served import TOKEN

pytest.importorskip("mcp.server.streamable_http_manager")


@pytest.fixture(scope="module")
def door(counter: Counter) -> Iterator[Door[Counter]]:
    door = Door(TOOLS, counter)
    door.call("add", {"number": 0})
    yield door
    door.close()


@pytest.fixture(scope="module")
def server(door: Door[Counter]) -> Iterator[DoorServer]:
    server = DoorServer(door, TOKEN, mcp=McpOverHttp(door))
    server.start()
    yield server
    server.stop()


def with_client(server: DoorServer, use: Callable[[Any], Awaitable[Any]], mode: str = "auto") -> Any:
    return with_mcp_client(f"{server.url}/mcp", TOKEN, use, mode)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_client_library_lists_and_calls_the_tools(server: DoorServer, counter: Counter, mode: str):
    heard: list[tuple[float, str | None]] = []

    async def progress(share: float, total: float | None, words: str | None) -> None:
        heard.append((share, words))

    async def use(client: Any) -> tuple[Any, Any]:
        return await client.list_tools(), await client.call_tool("add", {"number": 4}, progress_callback=progress)

    before = counter.value
    assert mcp_server(server.door).version == version_of("wirescope")
    tools, result = with_client(server, use, mode)
    assert [(tool.name, tool.description, tool.input_schema) for tool in tools.tools] == [
        (row["name"], row["words"], row["parameters"]) for row in listed(server.door)
    ]
    assert {tool.name: tool.annotations.read_only_hint for tool in tools.tools}["add"] is False
    assert result.structured_content == {"words": f"It is {before + 4}.", "value": before + 4}
    assert not result.is_error
    assert heard == [(0.5, "adding")]


def test_a_call_that_is_refused_says_why_and_does_nothing(server: DoorServer, counter: Counter):
    async def use(client: Any) -> list[Any]:
        calls = [("add", {"number": 11}), ("add", {"more": 1}), ("refuse", {}), ("nothing", {}), ("fail", {})]
        return [await client.call_tool(name, given) for name, given in calls]

    before = counter.value
    results = with_client(server, use)
    assert [result.is_error for result in results] == [True] * 5
    words = [result.content[0].text for result in results]
    for part, text in zip(("<= 10", "unknown field", "Do another", "no tool"), words, strict=False):
        assert part in text
    assert "secret" not in words[4]
    assert counter.value == before


def test_a_call_ends_when_its_client_does_not_want_it_any_more(server: DoorServer, counter: Counter):
    async def use(client: Any) -> None:
        call = asyncio.ensure_future(client.call_tool("stay", {}))
        while not counter.started.is_set():
            await asyncio.sleep(0.01)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        while not counter.left.is_set():
            await asyncio.sleep(0.01)

    with_client(server, use)
    assert counter.left.is_set()


def test_the_path_is_as_guarded_as_the_other(server: DoorServer, counter: Counter):
    before = counter.value
    assert sent(server, GOOD, path="/mcp", Authorization="Bearer another")[0] == 401
    assert sent(server, GOOD, path="/mcp", Host="evil.example")[0] == 421
    assert sent(server, GOOD, path="/mcp", Origin="https://evil.example")[0] == 403
    assert sent(server, b"", path="/mcp", Content_Length=str(10**9))[0] == 413
    assert sent(server, "", path="/mcp", method="PUT")[0] == 405
    assert counter.value == before


def test_a_server_without_the_package_says_what_to_install(door: Door[Counter]):
    plain = DoorServer(door, TOKEN)
    plain.start()
    try:
        status, words = sent(plain, GOOD, path="/mcp")
        assert (status, b"pip install 'wirescope[serve]'" in words) == (501, True)
        assert sent(plain, GOOD)[0] == 200
    finally:
        plain.stop()
