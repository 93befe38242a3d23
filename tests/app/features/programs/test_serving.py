"""The door to the window's session: what a program does is what the window shows, and can be undone there."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
import requests
from pjrpc.client.exceptions import JsonRpcError
from PySide6.QtGui import QGuiApplication

from app.features.programs.controller.host import WindowHost
from core.door.http_server import DoorServer
from core.door.tool import Door
from core.edits import Edit
from core.errors import ArgumentError
from tests.app.models import CLEAN, COUNTERFACTUAL
from tests.app.person import Person
from tests.json_rpc import called, json_rpc_client
from tests.mcp_client import with_mcp_client
from views.panels.programs.panel import DoorDialog

ENTRY = "Serve This Session to Programs"


def asked(url: str, token: str, method: str, params: dict[str, Any]) -> Any:
    """The result of a call, as another program would make it. Raises JsonRpcError."""
    with json_rpc_client(url, token) as client:
        return called(client, method, params)


def open_door(reader: Person) -> DoorDialog:
    """As a person does; the dialog of the open door."""
    controller = reader.controller("programs")
    reader.choose("File", ENTRY)
    reader.wait(lambda: controller.dialog is not None and controller.dialog.isVisible())
    return controller.dialog


def close_door(reader: Person) -> None:
    reader.click(reader.controller("programs").dialog.stop)
    reader.wait(lambda: "is closed" in reader.message())


def test_a_program_drives_what_the_window_shows(reader: Person) -> None:
    dialog = open_door(reader)
    assert "is served to programs" in reader.message()
    url, token = dialog.rpc.text(), dialog.token.text()
    reader.click(dialog.copy)
    assert QGuiApplication.clipboard().text().endswith(f"Authorization: Bearer {token}")
    dialog.reject()
    door = reader.panel("status").door
    reader.panel("status").set_message("Another message")
    assert (door.isVisible(), door.text()) == (True, "serving programs")  # it stays, whatever else is said
    assert url.removesuffix("/rpc") in door.toolTip()

    with ThreadPoolExecutor(1) as other:

        def call(method: str, **params: Any) -> Any:
            """Called beside the window, whose event loop goes on."""
            future: Future[Any] = other.submit(asked, url, token, method, params)
            reader.wait(future.done)
            return future.result()

        before = call("predict")
        assert before["measured"]["after"] == pytest.approx(reader.expected([])[0], abs=1e-4)
        answer = call("edit", target="a1.h2", kind="zero")
        assert [edit.name for edit in reader.workbench.document.edits] == ["a1.h2"]
        assert reader.workbench.history.current.words == answer["step"]
        assert reader.workbench.ran.after == pytest.approx(answer["measured"]["after"])
        assert "a1.h2" in " ".join(reader.edits())
        assert answer["measured"]["after"] == pytest.approx(
            reader.expected(reader.workbench.document.edits)[0], abs=1e-4
        )

        reader.choose("Edit", "Undo")  # what a program has done is undone as any other step
        reader.rest()
        assert call("predict")["edits"] == []

        traced = call("trace", top=5)
        assert reader.workbench.scored.method == "eap-ig"
        best = int(reader.workbench.scored.ranking.best[0])
        assert traced["edges"][0]["edge"] == reader.workbench.opened.graph.edge(best).name
        assert call("keep", size=20)["size"] == reader.workbench.document.size == 20
        assert call("evaluate", draws=2)["size"] == 20
        steps = len(reader.workbench.history.current.path())
        for method, params, words in (
            ("edit", {"target": "m99"}, "m99 does not write"),
            ("open", {"model": "/etc"}, "Programs may not open"),
        ):
            with pytest.raises(JsonRpcError, match=words):
                call(method, **params)
        assert len(reader.workbench.history.current.path()) == steps

        reader.click(door)
        assert dialog.isVisible()
        assert dialog.token.text() == token  # it is the same door
        close_door(reader)
        assert not door.isVisible()
        with pytest.raises(requests.ConnectionError, match="refused"):
            asked(url, token, "predict", {})
    assert_nothing_is_left(reader)


def assert_nothing_is_left(reader: Person) -> None:
    """Of a door that was closed, or never opened: each reply would be given to what has gone, for ever."""
    heard = [slot for slots in reader.workbench._client._listeners.values() for slot in slots]
    assert not [slot for slot in heard if isinstance(getattr(slot, "__self__", None), WindowHost)]
    reader.wait(lambda: not reader.controller("programs").findChildren(WindowHost))


def test_a_program_that_speaks_mcp_drives_the_same_session(reader: Person) -> None:
    pytest.importorskip("mcp.server.streamable_http_manager")
    dialog = open_door(reader)
    before = reader.expected([])[0]

    async def use(client: Any) -> list[Any]:
        calls: tuple[tuple[str, dict[str, Any]], ...] = (
            ("open", {"a": COUNTERFACTUAL, "b": CLEAN}),
            ("predict", {}),
            ("edit", {"target": "a1.h2", "kind": "zero"}),
            ("undo", {}),
            ("edit", {"target": "m99"}),
        )
        return [await client.call_tool(name, given) for name, given in calls]

    with ThreadPoolExecutor(1) as other:
        told = other.submit(with_mcp_client, dialog.mcp.text(), dialog.token.text(), use)
        reader.wait(told.done)
    opened, predicted, edited, undone, refused = told.result()
    document = reader.workbench.document
    assert (document.clean.text, document.counterfactual.text, document.edits) == (COUNTERFACTUAL, CLEAN, ())
    after = reader.expected([Edit("a1.h2", "zero")])[0]
    figures = [each.structured_content["measured"]["after"] for each in (opened, predicted, edited, undone)]
    now = reader.expected([])[0]
    assert figures == pytest.approx([now, now, after, now], abs=1e-4)
    assert len({round(figure, 3) for figure in (before, now, after)}) == 3
    assert reader.workbench.ran.after == pytest.approx(now, abs=1e-4)
    assert edited.structured_content["step"] == reader.workbench.history.current.children[-1].words
    assert (refused.is_error, "m99 does not write" in refused.content[0].text) == (True, True)
    close_door(reader)


def test_the_window_does_not_wait_for_the_door(reader: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """It opens and closes in other threads, however long that takes."""
    may_go_on = Event()
    start, close = DoorServer.start, Door.close
    monkeypatch.setattr(DoorServer, "start", lambda server: (may_go_on.wait(20), start(server)))
    monkeypatch.setattr(Door, "close", lambda door: (may_go_on.wait(20), close(door)))
    controller = reader.controller("programs")
    reader.choose("File", ENTRY)
    assert (may_go_on.is_set(), controller.dialog) == (False, None)
    assert "Opening the door" in reader.message()
    controller.show()  # asked for again meanwhile, it is one door
    assert len(controller.findChildren(WindowHost)) == 1
    may_go_on.set()
    reader.wait(lambda: controller.dialog is not None and controller.dialog.isVisible())
    may_go_on.clear()
    reader.click(controller.dialog.stop)
    assert (may_go_on.is_set(), controller.dialog.isVisible()) == (False, False)
    assert "Closing the door" in reader.message()
    may_go_on.set()
    reader.wait(lambda: "is closed" in reader.message())


def test_a_door_that_is_closed_before_it_is_open_does_not_open(reader: Person, monkeypatch) -> None:
    may_go_on, stopped = Event(), Event()
    start, stop = DoorServer.start, DoorServer.stop
    monkeypatch.setattr(DoorServer, "start", lambda server: (may_go_on.wait(20), start(server)))
    monkeypatch.setattr(DoorServer, "stop", lambda server: (stop(server), stopped.set()))
    controller = reader.controller("programs")
    controller.show()
    controller.stop()
    may_go_on.set()
    reader.wait(stopped.is_set)
    assert controller.dialog is None
    assert not reader.panel("status").door.isVisible()
    assert_nothing_is_left(reader)


def test_a_door_that_cannot_be_opened_is_said_and_leaves_nothing(reader: Person, monkeypatch) -> None:
    def refuse(*_told: object, **_more: object) -> None:
        raise ArgumentError("127.0.0.1:0 cannot be listened on: none are left.")

    monkeypatch.setattr("core.door.http_server.DoorServer", refuse)
    closed: list[bool] = []
    close = WindowHost.close
    monkeypatch.setattr(WindowHost, "close", lambda host: (closed.append(True), close(host)))
    reader.controller("programs").show()
    reader.wait(reader.dialogs)
    assert "cannot be listened on" in reader.dismiss()
    assert closed == [True]
    assert_nothing_is_left(reader)
