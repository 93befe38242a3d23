"""The door over HTTP: who is let in, what is refused, and what a call gives."""

from __future__ import annotations

import http.client
import json
import os
import select
import socket
import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from core.door.http_server import MOST_BYTES, Address, DoorServer, _Handler
from core.door.token import (
    LEAST,
    VARIABLE,
    check_token_place,
    remove_left,
    remove_token,
    token_of_environment,
    write_token,
)
from core.errors import ArgumentError
from tests.core.door.toy import TOOLS, Counter
from tests.served import TOKEN


def sent(server: DoorServer, body: bytes | str, path: str = "/rpc", method: str = "POST", **headers: str | None) -> Any:
    """The status and the body of an answer; headers: beside the usual ones, or in their place; None: none."""
    usual: dict[str, str | None] = {"Authorization": f"Bearer {TOKEN}", "Content_Type": "application/json"}
    given = {name.replace("_", "-"): value for name, value in (usual | headers).items() if value is not None}
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.putrequest(method, path, skip_host="Host" in given)
    content = body.encode() if isinstance(body, str) else body
    for name, value in ({"Content-Length": str(len(content))} | given).items():
        connection.putheader(name, value)
    connection.endheaders(content)
    response = connection.getresponse()
    answer = response.read()
    connection.close()
    return response.status, answer


def called(server: DoorServer, method: str, params: object = None, id_: object = 1) -> Any:
    status, answer = sent(server, json.dumps({"jsonrpc": "2.0", "id": id_, "method": method, "params": params}))
    assert status == 200
    return json.loads(answer)


def test_a_call_has_its_answer_under_its_id(server: DoorServer, counter: Counter):
    before = counter.value
    answer = called(server, "add", {"number": 3}, "seven")
    assert answer == {"jsonrpc": "2.0", "id": "seven", "result": {"words": f"It is {before + 3}.", "value": before + 3}}
    assert counter.value == before + 3


def test_a_notification_is_done_without_an_answer(server: DoorServer, counter: Counter):
    before = counter.value
    assert sent(server, '{"jsonrpc": "2.0", "method": "add", "params": {"number": 2}}') == (204, b"")
    assert counter.value == before + 2


def test_the_tools_are_listed_with_what_they_take(server: DoorServer):
    listed = {tool["name"]: tool for tool in called(server, "tools")["result"]}
    assert list(listed) == [tool.name for tool in TOOLS]
    assert listed["add"]["parameters"]["properties"]["number"] == {"type": "integer", "minimum": 0, "maximum": 10}
    assert listed["add"]["parameters"]["additionalProperties"] is False


@pytest.mark.parametrize(
    ("method", "params", "code", "words"),
    [
        ("nothing", {}, -32601, "There is no tool 'nothing'"),
        ("add", {"number": 11}, -32602, "<= 10"),
        ("add", {"number": "3"}, -32602, "Expected `int`, got `str`"),
        ("add", {"number": 1, "more": 2}, -32602, "unknown field `more`"),
        ("add", {}, -32602, "missing required field `number`"),
        ("add", [1], -32602, "not an object"),
        ("refuse", None, -32000, "This cannot be."),
    ],
)
def test_what_is_wrong_with_a_call_is_said_and_nothing_is_done(
    server: DoorServer, counter: Counter, method: str, params: object, code: int, words: str
):
    before = counter.value
    error = called(server, method, params)["error"]
    assert error["code"] == code
    assert words in error["message"]
    assert error["data"]["hint"]
    assert counter.value == before


def test_a_fault_of_the_program_tells_nothing_of_the_machine(server: DoorServer):
    error = called(server, "fail")["error"]
    assert error["code"] == -32603
    assert "secret" not in json.dumps(error)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("{", -32700),
        (b"\xff\xfe", -32700),
        ('{"jsonrpc": "2.0", "id": 1, "method": "add", "params": ' + "[" * 100_000, -32700),
        ("[]", -32600),
        ('[{"jsonrpc": "2.0", "id": 1, "method": "add"}]', -32600),
        ('{"jsonrpc": "1.0", "id": 1, "method": "add"}', -32600),
        ('{"jsonrpc": "2.0", "id": [1], "method": "add"}', -32600),
        ('{"jsonrpc": "2.0", "id": 1, "method": "add", "extra": 1}', -32600),
        ('{"jsonrpc": "2.0", "id": 1}', -32600),
    ],
    ids=lambda each: str(each)[-24:],
)
def test_what_is_no_request_is_refused(server: DoorServer, body: bytes | str, code: int):
    status, answer = sent(server, body)
    assert (status, json.loads(answer)["error"]["code"], json.loads(answer)["id"]) == (200, code, None)


GOOD = '{"jsonrpc": "2.0", "id": 1, "method": "add", "params": {"number": 1}}'


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (401, {"Authorization": None}),
        (401, {"Authorization": "Bearer another"}),
        (401, {"Authorization": f"Basic {TOKEN}"}),
        (401, {"Authorization": f"Bearer {TOKEN}x"}),
        (421, {"Host": "evil.example"}),
        (421, {"Host": "evil.example:80"}),
        (421, {"Host": "127.0.0.1:1"}),
        (421, {"Host": "127.0.0.1.evil.example"}),
        (403, {"Origin": "https://evil.example"}),
        (403, {"Origin": "null"}),
        (415, {"Content_Type": "text/plain"}),
        (411, {"Transfer_Encoding": "chunked"}),
        (400, {"Content_Length": "-1"}),
        (413, {"Content_Length": str(MOST_BYTES + 1)}),
        (413, {"Content_Length": "9" * 15}),
    ],
    ids=str,
)
def test_who_is_not_let_in_reaches_no_tool(
    server: DoorServer, counter: Counter, status: int, headers: dict[str, str | None]
):
    before = counter.value
    content = b"" if "Content_Length" in headers else GOOD.encode()  # a body that is announced is not waited for
    assert sent(server, content, **headers)[0] == status
    assert counter.value == before


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
def test_this_machine_is_let_in_by_its_names(server: DoorServer, host: str):
    assert sent(server, GOOD, Host=f"{host}:{server.port}", Origin=f"http://{host}:{server.port}")[0] == 200


