"""Messages as bytes and back: all that crosses between the window and a worker that is not in its process.

A message is a tree of plain values, written as MessagePack. What MessagePack has no word for is a map with one key:

    {"array": [dtype, shape, bytes]}     an array of numbers, its raw buffer, little-endian
    {"dict": [[key, value], …]}          a mapping; {"list": […]}, {"set": […]} likewise; a plain list is a tuple
    {"app.messages.request.Request": {field: value, …}}   a value class of the allow-list (`forms`)
    {"part": SHA-256}                    a large value that is sent by itself, once (`parts`); the whole message is then
    {"of parts": [[SHA-256, …], message]}

Nothing else is ever made of what comes in: no code is loaded, no name is looked up outside the allow-list, and every
field is checked against the type that its class declares.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from app.messages.wire.errors import HINT, WireError
from app.messages.wire.forms import Form, Forms
from app.messages.wire.parts import LEAST_BYTES, LEAST_ITEMS, Encoded, EncodedParts, KeptParts, digest_of
from core.errors import WirescopeError

MOST_BYTES = 1 << 30  # of one message
NUMBERS = "biuf"  # kinds of arrays
Parts = dict[str, bytes] | None  # of large values by their SHA-256
VERSION = 2  # of this form; both sides must have the same


class Wire:
    """Writes and reads messages of some classes. forms: the allow-list.

    Attributes: kept, the large values that have come."""

    def __init__(self, forms: Forms, most_bytes: int = MOST_BYTES) -> None:
        self._forms, self._most = forms, most_bytes
        self._renamed: Mapping[str, str] = {}
        self._encoded = EncodedParts()
        self.kept = KeptParts()

    @property
    def renamed(self) -> Mapping[str, str]:
        """Texts that stand for others on the side that reads or writes: paths of files that were sent."""
        return self._renamed

    @renamed.setter
    def renamed(self, renamed: Mapping[str, str]) -> None:
        if renamed != self._renamed:
            self._encoded.clear()
            self.kept.forget_values()
        self._renamed = renamed

    def encode(self, message: object) -> bytes:
        """All of it in one. Raises WireError for what is of no class of the allow-list, or too large."""
        return self._encode(message, None).data

    def encode_in_parts(self, message: object) -> Encoded:
        """With its large values by themselves. Raises as `encode` does."""
        return self._encode(message, {})

    def _encode(self, message: object, parts: Parts) -> Encoded:
        try:
            plain = self._plain(message, parts)
            encoded = Encoded(_packed({"of parts": [list(parts), plain]} if parts else plain), parts or {})
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise WireError(f"{type(message).__name__} cannot be sent to a worker elsewhere: {error}") from error
        self._check_size(encoded.size, type(message).__name__)
        return encoded

    def decode(self, data: bytes) -> Any:
        """The message. Raises WireError for what is none: of an unknown class, with a field that is missing, unknown or
        of another type, or too large; PartsMissing where it names large values that have not come; and the errors that
        the classes themselves raise."""
        self._check_size(len(data), "A message")
        try:
            plain = _unpacked(data)
            if isinstance(plain, dict) and plain.keys() == {"of parts"}:
                plain = self._named(plain["of parts"])
            return self._value(plain)
        except RecursionError:
            raise WireError("What came is no message: it is too deep.", HINT) from None

    def _named(self, held: Any) -> Any:
        """The message proper. Raises WireError, PartsMissing."""
        match held:
            case [list() as digests, plain] if all(isinstance(each, str) for each in digests):
                self.kept.name(digests)
                return plain
        raise WireError("What came is no message: its parts are not named.", HINT)

    def _check_size(self, size: int, what: str) -> None:
        if size > self._most:
            raise WireError(
                f"{what} has {size / 1e6:,.0f} MB, and {self._most / 1e6:,.0f} MB are the most.",
                "Take fewer rows, or smaller pictures.",
            )

    # ---- to plain values ----

    def _plain(self, value: Any, parts: Parts) -> Any:
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

    def _part(self, value: Any, parts: dict[str, bytes]) -> Any:
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
        digest, parts[digest] = known
        return {"part": digest}

    # ---- and back ----

    def _value(self, plain: Any) -> Any:
        if isinstance(plain, list):
            return tuple(self._value(each) for each in plain)
        if not isinstance(plain, dict):
            if isinstance(plain, msgspec.msgpack.Ext) or not isinstance(plain, PLAIN):
                raise WireError("What came is no message.", HINT)
            return self._renamed.get(plain, plain) if isinstance(plain, str) else plain
        if len(plain) != 1:
            raise WireError("What came is no message: a value without a name.", HINT)
        ((name, held),) = plain.items()
        if name == "array":
            return _array(held)
        if name == "part":
            return self._of_part(held)
        if name in CONTAINERS:
            return self._container(name, held)
        form = self._forms.by_name.get(name) if isinstance(name, str) else None
        if form is None:
            raise WireError(f"{str(name)[:80]!r} is nothing that a message may hold.", HINT)
        return self._made(form, held)

    def _of_part(self, digest: Any) -> Any:
        """A large value that has come. A tuple is the same object each time; an array is a new one: it may change."""
        if not isinstance(digest, str):
            raise WireError("What came is no message: a part without a name.", HINT)
        value = self.kept.value(digest)
        if value is None:
            value = self._value(_unpacked(self.kept.data(digest)))
            if isinstance(value, tuple):
                self.kept.share(digest, value)
        return value

    def _container(self, name: str, held: Any) -> Any:
        if not isinstance(held, list):
            raise WireError(f"What came is no message: a {name} that is none.", HINT)
        try:
            if name == "dict":
                return {self._value(key): self._value(each) for key, each in held}
            return CONTAINERS[name](self._value(each) for each in held)
        except (TypeError, ValueError) as error:  # not in pairs, or of what has no hash
            raise WireError(f"What came is no message: {error}.", HINT) from None

    def _made(self, form: Form, held: Any) -> Any:
        short = form.name.rpartition(".")[2]
        if not isinstance(held, dict) or held.keys() != form.hints.keys():
            wrong = form.hints.keys() ^ held.keys() if isinstance(held, dict) else ()
            fields = ", ".join(sorted(str(each)[:40] for each in wrong)) or "all"
            raise WireError(f"A {short} came with fields missing or unknown: {fields}.", HINT)
        values = {}
        for name, plain in held.items():
            value = values[name] = self._value(plain)
            if not form.fits(name, value):
                declared = form.hints[name]
                words = getattr(declared, "__name__", None) if isinstance(declared, type) else str(declared)
                raise WireError(f"{short}.{name} came as a {type(value).__name__}; it is to be {words}.", HINT)
        try:
            return form.make(values)
        except WirescopeError:
            raise
        except Exception as error:
            raise WireError(f"A {short} came that cannot be: {error}.", HINT) from error


PLAIN = (type(None), bool, int, float, str, bytes)
CONTAINERS: dict[str, Any] = {"dict": dict, "list": list, "set": frozenset}


def _may_be_large(value: Any) -> bool:
    if type(value) is tuple:
        return len(value) >= LEAST_ITEMS
    return (type(value) is bytes and len(value) >= LEAST_BYTES) or (
        isinstance(value, np.ndarray) and value.nbytes >= LEAST_BYTES
    )


def _packed(plain: Any) -> bytes:
    return msgspec.msgpack.encode(plain)


def _unpacked(data: bytes) -> Any:
    """Raises WireError."""
    try:
        return msgspec.msgpack.decode(data)
    except (msgspec.DecodeError, ValueError) as error:
        raise WireError(f"What came is no message: {error}.", HINT) from None


def _buffer(array: np.ndarray[Any, Any]) -> list[Any]:
    """Raises WireError for arrays of anything but numbers."""
    if array.dtype.kind not in NUMBERS:
        raise WireError(f"An array of {array.dtype} cannot be sent to a worker elsewhere.")
    little = array.astype(array.dtype.newbyteorder("<"), copy=False) if sys.byteorder == "big" else array
    return [array.dtype.newbyteorder("<").str, list(array.shape), little.tobytes()]


def _array(held: Any) -> np.ndarray[Any, Any]:
    """Raises WireError."""
    try:
        name, shape, data = held
        dtype = np.dtype(name) if isinstance(name, str) and len(name) <= 4 else None
        sizes = [size for size in shape if isinstance(size, int) and size >= 0]
        if dtype is None or dtype.kind not in NUMBERS or len(sizes) != len(shape) or not isinstance(data, bytes):
            raise ValueError("not numbers in a shape")
        if math.prod(sizes) * dtype.itemsize != len(data):
            raise ValueError(f"{len(data)} bytes are not {sizes} of {dtype}")
        return np.frombuffer(data, dtype).reshape(sizes).copy()
    except (TypeError, ValueError) as error:
        raise WireError(f"An array came that is none: {error}.", HINT) from None
