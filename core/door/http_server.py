"""A door over HTTP, with the standard library's server. What is checked of each request, in this order:

1. `Host` names this machine: else a page of the web could reach the door under a name of its own (DNS rebinding).
2. There is no `Origin`, or it is the door's own: pages of browsers have no business here.
3. `Authorization: Bearer TOKEN`.
4. The path and the method; that it is JSON of a known size, which is not too large.

Only then is the body read. Nothing listens beyond this machine unless it was made so.
"""

from __future__ import annotations

import io
import ipaddress
import logging
import select
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from core.door import json_rpc
from core.door.mcp_server import NEED, McpOverHttp
from core.door.token import fits
from core.door.tool import Call, Door
from core.errors import ArgumentError

log = logging.getLogger(__name__)

MOST_BYTES = 8_000_000  # of a body: two pictures
SECONDS = 30  # that a client may take to begin a request, and then to send the whole of it
MOST_CONNECTIONS = 64
RPC, MCP = "/rpc", "/mcp"
METHODS = {RPC: ("POST",), MCP: ("POST", "GET", "DELETE")}
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Address:
    """Where a door listens. remote: others than this machine may come."""

    host: str = "127.0.0.1"
    port: int = 0
    remote: bool = False

    def check(self) -> None:
        """Raise ArgumentError for a host beyond loopback that was not allowed."""
        if not self.remote and not is_loopback(self.host):
            raise ArgumentError(
                f"{self.host} can be reached from other machines.",
                "Leave out the host, or say --allow-remote: whoever has the token then drives this session, and "
                "without an encrypted tunnel it can be read on the way.",
            )


