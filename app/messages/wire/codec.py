"""Messages as bytes and back: all that crosses between the window and a worker that is not in its process.

A message is a tree of plain values, written as MessagePack. What MessagePack has no word for is a map with one key:

    {"array": [dtype, shape, bytes]}     an array of numbers, its raw buffer, little-endian
    {"dict": [[key, value], …]}          a mapping; {"list": […]}, {"set": […]} likewise; a plain list is a tuple
    {"app.messages.request.Request": {field: value, …}}   a value class of the allow-list (`forms`)
    {"part": SHA-256}                    a large value that is sent by itself, once (`parts`); the whole message is then
    {"of parts": [[SHA-256, …], message]}, where no part holds another

Nothing else is ever made of what comes in (`decoder`). The size of a message is that which it has when each part stands
wherever it is named, on the side that writes and on that which reads.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np

from app.messages.wire.decoder import NUMBERS, Decoder
from app.messages.wire.errors import WireError
from app.messages.wire.forms import Forms
from app.messages.wire.parts import LEAST_BYTES, LEAST_ITEMS, Encoded, EncodedParts, KeptParts, digest_of
from app.messages.wire.sizes import MOST_BYTES, check_size

VERSION = 4  # of this form, and of what is asked of a worker elsewhere (`versions` says what messages there are)


@dataclass
class Parts:
    """Large values of a message that is written, by their SHA-256. size: in bytes, each as often as it is named."""

    data: dict[str, bytes] = field(default_factory=dict)
    size: int = 0

    def take(self, digest: str, data: bytes) -> None:
        self.data[digest] = data
        self.size += len(data)


class Wire:
    """Writes and reads messages of some classes. forms: the allow-list.

    Attributes: kept, the large values that have come."""

    def __init__(self, forms: Forms, most_bytes: int = MOST_BYTES) -> None:
        self._forms, self._most = forms, most_bytes
        self._renamed: Mapping[str, str] = {}
        self._encoded = EncodedParts()
        self._lock = threading.Lock()  # a request may bring other names while a reply is written
        self.kept = KeptParts(most_of_message=most_bytes)

    @property
    def renamed(self) -> Mapping[str, str]:
        """Texts that stand for others on the side that reads or writes: paths of files that were sent."""
        return self._renamed

    @renamed.setter
    def renamed(self, renamed: Mapping[str, str]) -> None:
        with self._lock:
            if renamed != self._renamed:
                self._encoded.clear()
                self.kept.forget_values()
            self._renamed = renamed

    def encode(self, message: object) -> bytes:
        """All of it in one. Raises WireError for what is of no class of the allow-list, or too large."""
        return self._encode(message, None).data

    def encode_in_parts(self, message: object) -> Encoded:
        """With its large values by themselves. Raises as `encode` does."""
        return self._encode(message, Parts())

    def _encode(self, message: object, parts: Parts | None) -> Encoded:
        try:
            with self._lock:
                plain = self._plain(message, parts)
            if parts is None or not parts.data:
                encoded, size = Encoded(_packed(plain)), 0
            else:
                encoded, size = Encoded(_packed({"of parts": [list(parts.data), plain]}), parts.data), parts.size
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise WireError(f"{type(message).__name__} cannot be sent to a worker elsewhere: {error}") from error
        check_size(len(encoded.data) + size, self._most, type(message).__name__)
        return encoded

    def decode(self, data: bytes) -> Any:
        """The message. Raises WireError for what is none: of an unknown class, with a field that is missing, unknown or
        of another type, or too large; PartsMissing where it names large values that have not come; and the errors that
        the classes themselves raise."""
        return Decoder(self._forms, self._renamed, self.kept, self._most).message(data)

    def forget(self) -> None:
        """Let go of all large values, as where nothing crosses any more."""
        self._encoded.clear()
        self.kept.clear()

    # ---- to plain values ----

    def _plain(self, value: Any, parts: Parts | None) -> Any:
        """parts: takes the large values by themselves; None: they stay where they are."""
        kind = type(value)
        if value is None or kind in (bool, int, float):
            return value
        if kind is str:
            return self._renamed.get(value, value)
        if parts is not None and _may_be_large(value):
            return self._part(value, parts)
        if kind is bytes:
            return value
        if kind is tuple:
            return [self._plain(each, parts) for each in value]
        form = self._forms.by_class.get(kind)
        if form is not None:
            held = value if form.stand_in is None else form.stand_in(value)
            return {form.name: {name: self._plain(getattr(held, name), parts) for name in form.hints}}
        if isinstance(value, np.ndarray):
            return {"array": _buffer(value)}
        if isinstance(value, np.generic):
            return value.item()
        if isinstance(value, Mapping):
            return {"dict": [[self._plain(key, parts), self._plain(each, parts)] for key, each in value.items()]}
        if isinstance(value, (frozenset, set)):
            return {"set": [self._plain(each, parts) for each in value]}
        if isinstance(value, (list, range)):
            return {"list": [self._plain(each, parts) for each in value]}
        raise WireError(
            f"A {kind.__module__}.{kind.__qualname__} cannot be sent to a worker elsewhere.",
            "Only values can: give it a value class of app.messages or of a feature's queries.",
        )

    def _part(self, value: Any, parts: Parts) -> Any:
        """The name of a large value; the value itself where it is not large after all."""
        known = self._encoded.get(value)
        if known is None:
            plain = self._plain(value, None)
            data = _packed(plain)
            if len(data) < LEAST_BYTES:
                return plain
            known = digest_of(data), data
            if isinstance(value, tuple):
                self._encoded.put(value, *known)
        parts.take(*known)
        return {"part": known[0]}


def _may_be_large(value: Any) -> bool:
    if type(value) is tuple:
        return len(value) >= LEAST_ITEMS
    return (type(value) is bytes and len(value) >= LEAST_BYTES) or (
        isinstance(value, np.ndarray) and value.nbytes >= LEAST_BYTES
    )


def _packed(plain: Any) -> bytes:
    return msgspec.msgpack.encode(plain)


def _buffer(array: np.ndarray[Any, Any]) -> list[Any]:
    """Raises WireError for arrays of anything but numbers."""
    if array.dtype.kind not in NUMBERS:
        raise WireError(f"An array of {array.dtype} cannot be sent to a worker elsewhere.")
    little = array.astype(array.dtype.newbyteorder("<"), copy=False) if sys.byteorder == "big" else array
    return [array.dtype.newbyteorder("<").str, list(array.shape), little.tobytes()]
