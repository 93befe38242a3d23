"""What crosses between window and worker: each query and each reply as bytes and back, and nothing else."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable
from dataclasses import dataclass, fields, make_dataclass, replace
from typing import Any

import msgspec
import numpy as np
import pytest

from app.features.console.queries import ConsoleQuery
from app.messages.replies import RunReply
from app.messages.request import OneShotQuery, ProgressReply, Query, Request
from app.messages.stop_signal import StopSignal, forward, give
from app.messages.wire.codec import Wire
from app.messages.wire.errors import WireError
from app.messages.wire.forms import Form, Forms, forms, hints_of
from app.messages.wire.types import PLAIN, classes_in, is_value_class
from core.errors import WirescopeError
from core.project.document import Document, Source
from core.tracing.ranking import Ranking
from tests.app.messages.made_values import same, value_of

WIRE = Wire(forms())
REQUEST = Request(3, Document("bundled:names", Source("text", "When Mary")), queries=(ConsoleQuery(code="1 + 1"),))


@pytest.mark.parametrize("kind", forms().messages, ids=lambda kind: f"{kind.__module__}.{kind.__qualname__}")
def test_every_message_comes_out_as_it_went_in(kind: type) -> None:
    message = value_of(kind)
    again = WIRE.decode(WIRE.encode(message))
    assert type(again) is kind
    for each in fields(kind):
        assert same(getattr(message, each.name), getattr(again, each.name)), each.name


def test_weights_in_8_bits_are_said_by_the_document_alone() -> None:
    assert WIRE.decode(WIRE.encode(replace(REQUEST, weights="disk"))).weights == "disk"
    with pytest.raises(WireError):
        WIRE.decode(WIRE.encode(replace(REQUEST, weights="8bit")))  # type: ignore[arg-type]


def cannot_cross(kind: type) -> list[str]:
    """The fields of a message that hold more than values."""
    allowed = (*PLAIN, np.ndarray, Ranking, Query)
    return [
        f"{kind.__name__}.{name}: {each}"
        for name, hint in hints_of(kind).items()
        for each in classes_in(hint)
        if not (isinstance(each, type) and (each in allowed or is_value_class(each)))
    ]


def test_fields_of_messages_declare_values_alone() -> None:
    kinds = forms().messages
    assert {each for each in Query.__subclasses__() if each.__module__.startswith("app.")} <= set(kinds)
    assert [words for kind in kinds for words in cannot_cross(kind)] == []


@pytest.mark.parametrize("hint", [Callable[[], bool], threading.Event, Any, object, list[Any]], ids=str)
def test_a_query_that_holds_something_alive_is_found(hint: Any) -> None:
    kind = make_dataclass("AliveQuery", [("held", hint)], bases=(OneShotQuery,), frozen=True, kw_only=True)
    assert cannot_cross(kind) != []


def test_a_query_of_no_feature_does_not_leave() -> None:
    @dataclass(frozen=True)
    class Strange(Query):
        pass

    with pytest.raises(WireError, match="Strange cannot be sent to a worker elsewhere"):
        WIRE.encode(replace(REQUEST, queries=(Strange(),)))


def tampered(change: Callable[[dict[str, Any]], None]) -> bytes:
    """A request whose fields were changed on the way."""
    plain = msgspec.msgpack.decode(WIRE.encode(REQUEST))
    change(plain["app.messages.request.Request"])
    return msgspec.msgpack.encode(plain)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xc1", "no message"),
        (pickle.dumps(REQUEST), "no message"),
        (msgspec.msgpack.encode({"os.system": {"command": "true"}}), "'os.system' is nothing"),
        (msgspec.msgpack.encode({"subprocess.Popen": ["true"]}), "is nothing"),
        (msgspec.msgpack.encode({}), "without a name"),
        (msgspec.msgpack.encode({"set": [{"list": []}]}), "unhashable"),
        (msgspec.msgpack.encode({"dict": [[1]]}), "no message"),
        (msgspec.msgpack.encode({"array": ["|O", [1], b"12345678"]}), "not numbers"),
        (msgspec.msgpack.encode({"array": ["<f8", [1 << 40], b"12345678"]}), "bytes are not"),
        (msgspec.msgpack.encode(msgspec.msgpack.Ext(3, b"x")), "no message"),
        (msgspec.msgpack.encode({"of parts": 3}), "not named"),
        (msgspec.msgpack.encode({"of parts": [[3], None]}), "not named"),
        (msgspec.msgpack.encode({"part": 3}), "part without a name"),
        (msgspec.msgpack.encode({"part": "0" * 64}), "that it does not name"),
        (msgspec.msgpack.encode({"of parts": [["0" * 64], None]}), "were not sent"),
        (b"\x91" * 100_000 + b"\xc0", "no message"),
        (tampered(lambda sent: sent.pop("number")), "fields missing or unknown: number"),
        (tampered(lambda sent: sent.update(run="rm")), "fields missing or unknown: run"),
        (tampered(lambda sent: sent.update(number="3")), "Request.number came as a str; it is to be int"),
        (tampered(lambda sent: sent.update(document=None)), "Request.document came as a NoneType"),
        (tampered(lambda sent: sent.update(queries=["x"])), "Request.queries came as a tuple"),
        (tampered(lambda sent: sent.update(inspect={"list": []})), "Request.inspect came as a list"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_what_is_no_message_is_refused_in_words(data: bytes, words: str) -> None:
    with pytest.raises(WireError, match=words):
        WIRE.decode(data)


def test_an_edit_that_cannot_be_is_refused_by_its_own_words() -> None:
    edit = {"target": "m1", "kind": "zero", "positions": None, "value": None, "strength": 5.0, "seed": 0}
    with pytest.raises(WirescopeError, match=r"cannot have the strength 5\.0"):
        WIRE.decode(msgspec.msgpack.encode({"core.edits.Edit": edit}))


def test_what_is_too_large_neither_leaves_nor_comes_in() -> None:
    small, reply = Wire(forms(), most_bytes=1000), ProgressReply(1, "x" * 1000)
    with pytest.raises(WireError, match=r"ProgressReply has 0 MB"):
        small.encode(reply)
    with pytest.raises(WireError, match=r"are the most\. Take fewer rows"):
        small.decode(WIRE.encode(reply))


def test_numbers_keep_all_their_digits() -> None:
    values = (0.1 + 0.2, float("inf"), float("-inf"), -0.0, 5e-324)
    reply = value_of(RunReply)
    for value in values:
        assert WIRE.decode(WIRE.encode(replace(reply, before=value))).before.hex() == value.hex()
    assert WIRE.decode(WIRE.encode(replace(reply, before=np.float64(0.1)))).before == 0.1


def test_a_graph_that_comes_again_is_the_one_that_came_before() -> None:
    """What is known of it need not be found again."""
    message = value_of(next(kind for kind in forms().messages if kind.__name__ == "ModelReply"))
    first, second = (WIRE.decode(WIRE.encode(message)) for _ in range(2))
    assert first.graph is second.graph


def test_a_stop_signal_crosses_by_its_name() -> None:
    query = REQUEST.queries[0]
    there = WIRE.decode(WIRE.encode(REQUEST)).queries[0]
    assert isinstance(query, ConsoleQuery)
    assert not there.interrupt.is_set()
    told: list[str] = []
    end = forward(told.append)
    query.interrupt.set()
    end()
    StopSignal().set()
    assert told == [query.interrupt.name]
    assert there.interrupt.is_set()
    give("of another process")
    assert StopSignal("of another process").is_set()


def test_the_allow_list_is_of_values() -> None:
    """Classes with behaviour of their own are none of it, and each has one name."""
    assert all(isinstance(form, Form) for form in forms().by_name.values())
    assert not any(name.startswith(("torch", "app.worker", "app.workbench")) for name in forms().by_name)
    assert Forms(["app.messages.request"]).by_name.keys() < forms().by_name.keys()
