"""Large values of messages go by themselves, once, and are kept within bounds."""

from __future__ import annotations

from dataclasses import fields, replace

import msgspec
import numpy as np
import pytest

from app.messages.replies import CurveReply
from app.messages.request import Request
from app.messages.wire.codec import Wire
from app.messages.wire.errors import WireError
from app.messages.wire.forms import forms
from app.messages.wire.parts import EncodedParts, KeptParts, PartsMissing, digest_of
from core.project.document import Document, PairSource, Source
from tests.app.messages.made_values import same, value_of

ROWS = tuple(PairSource(Source("text", f"When Mary and number {n} went to the store")) for n in range(1000))
REQUEST = Request(3, Document("bundled:names", dataset=ROWS))


def crossed(message: object, sender: Wire, receiver: Wire) -> object:
    encoded = sender.encode_in_parts(message)
    for digest, data in encoded.parts.items():
        receiver.kept.put(digest, data)
    return receiver.decode(encoded.data)


def test_every_message_comes_out_as_it_went_in_whatever_goes_by_itself(monkeypatch) -> None:
    for name in ("LEAST_BYTES", "LEAST_ITEMS"):
        monkeypatch.setattr(f"app.messages.wire.codec.{name}", 1)
    wire, named = Wire(forms()), 0
    for kind in forms().messages:
        message = value_of(kind)
        named += bool(wire.encode_in_parts(message).parts)
        again = crossed(message, wire, wire)
        assert type(again) is kind
        for each in fields(kind):
            assert same(getattr(message, each.name), getattr(again, each.name)), f"{kind.__name__}.{each.name}"
    assert named > 50


def test_a_dataset_is_encoded_once_and_decoded_once(monkeypatch) -> None:
    sender, receiver = Wire(forms()), Wire(forms())
    first = crossed(REQUEST, sender, receiver)
    plain = Wire._plain
    seen: list[object] = []
    monkeypatch.setattr(Wire, "_plain", lambda wire, value, parts: (seen.append(value), plain(wire, value, parts))[1])
    encoded = sender.encode_in_parts(replace(REQUEST, number=4))
    assert not any(isinstance(each, PairSource) for each in seen)
    assert len(encoded.data) < 2_000 < 50_000 < encoded.size
    second = receiver.decode(encoded.data)
    assert first == REQUEST
    assert second == replace(REQUEST, number=4)
    assert second.document.dataset is first.document.dataset
    other = replace(REQUEST, document=Document("bundled:names", dataset=(*ROWS[:-1], ROWS[0])))
    assert crossed(other, sender, receiver) == other


def test_an_array_that_comes_again_is_another_one() -> None:
    """Who has it may write into it."""
    wire, band = Wire(forms()), np.random.default_rng(0).normal(size=(2, 5000))
    message = replace(value_of(CurveReply), band=band, sure=None)
    first, second = (crossed(message, wire, wire) for _ in range(2))
    assert isinstance(first, CurveReply)
    first.band[:] = 0
    assert np.array_equal(second.band, band)


def of_parts(kept: Wire, names: int, parts: dict[str, bytes]) -> bytes:
    """A message that holds each part so many times. What it names is there."""
    for digest, data in parts.items():
        kept.kept.put(digest, data)
    return msgspec.msgpack.encode({"of parts": [list(parts), [{"part": each} for each in parts] * names]})


def parts_of(*values: object) -> dict[str, bytes]:
    encoded = map(msgspec.msgpack.encode, values)
    return {digest_of(data): data for data in encoded}


