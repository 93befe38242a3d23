"""File > Serve This Session to Programs: starts and ends the door to this window's session."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from app.messages.request import FailureReply
from app.services.background_jobs import Jobs
from app.services.notifier import Notifier
from app.services.panels import Panels
from app.workbench.workbench import Workbench
from core.errors import Cancelled
from views.panels.programs.data import DoorData
from views.panels.programs.panel import DoorDialog

if TYPE_CHECKING:
    from app.features.programs.controller.host import WindowHost
    from core.door.http_server import DoorServer
    from core.door.tool import Door


@dataclass(frozen=True)
class _Served:
    """A door that programs can call, and its server."""

    door: Door[Any]
    server: DoorServer

    def end(self) -> None:
        """Waits for the call that runs, and for the threads of the server."""
        self.server.stop()
        self.door.close()


def _serve(host: WindowHost) -> _Served:
    """A door to a host, which takes calls. Raises WirescopeError where there can be none, Cancelled where the host was
    closed meanwhile."""
    from app.presenters.programs.table import TOOLS
    from core.door.http_server import DoorServer
    from core.door.mcp_server import McpOverHttp, available
    from core.door.token import new_token
    from core.door.tool import Door

    door = Door(TOOLS, host)
    try:
        mcp = McpOverHttp(door) if available() else None
        server = DoorServer(door, new_token(), mcp=mcp)
    except BaseException:
        door.close()
        raise
    served = _Served(door, server)
    server.start()
    if host.is_closed:
        served.end()
        raise Cancelled
    return served


class ServingController(QObject):
    """Of one window, whose status strip says it for as long as the door is open. It opens and closes in a thread beside
    the window's: what it serves with is imported when it is first opened, and it closes when its last call has
    ended."""

    def __init__(self, workbench: Workbench, panels: Panels, notifier: Notifier, window: QWidget, jobs: Jobs) -> None:
        super().__init__(window)
        self._workbench, self._notifier, self._window, self._jobs = workbench, notifier, window, jobs
        self._status = panels["status"]
        self._status.door_wanted.connect(self.show)
        self._host: WindowHost | None = None  # of a door that is open, or is being opened
        self._served: _Served | None = None
        self.dialog: DoorDialog | None = None

    def show(self) -> None:
        """Open the door, where it is not open, and say where it is."""
        if self._host is None:
            self._open()
        elif self._served is not None:
            self._say_where(self._served.server)

    def stop(self) -> None:
        """Close the door; what runs for a program is given up."""
        host, served = self._host, self._served
        if host is None:
            return
        self._host = self._served = None
        host.close()
        self._status.set_door("")
        if self.dialog is not None:
            self.dialog.hide()
        if served is not None:
            self._end(served)

    def _open(self) -> None:
        from app.features.programs.controller.host import WindowHost

        self._host = host = WindowHost(self._workbench, self)
        self._notifier.say("Opening the door to programs…")
        self._jobs.ask(partial(_serve, host), partial(self._take, host), self, partial(self._say_why_not, host))

    def _take(self, host: WindowHost, served: _Served) -> None:
        if host is not self._host:  # it was closed before it was open
            self._end(served)
            return
        self._served = served
        url = served.server.url
        self._status.set_door("serving programs", f"Programs on this machine drive this session at {url}")
        self._notifier.say(f"This session is served to programs at {url}")
        self._say_where(served.server)

    def _say_why_not(self, host: WindowHost, message: str, hint: str) -> None:
        if host is self._host:
            self._host = None
            host.close()
            self._notifier.problem(FailureReply(0, "run", message, hint))

    def _end(self, served: _Served) -> None:
        self._notifier.say("Closing the door to programs…")
        self._jobs.ask(served.end, lambda _: self._notifier.say("The door to programs is closed."), self)

    def _say_where(self, server: DoorServer) -> None:
        from core.door.http_server import MCP, RPC
        from core.door.mcp_server import NEED

        mcp = server.url + MCP if server.mcp is not None else ""
        if self.dialog is None:
            self.dialog = DoorDialog(self._window)
            self.dialog.close_wanted.connect(self.stop)
        self.dialog.show_door(DoorData(server.url + RPC, mcp, server.token, "" if mcp else str(NEED)))
        self.dialog.open()