def is_loopback(host: str) -> bool:
    """Whether a name or an address is of this machine alone."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class DoorServer:
    """Serves a door until it is stopped. mcp: who answers at its path; None where that cannot be. Raises ArgumentError
    where it cannot listen."""

    def __init__(
        self, door: Door[Any], token: str, address: Address | None = None, mcp: McpOverHttp | None = None
    ) -> None:
        address = address or Address()
        address.check()
        self.door, self.token, self.mcp = door, token, mcp
        self._address = address
        try:
            self._server = _Server(self, address)
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or error
            raise ArgumentError(
                f"{address.host}:{address.port} cannot be listened on: {why}.", "Take another port; 0 is any free one."
            ) from None
        self._thread = threading.Thread(target=self._server.serve_forever, name="wirescope-http", daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Without a path."""
        host = self._address.host
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def start(self) -> None:
        if self.mcp is not None:
            self.mcp.start()
        self._thread.start()

    def stop(self) -> None:
        """End it, with all connections. What still runs hears that nobody waits."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.close_all()
        self._server.server_close()
        if self.mcp is not None:
            self.mcp.stop()

    # ---- what a request must be ----

    def is_own_name(self, header: str) -> bool:
        """Whether a `Host` header names this door. Beyond loopback an address does too: nobody can have a name of the
        web lead to the door and send that."""
        name, _, port = header.rpartition(":") if not header.endswith("]") else (header, "", "")
        if not name:
            name, port = port, ""
        if port and port != str(self.port):
            return False
        name = name.strip("[]").lower()
        if name in LOOPBACK or name == self._address.host.lower():
            return True
        return self._address.remote and (_is_address(name) or name == socket.gethostname().lower())

    def is_own_origin(self, header: str) -> bool:
        scheme, _, host = header.partition("://")
        return scheme == "http" and host != "" and self.is_own_name(host)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


class _Server(ThreadingHTTPServer):
    """A thread a connection."""

    daemon_threads = True
    allow_reuse_address = False  # else another program could listen beside it on some systems
    block_on_close = False

    def __init__(self, owner: DoorServer, address: Address) -> None:
        self.owner = owner
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        if ":" in address.host:
            self.address_family = socket.AF_INET6
        super().__init__((address.host, address.port), _Handler)

    def server_bind(self) -> None:
        """Without asking the network what this machine is called, as the base class does."""
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            full = len(self._open) >= MOST_CONNECTIONS
            if not full:
                self._open.add(request)
        if full:
            self.shutdown_request(request)
        else:
            super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def close_all(self) -> None:
        with self._lock:
            sockets = list(self._open)
        for each in sockets:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # it has gone by itself

    def handle_error(self, request: Any, client_address: Any) -> None:
        log.info("a connection broke", exc_info=True)


class _Incoming(io.RawIOBase):
    """What a client sends, of which each request has its time as a whole: a byte now and then keeps no connection.
    Raises TimeoutError where it is over. seconds: of a request from its first byte on, and until that comes."""

    def __init__(self, connection: socket.socket, seconds: float) -> None:
        self._connection, self._seconds = connection, seconds
        self._end: float | None = None  # of the time of this request, by the monotonic clock

    def expect_request(self) -> None:
        self._end = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self._seconds if self._end is None else self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the request took too long to come")
        self._connection.settimeout(left)
        try:
            count = self._connection.recv_into(buffer)
        finally:
            self._connection.settimeout(self._seconds)  # of what is sent
        if self._end is None:
            self._end = time.monotonic() + self._seconds
        return count


class _Handler(BaseHTTPRequestHandler):
    """One connection, with requests one after the other."""

    protocol_version = "HTTP/1.1"
    server: _Server
    timeout = SECONDS

    def setup(self) -> None:
        super().setup()
        self.rfile.close()
        self._incoming = _Incoming(self.connection, self.timeout)
        self.rfile = io.BufferedReader(self._incoming)

    def handle_one_request(self) -> None:
        self._incoming.expect_request()
        super().handle_one_request()

    def version_string(self) -> str:
        return "wirescope"

    def log_message(self, format: str, *args: Any) -> None:
        log.debug(format, *args)

    def do_POST(self) -> None:
        body = b""
        refusal = self._refusal() or self._wrong_path()
        if refusal is None and self.command == "POST":
            refusal = self._wrong_body()
            if refusal is None:
                length = int(self.headers["Content-Length"])
                body = self.rfile.read(length)
                refusal = (HTTPStatus.BAD_REQUEST, "The body ended early.") if len(body) < length else None
        elif refusal is None and self.headers.get("Content-Length", "0") != "0":
            refusal = HTTPStatus.BAD_REQUEST, f"{self.command} has no body."
        if refusal is not None:
            self._refuse(*refusal)
        elif self.path == RPC:
            self._rpc(body)
        else:
            self._mcp(body)

    do_GET = do_PUT = do_DELETE = do_OPTIONS = do_PATCH = do_HEAD = do_POST

    def _wrong_path(self) -> tuple[HTTPStatus, str] | None:
        """What is wrong with the path and the method; None where nothing is."""
        methods = METHODS.get(self.path)
        if methods is None:
            return HTTPStatus.NOT_FOUND, f"There are only {' and '.join(METHODS)}."
        if self.command not in methods:
            return HTTPStatus.METHOD_NOT_ALLOWED, f"{self.path} takes {', '.join(methods)}."
        if self.path == MCP and self.server.owner.mcp is None:
            return HTTPStatus.NOT_IMPLEMENTED, str(NEED)
        return None

    def _refusal(self) -> tuple[HTTPStatus, str] | None:
        """Why a request is not let in; None where it is."""
        owner, headers = self.server.owner, self.headers
        hosts = headers.get_all("Host", [])
        if len(hosts) != 1 or not owner.is_own_name(hosts[0].strip()):
            return HTTPStatus.MISDIRECTED_REQUEST, "Host does not name this machine."
        if any(not owner.is_own_origin(origin.strip()) for origin in headers.get_all("Origin", [])):
            return HTTPStatus.FORBIDDEN, "Pages of browsers are not let in."
        tokens = headers.get_all("Authorization", [])
        if len(tokens) != 1 or not fits(tokens[0], owner.token):
            return HTTPStatus.UNAUTHORIZED, "Send Authorization: Bearer TOKEN, with the token of this door."
        return None

    def _wrong_body(self) -> tuple[HTTPStatus, str] | None:
        """What is wrong with the body that a request announces; None where nothing is."""
        lengths = self.headers.get_all("Content-Length", [])
        if self.headers.get("Transfer-Encoding") is not None or len(lengths) != 1:
            return HTTPStatus.LENGTH_REQUIRED, "Send Content-Length, and no chunks."
        if not (lengths[0].isascii() and lengths[0].isdigit() and len(lengths[0]) < 16):
            return HTTPStatus.BAD_REQUEST, "Content-Length is no number."
        if int(lengths[0]) > MOST_BYTES:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A request has at most {MOST_BYTES:,} bytes."
        if self.headers.get_content_type() != "application/json":
            return HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send Content-Type: application/json."
        return None

    def _refuse(self, status: HTTPStatus, words: str) -> None:
        self.close_connection = True  # what follows on it is not read
        self._send(status, f"{words}\n".encode(), "text/plain; charset=utf-8")

    def _send(self, status: HTTPStatus, content: bytes, kind: str) -> None:
        self.send_response(status)
        if status == HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", "Bearer")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)

    def _rpc(self, body: bytes) -> None:
        response = json_rpc.answer(self.server.owner.door, body, Call(self._has_gone))
        if response is None:
            self.send_response(HTTPStatus.NO_CONTENT)
            self.end_headers()
        else:
            self._send(HTTPStatus.OK, response, "application/json")

    def _mcp(self, body: bytes) -> None:
        """Hand a request on as ASGI has it. The answer may be a stream, at whose end the connection is closed."""
        mcp = self.server.owner.mcp
        assert mcp is not None
        self.close_connection = True
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": self.command,
            "scheme": "http",
            "path": MCP,
            "raw_path": MCP.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": [
                (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in self.headers.items()
            ],
            "client": self.client_address[:2],
            "server": self.connection.getsockname()[:2],
        }
        mcp.answer(scope, body, self._has_gone, self._pass_on)

    def _pass_on(self, message: Mapping[str, Any]) -> None:
        """One message of ASGI, to the client. Raises OSError where that has gone."""
        if message["type"] == "http.response.start":
            self.send_response(message["status"])
            for name, value in message["headers"]:
                if name.lower() != b"connection":
                    self.send_header(name.decode("latin-1"), value.decode("latin-1"))
            self.send_header("Connection", "close")
            self.end_headers()
        elif message["type"] == "http.response.body" and message.get("body"):
            self.wfile.write(message["body"])
            self.wfile.flush()

    def _has_gone(self) -> bool:
        """Whether the client has closed its end, so that nobody waits for the answer."""
        try:
            ready, _, _ = select.select([self.connection], [], [], 0)
            return bool(ready) and self.connection.recv(1, socket.MSG_PEEK) == b""
        except (OSError, ValueError):
            return True
