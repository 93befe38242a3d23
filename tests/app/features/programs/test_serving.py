"""The door to the window's session: what a program does is what the window shows, and can be undone there."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
import requests
from pjrpc.client.exceptions import JsonRpcError
from PySide6.QtGui import QGuiApplication

from app.features.programs.controller.host import WindowHost
from core.errors import ArgumentError
from tests.app.person import Person
from tests.json_rpc import called, json_rpc_client

ENTRY = "Serve This Session to Programs"


def asked(url: str, token: str, method: str, params: dict[str, Any]) -> Any:
    """The result of a call, as another program would make it. Raises JsonRpcError."""
    with json_rpc_client(url, token) as client:
        return called(client, method, params)


def test_a_program_drives_what_the_window_shows(reader: Person) -> None:
    reader.choose("File", ENTRY)
    dialog = reader.controller("programs").dialog
    assert dialog.isVisible()
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
        reader.click(dialog.stop)
        assert "closed" in reader.message()
        assert not door.isVisible()
        with pytest.raises(requests.ConnectionError, match="refused"):
            asked(url, token, "predict", {})
    assert_nothing_is_left(reader)


def assert_nothing_is_left(reader: Person) -> None:
    """Of a door that was closed, or never opened: each reply would be given to what has gone, for ever."""
    heard = [slot for slots in reader.workbench._client._listeners.values() for slot in slots]
    assert not [slot for slot in heard if isinstance(getattr(slot, "__self__", None), WindowHost)]
    reader.wait(lambda: not reader.controller("programs").findChildren(WindowHost))


def test_a_door_that_cannot_be_opened_is_said_and_leaves_nothing(reader: Person, monkeypatch) -> None:
    def refuse(*_told: object, **_more: object) -> None:
        raise ArgumentError("127.0.0.1:0 cannot be listened on: none are left.")

    monkeypatch.setattr("core.door.http_server.DoorServer", refuse)
    closed: list[bool] = []
    close = WindowHost.close
    monkeypatch.setattr(WindowHost, "close", lambda host: (closed.append(True), close(host)))
    reader.controller("programs").show()
    assert "cannot be listened on" in reader.dismiss()
    assert closed == [True]
    assert_nothing_is_left(reader)
