"""`wirescope serve`: a session that client libraries of JSON-RPC and of MCP drive, against the library's numbers."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pjrpc.client.backend.requests import Client
from pjrpc.client.exceptions import JsonRpcError

import wirescope as ws
from app.cli.parser import command
from app.cli.serve import make_door, open_first
from app.presenters.programs import exports
from app.presenters.programs.host import DocumentReplies
from app.presenters.snapshot import Snapshot
from core.door.http_server import DoorServer
from core.door.mcp_server import McpOverHttp
from core.errors import ArgumentError
from core.formatting import share_words
from tests.app.command_line import ROOT
from tests.json_rpc import called, json_rpc_client
from tests.served import TOKEN, served

A = "When Mary and John went to the store, John gave a drink to"
B = "When Mary and John went to the store, Tom gave a drink to"
METRIC = {"kind": "logit_difference", "target": " Mary", "foil": " John"}
Call = Callable[..., Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[DoorServer]:
    options = argparse.Namespace(folder=str(folder), model=["bundled:names"], memory=None)
    door = make_door(options)
    open_first(door, options)
    with served(door, mcp=McpOverHttp(door)) as server:
        yield server


@pytest.fixture(scope="module")
def client(server: DoorServer) -> Iterator[Client]:
    with json_rpc_client(f"{server.url}/rpc", TOKEN) as client:
        yield client


@pytest.fixture
def call(client: Client) -> Call:
    """Call a tool with parameters; before it all edits are taken back, and the inputs are those of the start."""

    def call(method: str, /, **params: Any) -> Any:
        return called(client, method, params)

    call("open", a=A, b=B, metric=METRIC)
    call("restore")
    return call


@pytest.fixture(scope="module")
def session() -> ws.Session:
    model = ws.load_model("bundled:names")
    return ws.Session(model, model.pair(A, B), metric=ws.logit_difference(" Mary", " John"))


def test_an_edit_and_the_predictions_after_it_are_those_of_the_library(call: Call, session: ws.Session):
    opened = call("open")
    assert (opened["edges"], opened["a"], opened["metric"]) == (session.graph.n_edges, A, METRIC)
    call("edit", target="m0", kind="zero")
    answer = call("edit", target="a1.h2->m2", kind="patch", strength=0.5, positions=[-1])
    edits = [ws.Edit("m0", "zero"), ws.Edit("a1.h2->m2", "patch", positions=[-1], strength=0.5)]
    result = session.run(edits)
    assert answer["measured"]["before"] == pytest.approx(float(session.clean.metric), abs=1e-5)
    assert answer["measured"]["after"] == pytest.approx(float(result.metric), abs=1e-5)
    assert answer["edits"] == ["m0=zero", "a1.h2->m2=patch*0.5@13"]
    best = result.top(1)[0]
    row = next(row for row in answer["predictions"] if row["answer"] == best.label)
    assert row["after"] == pytest.approx(float(result.answer[0].softmax(-1)[best.index]), abs=1e-6)
    assert call("predict")["predictions"] == answer["predictions"]


def test_edits_are_steps_that_are_undone_and_restored(call: Call):
    before = call("predict")["measured"]["after"]
    assert call("edit", target=["m0", "m1"], kind="zero")["step"] == "Cut 2 places (zero)"
    assert call("edit", target="m1", kind="scale", value=0.5)["edits"] == ["m0=zero", "m1=scale:0.5"]
    assert call("undo")["edits"] == ["m0=zero", "m1=zero"]
    assert call("restore", target="m0")["edits"] == ["m1=zero"]
    answer = call("restore")
    assert (answer["edits"], answer["measured"]["after"]) == ([], before)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"target": "m9"}, "m9 does not write in this model"),
        ({"target": "logits"}, "logits is a place that reads"),
        ({"target": "->m3"}, "is a place that reads"),
        ({"target": "m1", "kind": "burn"}, "no edit called 'burn'"),
        ({"target": "m1", "kind": "scale"}, "needs a value"),
        ({"target": "m1", "kind": "steer", "value": [1.0, 2.0]}, "the stream is 256 wide"),
        ({"target": "m1", "strength": 2.0}, "cannot have the strength 2.0"),
        ({"target": "m1", "positions": [14]}, "no position 14: A has 14"),
        ({"target": "a1.h0[subject]", "kind": "knockout"}, "a role of positions"),
    ],
)
def test_an_edit_that_cannot_be_is_no_step(call: Call, params: dict[str, Any], words: str):
    with pytest.raises(JsonRpcError, match=words):
        call("edit", **params)
    assert call("predict")["edits"] == []


def test_a_patch_without_a_b_is_refused(call: Call):
    assert call("open", b=None)["b"] is None
    with pytest.raises(JsonRpcError, match="There is no counterfactual") as refused:
        call("edit", target="m0", kind="patch")
    assert refused.value.data["hint"] == "Give a B with the tool open."
    assert call("undo")["predictions"][0]["in_b"] is not None


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"model": "bundled:nothing"}, "no bundled model .nothing."),
        ({"model": "gpt2"}, "Programs may not open 'gpt2' here"),
        ({"model": "/etc"}, "Programs may not open"),
        ({"model": "bundled:../names"}, "Programs may not open"),
        ({"a": {"file": "../cat.png"}}, "not below the folder"),
        ({"a": {"file": "/etc/passwd"}}, "not below the folder"),
        ({"a": {"file": "cat.png"}}, "There is no file"),
        ({"a": {"data": "https://example.com/cat.png"}}, "data URL"),
        ({"a": {"data": "data:image/png;base64,%%%"}}, "not base64"),
        ({"a": {}}, "by its data or by its file"),
        ({"a": {"data": "data:image/png;base64,aGk="}}, "reads text"),
        ({"metric": {"kind": "beauty"}}, "no metric 'beauty'"),
        ({"metric": {"kind": "logit_difference", "target": " Mary"}}, "needs a target and a foil"),
    ],
)
def test_what_programs_may_not_open_is_refused_and_the_session_stays(call: Call, params: dict[str, Any], words: str):
    with pytest.raises(JsonRpcError, match=words):
        call("open", **params)
    assert call("open")["a"] == A


def test_a_trace_lists_the_best_edges_and_is_evaluated(call: Call, session: ws.Session):
    traced = call("trace", top=75)
    best = ws.trace(session, method="eap-ig").top(75)
    assert [row["edge"] for row in traced["edges"]] == best.names
    assert traced["edges"][0]["score"] == pytest.approx(float(best.values[0]), abs=1e-4)
    assert traced["recovered"]["unexplained"] == pytest.approx(1 - traced["recovered"]["share"])
    by_size = call("evaluate", size=75, draws=2)
    by_edges = call("evaluate", edges=best.names, draws=2)
    assert by_edges["recovered"] == pytest.approx(by_size["recovered"], abs=1e-6)
    result = session.run_circuit(best, replacement="patch")
    assert by_size["measured"]["circuit"] == pytest.approx(float(result.metric), abs=1e-4)
    assert (by_edges["random"], by_edges["interval"], by_edges["pairs"]) == (by_size["random"], None, 1)
    with pytest.raises(JsonRpcError, match="No circuit is chosen"):
        call("evaluate")
    assert call("keep", size=75)["step"] == "Keep the best 75 edges"
    assert call("evaluate", draws=2)["recovered"] == by_size["recovered"]
    call("keep", size=None)


def test_trust_is_explained_by_the_figures_that_the_library_has(call: Call, session: ws.Session):
    with pytest.raises(JsonRpcError, match="No circuit is chosen"):
        call("explain_trust")
    call("trace")
    told = call("explain_trust", size=30)
    figures = {each["question"]: each for each in told["statements"]}
    circuit, other = (ws.trace(session, method=name).top(30) for name in ("eap-ig", "integrated-edges"))
    recovered = figures["Recovered"]
    evaluated = call("evaluate", size=30, draws=1)
    assert recovered["figure"] == share_words(evaluated["recovered"])
    assert recovered["against"]
    assert recovered["words"].startswith(f"30 of {session.graph.n_edges:,} edges recover {recovered['figure']}")
    assert told["words"].startswith(told["verdict"][0]["words"])
    shared = len(set(circuit.names) & set(other.names)) / 30
    assert figures["Another method"]["figure"] == f"{shared:.0%}".replace("%", " %")
    measured = evaluated["measured"]
    names = [circuit.names[:place] + circuit.names[place + 1 :] for place in range(30)]
    without = session.run_circuits([ws.circuit_of(session.graph, each) for each in names])
    losses = [measured["circuit"] - float(result.metric) for result in without]
    helps = sum(loss / (measured["whole"] - measured["nothing"]) >= 0.001 for loss in losses)
    assert figures["Edges that help"]["figure"] == f"{helps} of 30"
    assert told["unanswered"] == ["Stability", "Tests"]  # one pair cannot tell
    assert [each["question"] for each in told["statements"] if each["unknown"]] == told["unanswered"]
    assert (told["size"], told["pairs"]) == (30, 1)


def test_over_a_dataset_there_is_an_interval(call: Call):
    text = "When {} and {} went to the store, {} gave a drink to"
    rows = [
        {"a": text.format(a, b, b), "b": text.format(a, b, a), "target": f" {a}", "foil": f" {b}"}
        for a, b in (("Mary", "John"), ("John", "Mary"), ("Mary", "Tom"), ("Tom", "John"))
    ]
    call("open", dataset=rows)
    assert call("trace", over_dataset=True, top=1)["pairs"] == 4
    found = call("evaluate", size=300, draws=1)
    low, high = found["interval"]
    assert low <= found["recovered"] <= high
    assert (found["pairs"], "Over 4 pairs the interval" in found["words"]) == (4, True)
    call("trace")  # of A and B again
    call("open", dataset=[])


@pytest.mark.parametrize(
    ("method", "params", "words"),
    [
        ("trace", {"method": "guess"}, "no tracing method 'guess'"),
        ("trace", {"options": {"colour": 3}}, "No method has an option 'colour'"),
        ("trace", {"over_dataset": True}, "There is no dataset"),
        ("evaluate", {"size": 3, "edges": ["m0->m1"]}, "by its size or by its edges"),
        ("evaluate", {"edges": ["m9->m8"]}, "m9 does not write"),
        ("evaluate", {"size": 0}, ">= 1"),
        ("evaluate", {"size": 3, "draws": 1000}, "<= 100"),
        ("export", {"kind": "exe"}, "no form 'exe'"),
        ("export", {"file": "../circuit.json"}, "not below the folder"),
        ("export", {"file": "circuit.txt"}, "does not end in .json"),
        ("export", {"file": "no/circuit.json"}, "no folder for"),
    ],
)
def test_what_cannot_be_traced_or_written_says_why(call: Call, method: str, params: dict[str, Any], words: str):
    before = call("predict")
    with pytest.raises(JsonRpcError, match=words):
        call(method, **params)
    assert call("predict") == before


def test_a_circuit_is_given_away_as_text_or_below_the_folder(call: Call, folder: Path):
    call("trace")
    call("keep", size=30)
    text = call("export")["text"]
    assert len(json.loads(text)["edges"]) == 30
    assert call("export", kind="markdown")["text"].count("| `") == 30
    assert call("export", file="circuit.json")["file"] == "circuit.json"
    assert (folder / "circuit.json").read_text(encoding="utf-8") == text
    assert len(ws.Circuit.load(folder / "circuit.json")) == 30
    with pytest.raises(JsonRpcError, match="is there already"):
        call("export", file="circuit.json")
    assert call("export", file="circuit.json", overwrite=True)["kind"] == "json"
    call("keep", size=None)


def test_a_file_that_comes_while_the_circuit_is_found_is_not_written_over(
    call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    place, shown = folder / "meanwhile.json", exports._shown

    def shown_late(replies: DocumentReplies) -> Snapshot:
        place.write_text("of somebody else", encoding="utf-8")
        return shown(replies)

    monkeypatch.setattr(exports, "_shown", shown_late)
    with pytest.raises(JsonRpcError, match="is there already"):
        call("export", file="meanwhile.json")
    assert place.read_text(encoding="utf-8") == "of somebody else"


def test_a_trace_that_has_no_room_is_not_begun(
    call: Call, server: DoorServer, session: ws.Session, monkeypatch: pytest.MonkeyPatch
):
    host, asked = server.door._host, {"method": "eap-ig", "options": {"steps": 3}, "top": 3}
    before, steps = call("predict"), host.steps()
    monkeypatch.setattr("core.models.spread.free_bytes", lambda: 1000)
    with pytest.raises(JsonRpcError, match=r"This trace takes about .+ of memory, and .+ are free") as refused:
        call("trace", **asked)
    assert "say anyway" in refused.value.data["hint"]
    assert (call("predict"), host.steps()) == (before, steps)
    best = ws.trace(session, method="eap-ig", steps=3).top(3)
    assert [row["edge"] for row in call("trace", **asked, anyway=True)["edges"]] == best.names


@pytest.mark.parametrize(("language", "place"), [("sh", 1), ("python", 0), ("python", 1)])
def test_the_examples_of_the_documentation_run_as_they_stand(
    call: Call, server: DoorServer, tmp_path: Path, language: str, place: int
):
    """Each by a copy, in the folder of the token's file."""
    page = (ROOT / "resources" / "docs" / "programs.md").read_text(encoding="utf-8")
    example = re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)[place]
    door = {"url": f"{server.url}/rpc", "mcp": f"{server.url}/mcp", "token": TOKEN, "pid": str(os.getpid())}
    (tmp_path / "door.json").write_text(json.dumps(door), encoding="utf-8")
    program = {"sh": ["sh", "-c"], "python": [sys.executable, "-c"]}[language]
    if shutil.which(program[0]) is None or (language == "sh" and shutil.which("curl") is None):
        pytest.skip("there is no shell, or no curl")
    done = subprocess.run([*program, example], cwd=tmp_path, capture_output=True, encoding="utf-8", check=True)
    assert ("edges, scores" if "trace" in example else "with 1 edit") in done.stdout


