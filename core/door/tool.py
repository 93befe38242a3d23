"""What a program may ask: a table of tools, bound to what they work on. JSON-RPC and MCP are both made from it, so that
they cannot differ.

A call names a tool and gives its parameters, as parsed JSON. They are checked against the tool's class, strictly: a
field that it has not, a value of another type or out of range is refused before anything is done. One call runs at a
time, all of them in one thread, in the order in which they came.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from core.errors import ArgumentError, Cancelled

MOST_WAITING = 16  # calls
H = TypeVar("H")
Answer = dict[str, Any]  # JSON, with "words": what came, in a sentence or two


def _no_end() -> bool:
    return False


def _nobody(words: str, share: float | None) -> None:
    """Nobody watches."""


@dataclass(frozen=True)
class Call:
    """One call as its tool sees it. cancelled: whether nobody waits for the answer any more. tell: says what is being
    done, and the share of it that is (None: unknown)."""

    cancelled: Callable[[], bool] = _no_end
    tell: Callable[[str, float | None], None] = _nobody


class Parameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a tool is told: the base of the classes of all tools, and what a tool without parameters takes."""


@dataclass(frozen=True)
class Tool(Generic[H]):
    """name: in calls. title: for menus of other programs. words: what it does and gives, for who chooses among tools.
    takes: the class of its parameters. run: given what it works on, the parameters and the call. changes: whether it
    changes what it works on; else asking twice is asking once."""

    name: str
    title: str
    words: str
    takes: type[Parameters]
    run: Callable[[H, Any, Call], Answer]
    changes: bool = False

    @property
    def schema(self) -> dict[str, Any]:
        """JSON Schema of its parameters, an object at its root."""
        (root,), parts = msgspec.json.schema_components([self.takes], ref_template="#/$defs/{name}")
        name = root["$ref"].rsplit("/", 1)[1]
        schema = {**parts.pop(name)}
        schema.pop("title", None)
        schema["description"] = self.words
        return schema | ({"$defs": parts} if parts else {})


class UnknownToolError(ArgumentError):
    """There is no tool of this name."""


class WrongParametersError(ArgumentError):
    """Parameters of another shape than the tool's, or out of range."""


class BusyError(ArgumentError):
    """Too many calls wait already."""


class Door(Generic[H]):
    """Tools, bound to what they work on. Every call runs in the door's own thread."""

    def __init__(self, tools: Sequence[Tool[H]], host: H) -> None:
        self.tools: Mapping[str, Tool[H]] = {tool.name: tool for tool in tools}
        self._host = host
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="wirescope-door")
        self._waiting = threading.Semaphore(MOST_WAITING)
        self._closing = False

    def begin(self, name: str, parameters: object, call: Call) -> Future[Answer]:
        """Have a tool called in its turn. Raises UnknownToolError, WrongParametersError and BusyError at once; the
        future raises whatever the tool does, Cancelled where nobody waits any more."""
        tool = self.tools.get(name)
        if tool is None:
            raise UnknownToolError(f"There is no tool {name[:64]!r}.", f"There are: {', '.join(self.tools)}.")
        told = checked(tool, parameters)
        if not self._waiting.acquire(blocking=False):
            raise BusyError(f"{MOST_WAITING} calls wait already.", "Call again when they are done.")
        try:
            future = self._thread.submit(self._run, tool, told, call)
        except RuntimeError:  # it is shut down
            self._waiting.release()
            raise BusyError("The door is closed.") from None
        future.add_done_callback(lambda _: self._waiting.release())
        return future

    def call(self, name: str, parameters: object, call: Call | None = None) -> Answer:
        """The answer of a tool. Raises what `begin` and the tool do."""
        try:
            return self.begin(name, parameters, call or Call()).result()
        except CancelledError:  # dropped while it waited
            raise Cancelled from None

    def close(self) -> None:
        """Take no more calls, drop those that wait, and wait for the end of the one that runs, which is cancelled."""
        self._closing = True
        self._thread.shutdown(cancel_futures=True)

    def _run(self, tool: Tool[H], told: Parameters, call: Call) -> Answer:
        def cancelled() -> bool:
            return self._closing or call.cancelled()

        if cancelled():
            raise Cancelled
        return tool.run(self._host, told, Call(cancelled, call.tell))


def checked(tool: Tool[Any], parameters: object) -> Parameters:
    """Parsed JSON as the parameters of a tool. Raises WrongParametersError."""
    if parameters is None:
        parameters = {}
    if not isinstance(parameters, dict):
        raise WrongParametersError(f"The parameters of {tool.name} are not an object.", 'Name them: {"name": value}.')
    try:
        return msgspec.convert(parameters, tool.takes, strict=True)
    except msgspec.ValidationError as error:
        takes = ", ".join(tool.takes.__struct_fields__) or "none"
        raise WrongParametersError(f"{tool.name}: {error}.", f"It takes: {takes}.") from None
