"""The same tools over JSON-RPC, called by a client library of the protocol."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pjrpc.client.backend.requests import Client
from pjrpc.client.exceptions import (
    InternalError,
    InvalidParamsError,
    InvalidRequestError,
    JsonRpcError,
    MethodNotFoundError,
)
from requests import HTTPError

from core.door.http_server import DoorServer
from core.door.json_rpc import REFUSED, listed
from tests.core.door.toy import Counter
from tests.json_rpc import json_rpc_client
from tests.served import TOKEN


@pytest.fixture(scope="module")
def client(server: DoorServer) -> Iterator[Client]:
    with json_rpc_client(f"{server.url}/rpc", TOKEN) as client:
        yield client


def test_the_client_library_lists_and_calls_the_tools(client: Client, server: DoorServer, counter: Counter):
    before = counter.value
    assert client.call("tools") == listed(server.door)
    assert client.proxy.add(number=3) == {"words": f"It is {before + 3}.", "value": before + 3}
    client.notify("add", number=2)
    assert counter.value == before + 5


@pytest.mark.parametrize(
    ("method", "params", "error", "words"),
    [
        ("nothing", {}, MethodNotFoundError, "There is no tool 'nothing'"),
        ("add", {"number": 11}, InvalidParamsError, "<= 10"),
        ("fail", {}, InternalError, "Something went wrong inside"),
    ],
)
def test_each_error_of_the_protocol_is_the_clients_own(
    client: Client, counter: Counter, method: str, params: dict[str, int], error: type[JsonRpcError], words: str
):
    before = counter.value
    with pytest.raises(error, match=words):
        client.call(method, **params)
    assert counter.value == before


def test_what_is_refused_carries_its_hint(client: Client):
    with pytest.raises(JsonRpcError, match="This cannot be") as refused:
        client.call("refuse")
    assert (refused.value.code, refused.value.data) == (REFUSED, {"hint": "Do another thing."})


def test_a_batch_is_refused_as_a_whole(client: Client, counter: Counter):
    before = counter.value
    with client.batch() as batch:
        batch.call("add", number=1)
        batch.call("add", number=2)
    with pytest.raises(InvalidRequestError, match="This is no JSON-RPC"):
        batch.get_results()
    assert counter.value == before


def test_without_the_token_nothing_is_called(server: DoorServer, counter: Counter):
    before = counter.value
    with json_rpc_client(f"{server.url}/rpc", "another") as stranger, pytest.raises(HTTPError, match="401"):
        stranger.call("add", number=1)
    assert counter.value == before
