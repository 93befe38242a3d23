"""Calls as JSON-RPC 2.0 (https://www.jsonrpc.org/specification): one request in, one response out.

Parameters are given by name. Batches are refused: calls run one after the other anyhow. The method `tools` lists the
tools with the JSON Schema of what they take. An error carries its hint under `data`.
"""

from __future__ import annotations

import logging
from typing import Any, Literal

import msgspec

from core.door.tool import BusyError, Call, Door, UnknownToolError, WrongParametersError
from core.errors import Cancelled, WirescopeError

log = logging.getLogger(__name__)

PARSE, REQUEST, METHOD, PARAMETERS, INTERNAL = -32700, -32600, -32601, -32602, -32603
REFUSED, CANCELLED, BUSY = -32000, -32001, -32002  # of the range that is left to servers
LIST = "tools"


class Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request. Without an id it is a notification, which has no response."""

    jsonrpc: Literal["2.0"]
    method: str
    params: Any = None
    id: int | str | msgspec.UnsetType | None = msgspec.UNSET


def answer(door: Door[Any], body: bytes, call: Call) -> bytes | None:
    """The response to a request; None to a notification."""
    try:
        request = msgspec.json.decode(body, type=Envelope)
    except msgspec.ValidationError as error:
        hint = 'Send one object: {"jsonrpc": "2.0", "id": 1, "method": "predict", "params": {}}.'
        return _error(None, REQUEST, f"This is no JSON-RPC 2.0 request: {error}.", hint)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        return _error(None, PARSE, f"This is no JSON: {_line(error)}.")
    response = _respond(door, request, call)
    return None if request.id is msgspec.UNSET else response


def _respond(door: Door[Any], request: Envelope, call: Call) -> bytes:
    id_ = None if isinstance(request.id, msgspec.UnsetType) else request.id
    try:
        if request.method == LIST:
            result: object = listed(door)
        else:
            result = door.call(request.method, request.params, call)
    except Exception as error:
        return _error(id_, *told(error))
    return msgspec.json.encode({"jsonrpc": "2.0", "id": id_, "result": result})


def listed(door: Door[Any]) -> list[dict[str, Any]]:
    """The tools, for who calls them."""
    return [
        {"name": tool.name, "title": tool.title, "words": tool.words, "parameters": tool.schema}
        for tool in door.tools.values()
    ]


def told(error: Exception) -> tuple[int, str, str]:
    """The code, the message and the hint for what a call raised. What is no failure for users is only logged: a program
    learns nothing of the machine from it."""
    codes = {UnknownToolError: METHOD, WrongParametersError: PARAMETERS, BusyError: BUSY, Cancelled: CANCELLED}
    if isinstance(error, WirescopeError):
        return codes.get(type(error), REFUSED), error.message, error.hint
    log.error("a call failed", exc_info=error)
    return INTERNAL, "Something went wrong inside.", "The log of the server has the details."


def _error(id_: int | str | None, code: int, message: str, hint: str = "") -> bytes:
    error: dict[str, Any] = {"code": code, "message": message}
    return msgspec.json.encode(
        {"jsonrpc": "2.0", "id": id_, "error": error | ({"data": {"hint": hint}} if hint else {})}
    )


def _line(error: Exception) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error).rstrip(".")