def test_a_link_does_not_lead_out_of_the_folder(server: DoorServer, tmp_path: Path):
    from app.presenters.programs.permits import Permits

    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (outside / "cat.png").write_bytes(b"cat")
    (inside / "out").symlink_to(outside)
    (inside / "dog.png").write_bytes(b"dog")
    permits = Permits(inside)
    assert permits.read("dog.png") == b"dog"
    for name in ("out/cat.png", ".", "", "\0", str(outside / "cat.png")):
        with pytest.raises(ArgumentError):
            permits.read(name)
    with pytest.raises(ArgumentError, match="no files here"):
        Permits().read("dog.png")


def test_the_command_refuses_other_machines_and_what_it_cannot_use(capsys: pytest.CaptureFixture[str]):
    assert command(["serve", "--host", "0.0.0.0"]) == 2
    assert "--allow-remote" in capsys.readouterr().err
    assert command(["serve", "--folder", "nowhere/at/all"]) == 2
    assert command(["serve", "--memory", "0"]) == 2
    assert command(["serve", "no-such-thing-here"]) == 3


def test_what_is_wrong_with_the_door_is_said_before_a_model_is_opened(
    server: DoorServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    opened: list[object] = []
    monkeypatch.setattr("app.cli.serve.open_first", lambda door, options: opened.append(options.model))
    assert command(["serve", "bundled:names", "--port", str(server.port)]) == 2
    assert "cannot be listened on" in capsys.readouterr().err
    place = tmp_path / "notes.json"
    place.write_text('{"token": "of another program"}', encoding="utf-8")
    assert command(["serve", "bundled:names", "--token-file", str(place)]) == 2
    assert "is no file of a door" in capsys.readouterr().err
    assert place.read_text(encoding="utf-8") == '{"token": "of another program"}'
    assert not opened


def test_a_client_that_starts_the_command_speaks_mcp_with_it(session: ws.Session):
    """The command in a process of its own, over standard input and output."""
    from mcp.client.client import Client as McpClient
    from mcp.client.stdio import StdioServerParameters

    async def use() -> list[Any]:
        command = StdioServerParameters(
            command=sys.executable,
            args=["-m", "app", "serve", "bundled:names", "--stdio"],
            cwd=ROOT,
            env=dict(os.environ),
        )
        calls: list[tuple[str, dict[str, Any]]] = [
            ("open", {"a": A, "b": B, "metric": METRIC}),
            ("predict", {}),
            ("edit", {"target": "m0", "kind": "zero"}),
            ("edit", {"target": "m9"}),
        ]
        async with McpClient(command, read_timeout_seconds=60) as mcp:
            tools = {tool.name for tool in (await mcp.list_tools()).tools}
            assert tools >= {name for name, _ in calls}
            return [await mcp.call_tool(name, given) for name, given in calls]

    opened, predicted, edited, refused = asyncio.run(use())
    assert opened.structured_content["edges"] == session.graph.n_edges
    before, after = float(session.clean.metric), float(session.run([ws.Edit("m0", "zero")]).metric)
    assert predicted.structured_content["measured"]["after"] == pytest.approx(before, abs=1e-5)
    assert edited.structured_content["measured"]["after"] == pytest.approx(after, abs=1e-5)
    assert (refused.is_error, "m9 does not write" in refused.content[0].text) == (True, True)