def test_the_parts_of_a_message_count_as_often_as_it_holds_them() -> None:
    """Else a few bytes would be made gigabytes of: an array is copied each time."""
    array = parts_of({"array": ["|u1", [2000], bytes(2000)]})
    wire = Wire(forms(), most_bytes=7000)
    assert [each.size for each in wire.decode(of_parts(wire, 3, array))] == [2000] * 3
    with pytest.raises(WireError, match="A message has 0 MB"):
        wire.decode(of_parts(wire, 4, array))
    large = replace(value_of(CurveReply), band=np.zeros((2, 5000)), sure=None)
    limit = Wire(forms()).encode_in_parts(large).size + 1000
    assert crossed(large, Wire(forms(), limit), Wire(forms(), limit)) is not None
    with pytest.raises(WireError, match="CurveReply has 0 MB"):  # as where it is read
        Wire(forms(), limit).encode_in_parts(replace(large, sure=large.band))


def test_what_a_message_names_is_too_large_together_though_none_is_alone() -> None:
    parts = parts_of(bytes(3000), b"1" * 3000, b"2" * 3000)
    wire = Wire(forms(), most_bytes=7000)
    with pytest.raises(WireError, match="A message has 0 MB"):
        wire.decode(of_parts(wire, 0, parts))  # nor are they held twice
    kept = KeptParts(most_of_message=7000)
    with pytest.raises(PartsMissing):
        kept.name(parts)
    *few, last = parts.items()
    for digest, data in few:
        kept.put(digest, data)
    with pytest.raises(WireError, match="are the most"):
        kept.put(*last)
    assert kept.name(digest for digest, _ in few) == sum(len(data) for _, data in few)
    with pytest.raises(WireError, match="are the most"):
        kept.put(digest_of(bytes(8000)), bytes(8000))  # that nobody has named


def test_a_part_holds_no_other_and_a_message_none_that_it_does_not_name() -> None:
    wire, inner = Wire(forms()), parts_of([1, 2])
    (digest,) = inner
    outer = parts_of([{"part": digest}])
    assert wire.decode(of_parts(wire, 1, inner)) == ((1, 2),)
    with pytest.raises(WireError, match="a part that it does not name"):
        wire.decode(msgspec.msgpack.encode({"of parts": [[], {"part": digest}]}))
    with pytest.raises(WireError, match="a part that it does not name"):
        wire.decode(of_parts(wire, 1, outer | parts_of([3]) | inner))


def test_paths_of_files_that_were_sent_again_are_those_of_now() -> None:
    rows = tuple(PairSource(Source("image", path=f"/here/{n}.png"), target="x" * 400) for n in range(100))
    request, wire = Request(1, Document("m", dataset=rows)), Wire(forms())
    for place in ("/there/old.png", "/there/new.png"):
        wire.renamed = {"/here/7.png": place}
        assert crossed(request, Wire(forms()), wire).document.dataset[7].clean.path == place
    back = Wire(forms())
    for place in ("/a.png", "/b.png"):
        back.renamed = {"/here/7.png": place}
        assert crossed(request, back, Wire(forms())).document.dataset[7].clean.path == place


def test_what_is_kept_is_bounded_but_for_what_the_last_message_names() -> None:
    kept, data = KeptParts(most_bytes=25), [bytes([n]) * 10 for n in range(4)]
    digests = [digest_of(each) for each in data]
    with pytest.raises(PartsMissing) as missing:
        kept.name(digests[:3])
    assert set(missing.value.digests) == set(digests[:3])
    for digest, each in zip(digests[:3], data, strict=False):
        kept.put(digest, each)
    kept.name(digests[:3])
    kept.name([digests[0]])
    kept.share(digests[1], "made of it")
    kept.put(digests[3], data[3])
    kept.name([digests[0], digests[3]])
    for gone in digests[1:3]:
        assert kept.value(gone) is None
        with pytest.raises(PartsMissing):
            kept.data(gone)
    with pytest.raises(WireError, match="other bytes"):
        kept.put(digests[1], data[2])
    encoded = EncodedParts(most_bytes=25)
    for digest, each in zip(digests, data, strict=True):
        encoded.put(each, digest, each)
    assert [encoded.get(each) is not None for each in data] == [False, False, True, True]