def test_only_posts_to_the_path_are_served(server: DoorServer):
    assert sent(server, GOOD, path="/")[0] == 404
    assert sent(server, GOOD, path="/rpc/../etc/passwd")[0] == 404
    assert sent(server, "", method="GET")[0] == 405
    assert sent(server, "", method="OPTIONS", Authorization=None)[0] == 401  # a browser's question before it asks


def test_a_call_ends_when_its_client_goes(server: DoorServer, counter: Counter):
    body = b'{"jsonrpc": "2.0", "id": 1, "method": "stay"}'
    head = f"POST /rpc HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {TOKEN}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(head.encode() + body)
        assert counter.started.wait(20)
        assert not counter.left.is_set()
    assert counter.left.wait(20)
    assert called(server, "add", {"number": 0})["result"]  # the next one has its turn


@pytest.mark.parametrize("sent_before", ["", "POST /rpc HTTP/1.1\r\nX: "])
def test_a_byte_now_and_then_keeps_no_connection(server: DoorServer, monkeypatch: pytest.MonkeyPatch, sent_before: str):
    """Each byte comes in time, the request as a whole does not."""
    monkeypatch.setattr(_Handler, "timeout", 0.3)
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(sent_before.encode())
        with suppress(ConnectionError):
            for _ in range(200):
                client.sendall(b"x")
                if select.select([client], [], [], 0.02)[0]:
                    break
        assert select.select([client], [], [], 0)[0]  # it is closed by the door
    assert called(server, "add", {"number": 0})["result"]


def test_nothing_listens_beyond_this_machine_unless_it_is_allowed(counter: Counter):
    for host in ("0.0.0.0", "::", "192.168.1.2", "example.com", ""):
        with pytest.raises(ArgumentError, match="can be reached from other machines"):
            Address(host).check()
    for host in ("127.0.0.1", "localhost", "::1", "127.0.0.2"):
        Address(host).check()
    Address("0.0.0.0", remote=True).check()


def test_a_port_that_is_taken_says_so(server: DoorServer):
    with pytest.raises(ArgumentError, match="cannot be listened on"):
        DoorServer(server.door, TOKEN, Address(port=server.port))
    with pytest.raises(ArgumentError, match="cannot be listened on"):
        DoorServer(server.door, TOKEN, Address(port=70_000))


def test_the_token_of_a_door_that_was_ended_is_removed_by_the_next(tmp_path: Path):
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    write_token(tmp_path / "1.json", of_door("of one that is ended", ended.stdout.decode().strip()))
    write_token(tmp_path / "2.json", of_door("of one that serves"))
    (tmp_path / "3.json").write_text("[]", encoding="utf-8")
    remove_left(tmp_path)
    remove_left(tmp_path / "missing")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2.json", "3.json"]


def of_door(token: str, pid: str = str(os.getpid())) -> dict[str, str]:
    return {"url": "http://127.0.0.1:1/rpc", "token": token, "pid": pid}


@pytest.mark.parametrize("text", ["", "my notes", "[]", "[" * 9000, '{"token": "of another program"}', "\0" * 20_000])
def test_a_token_is_not_written_over_what_is_of_others(tmp_path: Path, text: str):
    place = tmp_path / "notes.json"
    place.write_text(text, encoding="utf-8")
    for refused in (lambda: check_token_place(place), lambda: write_token(place, of_door("token"))):
        with pytest.raises(ArgumentError, match=r"notes\.json is there, and is no file of a door"):
            refused()
    assert place.read_text(encoding="utf-8") == text


def test_a_link_and_a_folder_are_no_place_for_a_token(tmp_path: Path):
    write_token(tmp_path / "1.json", of_door("token"))
    (tmp_path / "link.json").symlink_to(tmp_path / "1.json")
    for name in ("link.json", "."):
        with pytest.raises(ArgumentError, match="is no file of a door"):
            check_token_place(tmp_path / name)
    check_token_place(tmp_path / "1.json")
    check_token_place(tmp_path / "2.json")


def test_a_token_is_written_for_its_owner_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    place = tmp_path / "doors" / "1.json"
    write_token(place, of_door("first"))
    other = place.open(encoding="utf-8")  # whoever holds the one before open does not see the next
    write_token(place, of_door("second"))
    with other:
        assert json.load(other) == of_door("first")
    assert json.loads(place.read_text(encoding="utf-8")) == of_door("second")
    if os.name == "posix":
        assert stat.S_IMODE(place.stat().st_mode) == 0o600
    remove_token(place, "first")  # by the door that was there before
    assert place.exists()
    remove_token(place, "second")
    remove_token(place, "second")
    assert not place.exists()
    monkeypatch.delenv(VARIABLE, raising=False)
    assert token_of_environment() != token_of_environment()
    monkeypatch.setenv(VARIABLE, "short")
    with pytest.raises(ArgumentError, match="too short"):
        token_of_environment()
    monkeypatch.setenv(VARIABLE, "x" * LEAST)
    assert token_of_environment() == "x" * LEAST
