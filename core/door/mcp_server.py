"""The same tools as a server of the Model Context Protocol (https://modelcontextprotocol.io), with the official package
`mcp`, which is imported here alone. Over HTTP it lies behind the door's own server, which checks who comes; over
standard input and output its client has started this process.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

import msgspec

from core.door.json_rpc import told
from core.door.tool import Call, Door, Tool
from core.errors import ArgumentError, Cancelled
from core.optional_packages import version_of

NEED = ArgumentError(
    "Programs that speak MCP need the package mcp.",
    "Install it: pip install 'wirescope[serve]'. JSON-RPC needs nothing.",
)
EVERY = 0.2  # seconds between two notes of progress
POLLS = 0.1  # seconds between two looks whether a client has gone
INSTRUCTIONS = (
    "Wirescope opens a transformer as a graph of attention heads and MLPs and measures what its parts do. Call open "
    "first, then predict, edit, trace, keep, evaluate, explain_trust. Scores of a trace are estimates unless they say "
    "measured; every answer says in words what it is of and what stays unexplained."
)


def available() -> bool:
    """Whether the package is installed, in a version that this is written for."""
    try:
        from mcp.server.streamable_http_manager import StreamableHTTPSessionManager  # noqa: F401
    except ImportError:
        return False
    return True


def mcp_server(door: Door[Any]) -> Any:
    """A server of the low level, with the tools of the door. Raises ArgumentError where mcp is not installed."""
    if not available():
        raise NEED
    from mcp import types
    from mcp.server.lowlevel import Server

    tools = [_described(types, tool) for tool in door.tools.values()]

    async def listed(context: Any, params: Any) -> Any:
        return types.ListToolsResult(tools=tools)

    async def called(context: Any, params: Any) -> Any:
        return await _call(types, door, context, params)

    version = version_of("wirescope")
    return Server("wirescope", version=version, instructions=INSTRUCTIONS, on_list_tools=listed, on_call_tool=called)


def _described(types: Any, tool: Tool[Any]) -> Any:
    hints = types.ToolAnnotations(read_only_hint=not tool.changes, destructive_hint=False, open_world_hint=False)
    return types.Tool(
        name=tool.name, title=tool.title, description=tool.words, input_schema=tool.schema, annotations=hints
    )


async def _call(types: Any, door: Door[Any], context: Any, params: Any) -> Any:
    """Call a tool; what it is refused for is an answer too, so that who has called can do better."""
    loop, gone = asyncio.get_running_loop(), threading.Event()
    notes = _Notes(lambda share, words: context.session.report_progress(share, 1.0, words), loop)
    try:
        future = door.begin(params.name, params.arguments, Call(gone.is_set, notes))
        answer = await asyncio.wrap_future(future)
        await notes.arrive()
    except asyncio.CancelledError:  # the client has gone, or does not want it any more
        gone.set()
        raise
    except Exception as error:
        _, message, hint = told(error)
        return types.CallToolResult(content=[types.TextContent(text=f"{message} {hint}".strip())], is_error=True)
    text = msgspec.json.encode(answer).decode()
    return types.CallToolResult(content=[types.TextContent(text=text)], structured_content=answer)


class _Notes:
    """Notes of progress, from the door's thread into the loop: not too many, and none that goes back."""

    def __init__(self, report: Callable[[float, str], Any], loop: asyncio.AbstractEventLoop) -> None:
        self._report, self._loop = report, loop
        self._at, self._words, self._then = -1.0, "", 0.0
        self._last: Future[Any] | None = None

    def __call__(self, words: str, share: float | None) -> None:
        at, now = 0.0 if share is None else share, time.monotonic()
        if at <= self._at or (words == self._words and now - self._then < EVERY):
            return
        self._at, self._words, self._then = at, words, now
        with suppress(RuntimeError):  # the loop is closed
            self._last = asyncio.run_coroutine_threadsafe(self._report(at, words), self._loop)

    async def arrive(self) -> None:
        """Wait until all of them are told, so that none comes after the answer."""
        if self._last is not None:
            with suppress(Exception):  # what is only a note is no reason to give no answer
                await asyncio.wrap_future(self._last)


class McpOverHttp:
    """Answers the requests to a path of the door's HTTP server, in an event loop of its own. Raises ArgumentError where
    mcp is not installed."""

    def __init__(self, door: Door[Any]) -> None:
        self._server = mcp_server(door)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._manager: Any = None
        self._ends: asyncio.Event | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="wirescope-mcp", daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """End all sessions. The calls that run hear that nobody waits."""
        if self._loop is not None and self._ends is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._ends.set)
            self._thread.join()

    def answer(
        self, request: Mapping[str, Any], body: bytes, gone: Callable[[], bool], send: Callable[[Any], None]
    ) -> None:
        """Answer one request. request: an ASGI scope. gone: whether its client has gone. send: takes the messages of
        ASGI, in the caller's thread; it raises OSError where nobody is there."""
        assert self._loop is not None
        messages: queue.Queue[Any] = queue.Queue()
        task = asyncio.run_coroutine_threadsafe(self._answer(request, body, gone, messages.put), self._loop)
        task.add_done_callback(lambda _: messages.put(None))
        try:
            while (message := messages.get()) is not None:
                send(message)
        finally:
            task.cancel()

    async def _answer(
        self, request: Mapping[str, Any], body: bytes, gone: Callable[[], bool], put: Callable[[Any], None]
    ) -> None:
        given, begun, task = False, False, asyncio.current_task()

        async def receive() -> Mapping[str, Any]:
            nonlocal given
            if not given:
                given = True
                return {"type": "http.request", "body": body, "more_body": False}
            while not gone():
                await asyncio.sleep(POLLS)
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            nonlocal begun
            begun = True
            put(message)

        async def watch() -> None:
            """Who has begun to answer hears by itself that the client has gone."""
            while not (begun or gone()):
                await asyncio.sleep(POLLS)
            if not begun and task is not None:
                task.cancel()

        watching = asyncio.ensure_future(watch())
        try:
            await self._manager.handle_request(dict(request), receive, send)
        finally:
            watching.cancel()

    async def _serve(self) -> None:
        from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

        self._loop, self._ends = asyncio.get_running_loop(), asyncio.Event()
        self._manager = StreamableHTTPSessionManager(self._server)
        async with self._manager.run():
            self._ready.set()
            await self._ends.wait()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        finally:
            self._ready.set()


def serve_stdio(door: Door[Any]) -> None:
    """Serve the client that has started this process, until it closes the standard input. Raises ArgumentError where
    mcp is not installed, Cancelled where the process is interrupted."""
    server = mcp_server(door)
    from mcp.server.stdio import stdio_server

    async def serve() -> None:
        async with stdio_server() as (reads, writes):
            await server.run(reads, writes, server.create_initialization_options())

    try:
        asyncio.run(serve())
    except KeyboardInterrupt:
        raise Cancelled from None
