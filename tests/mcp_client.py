"""The door as programs call it that use the client library of MCP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any


def with_mcp_client(url: str, token: str, use: Callable[[Any], Awaitable[Any]], mode: str = "auto") -> Any:
    """Use a client that is connected over HTTP; what the use of it gives."""
    import httpx2
    from mcp.client.client import Client
    from mcp.client.streamable_http import streamable_http_client

    async def run() -> Any:
        async with (
            httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=30) as http,
            Client(streamable_http_client(url, http_client=http), mode=mode) as client,
        ):
            return await use(client)

    return asyncio.run(run())
