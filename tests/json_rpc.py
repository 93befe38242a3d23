"""The door as programs call it that use a client library of JSON-RPC (pjrpc)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import requests
from pjrpc.client.backend.requests import Client
from pjrpc.common import Request

_ids = count(1)


@contextmanager
def json_rpc_client(url: str, token: str) -> Iterator[Client]:
    """A client that carries the token. It closes each connection, so that no thread of the server waits for more."""
    with requests.Session() as session:
        session.trust_env = False  # no proxy stands between a program and its own machine
        session.headers.update({"Authorization": f"Bearer {token}", "Connection": "close"})
        yield Client(url, session=session)


def called(client: Client, method: str, params: dict[str, Any] | None = None) -> Any:
    """The result of a call. Raises pjrpc's JsonRpcError. (The client's own `call` has no room for a parameter that is
    called `method`.)"""
    response = client.send(Request(method, params, id=next(_ids)))
    assert response is not None
    return response.unwrap_result()
