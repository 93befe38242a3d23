"""`wirescope serve`: a door for programs, with a session of its own."""

from __future__ import annotations

import argparse
import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.arguments import MODEL_HELP
from app.cli.output import tell
from core.errors import ArgumentError

if TYPE_CHECKING:
    from app.presenters.programs.host import Host
    from core.door.tool import Door

WORDS = "let programs drive a session: JSON-RPC, and MCP for editors and agents"
EXAMPLES = """
wirescope serve bundled:names
wirescope serve pack:smollm2 --port 8765 --folder results
wirescope serve bundled:names --stdio
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "model", nargs="*", help=f"opened at the start; programs may open those that follow too: {MODEL_HELP}"
    )
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (127.0.0.1: this machine alone)")
    parser.add_argument("--port", type=int, default=0, help="0, as it is without the option: any free one")
    parser.add_argument(
        "--allow-remote", action="store_true", help="let --host be an address that other machines can reach"
    )
    parser.add_argument("--folder", metavar="FOLDER", help="files below it may be read and written (without: none)")
    parser.add_argument(
        "--token-file", metavar="FILE",
        help="where the token is written, for its owner alone (in the state folder of the program); its own token is "
        "taken from the environment variable WIRESCOPE_TOKEN",
    )  # fmt: skip
    parser.add_argument(
        "--stdio", action="store_true", help="speak MCP over standard input and output, for a client that starts this"
    )
    parser.add_argument(
        "--memory",
        type=int,
        metavar="MB",
        help="that the session may keep runs in (384, of a long prompt what it needs)",
    )
    parser.set_defaults(do=serve_command)


def serve_command(options: argparse.Namespace) -> int:
    from core.door.http_server import MCP, RPC, Address, DoorServer
    from core.door.mcp_server import NEED, McpOverHttp, available
    from core.door.token import check_token_place, remove_left, remove_token, token_of_environment, write_token

    if options.memory is not None and options.memory < 1:
        raise ArgumentError(f"--memory {options.memory} keeps no run.", "Give megabytes above 0.")
    if options.stdio:
        return _serve_stdio(options)
    address = Address(options.host, options.port, options.allow_remote)
    address.check()
    token = token_of_environment()
    if options.token_file:
        check_token_place(Path(options.token_file))
    door = make_door(options)
    try:
        mcp = McpOverHttp(door) if available() else None
        server = DoorServer(door, token, address, mcp)
    except BaseException:
        door.close()
        raise
    path = Path(options.token_file) if options.token_file else _usual_place(server.port)
    urls = {"url": server.url + RPC} | ({} if mcp is None else {"mcp": server.url + MCP})
    try:
        open_first(door, options)  # now that nothing else can be wrong: it may take minutes
        if not options.token_file:
            remove_left(path.parent)
        write_token(path, {**urls, "token": token, "pid": str(os.getpid())})
        server.start()
        tell(f"JSON-RPC at {server.url}{RPC}; the token, which every request carries, is {token}")
        tell(str(NEED) if mcp is None else f"MCP at {server.url}{MCP}, with the same token")
        tell(f"All of it is in {path}, for you alone. Ctrl+C ends it.")
        if options.allow_remote:
            tell("Other machines can reach this door, and nothing is encrypted: use a network that you trust, or SSH.")
        _wait_for_end()
    finally:
        server.stop()
        door.close()
        remove_token(path, token)
    tell("The door is closed.")
    return 0


def _serve_stdio(options: argparse.Namespace) -> int:
    """MCP over standard input and output. Whoever has started this process is let in: there is no token."""
    from core.door.mcp_server import NEED, available, serve_stdio

    network = {"--port": options.port, "--token-file": options.token_file, "--allow-remote": options.allow_remote}
    given = next((name for name, value in network.items() if value), None)
    if given is not None:
        raise ArgumentError(f"--stdio uses no network: {given} says nothing.", f"Leave out {given}.")
    if not available():
        raise NEED
    door = make_door(options)
    try:
        open_first(door, options)
        serve_stdio(door)
    finally:
        door.close()
    return 0


def make_door(options: argparse.Namespace) -> Door[Host]:
    """A door to a session of its own, in which no model is open. Raises ArgumentError."""
    from app.cli.serve_session import ServedSession
    from app.presenters.programs.permits import Permits
    from app.presenters.programs.table import TOOLS
    from core.door.tool import Door

    folder = None if options.folder is None else Path(options.folder)
    if folder is not None and not folder.is_dir():
        raise ArgumentError(f"There is no folder {folder}.", "Make it, or name another one.")
    return Door(TOOLS, ServedSession(Permits(folder, frozenset(options.model)), options.memory))


def open_first(door: Door[Host], options: argparse.Namespace) -> None:
    """Open the first model that is named. Raises WirescopeError."""
    if options.model:
        tell(door.call("open", {"model": options.model[0]})["words"])


def _usual_place(port: int) -> Path:
    """Where programs of the same user look for the token of a door."""
    import platformdirs

    state = os.environ.get("WIRESCOPE_STATE") or platformdirs.user_state_dir("wirescope", appauthor=False)
    return Path(state) / "doors" / f"{port}.json"


def _wait_for_end() -> None:
    """Until Ctrl+C, or until somebody ends the process."""
    ended = threading.Event()
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: ended.set())
        signal.signal(signal.SIGINT, lambda *_: ended.set())
    while not ended.wait(3600):
        pass
