"""File > Serve This Session to Programs: starts and ends the door to this window's session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from app.messages.request import FailureReply
from app.services.notifier import Notifier
from app.services.panels import Panels
from app.workbench.workbench import Workbench
from core.errors import WirescopeError
from views.panels.programs.data import DoorData
from views.panels.programs.panel import DoorDialog

if TYPE_CHECKING:
    from app.features.programs.controller.host import WindowHost


class ServingController(QObject):
    """Of one window, whose status strip says it for as long as the door is open. What it serves with is imported when
    the door is first opened."""

    def __init__(self, workbench: Workbench, panels: Panels, notifier: Notifier, window: QWidget) -> None:
        super().__init__(window)
        self._workbench, self._notifier, self._window = workbench, notifier, window
        self._status = panels["status"]
        self._status.door_wanted.connect(self.show)
        self._host: WindowHost | None = None
        self._door: Any = None
        self._server: Any = None
        self.dialog: DoorDialog | None = None

    def show(self) -> None:
        """Open the door, where it is not open, and say where it is."""
        if self._server is None and not self._open():
            return
        if self.dialog is None:
            self.dialog = DoorDialog(self._window)
            self.dialog.close_wanted.connect(self.stop)
        self.dialog.show_door(self._data())
        self.dialog.open()

    def stop(self) -> None:
        """Close the door; what runs for a program is given up."""
        if self._server is None:
            return
        server, door, host = self._server, self._door, self._host
        self._server = self._door = self._host = None
        host.close()
        server.stop()
        door.close()
        self._status.set_door("")
        if self.dialog is not None:
            self.dialog.hide()
        self._notifier.say("The door to programs is closed.")

    def _data(self) -> DoorData:
        from core.door.http_server import MCP, RPC
        from core.door.mcp_server import NEED

        mcp = self._server.url + MCP if self._server.mcp is not None else ""
        return DoorData(self._server.url + RPC, mcp, self._server.token, "" if mcp else str(NEED))

    def _open(self) -> bool:
        from app.features.programs.controller.host import WindowHost
        from app.presenters.programs.table import TOOLS
        from core.door.http_server import DoorServer
        from core.door.mcp_server import McpOverHttp, available
        from core.door.token import new_token
        from core.door.tool import Door

        host = WindowHost(self._workbench, self)
        door = Door(TOOLS, host)
        try:
            mcp = McpOverHttp(door) if available() else None
            self._server = DoorServer(door, new_token(), mcp=mcp)
        except WirescopeError as error:
            host.close()
            door.close()
            self._notifier.problem(FailureReply(0, "run", error.message, error.hint))
            return False
        self._host, self._door = host, door
        self._server.start()
        self._status.set_door("serving programs", f"Programs on this machine drive this session at {self._server.url}")
        self._notifier.say(f"This session is served to programs at {self._server.url}")
        return True
