"""Messages as bytes and back: all that crosses between the window and a worker that is not in its process.

A message is a tree of plain values, written as MessagePack. What MessagePack has no word for is a map with one key:

    {"array": [dtype, shape, bytes]}     an array of numbers, its raw buffer, little-endian
    {"dict": [[key, value], …]}          a mapping; {"list": […]}, {"set": […]} likewise; a plain list is a tuple
    {"app.messages.request.Request": {field: value, …}}   a value class of the allow-list (`forms`)

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

from app.messages.wire.forms import Form, Forms
from core.errors import WirescopeError

MOST_BYTES = 1 << 30  # of one message
NUMBERS = "biuf"  # kinds of arrays
VERSION = 1  # of this form; both sides must have the same


class WireError(WirescopeError):
    """A message that cannot cross, or that is none."""


class Wire:
    """Writes and reads messages of some classes. forms: the allow-list. renamed: texts that stand for others on the
    side that reads or writes: paths of files that were sent."""

    def __init__(self, forms: Forms, most_bytes: int = MOST_BYTES) -> None:
        self._forms, self._most = forms, most_bytes
        self.renamed: Mapping[str, str] = {}

    def encode(self, message: object) -> bytes:
        """Raises WireError for what is of no class of the allow-list, or too large."""
        try:
            data = msgspec.msgpack.encode(self._plain(message))
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise WireError(f"{type(message).__name__} cannot be sent to a worker elsewhere: {error}") from error
        self._check_size(len(data), type(message).__name__)
        return data

    def decode(self, data: bytes) -> Any:
        """The message. Raises WireError for what is none: of an unknown class, with a field that is missing, unknown or
        of another type, or too large; and the errors that the classes themselves raise."""
        self._check_size(len(data), "A message")
        try:
            plain = msgspec.msgpack.decode(data)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            raise WireError(f"What came is no message: {error}.", HINT) from None
        try:
            return self._value(plain)
        except RecursionError:
            raise WireError("What came is no message: it is too deep.", HINT) from None

    def _check_size(self, size: int, what: str) -> None:
        if size > self._most:
            raise WireError(
                f"{what} has {size / 1e6:,.0f} MB, and {self._most / 1e6:,.0f} MB are the most.",
                "Take fewer rows, or smaller pictures.",
            )

    # ---- to plain values ----

    def _plain(self, value: Any) -> Any:
        kind = type(value)
        if value is None or kind in (bool, int, float, bytes):
            return value
        if kind is str:
            return self.renamed.get(value, value)
        if kind is tuple:
            return [self._plain(each) for each in value]
        form = self._forms.by_class.get(kind)
        if form is not None:
            held = value if form.stand_in is None else form.stand_in(value)
            return {form.name: {name: self._plain(getattr(held, name)) for name in form.hints}}
        if isinstance(value, np.ndarray):
            return {"array": _buffer(value)}
        if isinstance(value, np.generic):
            return value.item()
        if isinstance(value, Mapping):
            return {"dict": [[self._plain(key), self._plain(each)] for key, each in value.items()]}
        if isinstance(value, (frozenset, set)):
            return {"set": [self._plain(each) for each in value]}
        if isinstance(value, (list, range)):
            return {"list": [self._plain(each) for each in value]}
        raise WireError(
            f"A {kind.__module__}.{kind.__qualname__} cannot be sent to a worker elsewhere.",
            "Only values can: give it a value class of app.messages or of a feature's queries.",
        )

    # ---- and back ----

    def _value(self, plain: Any) -> Any:
        if isinstance(plain, list):
            return tuple(self._value(each) for each in plain)
        if not isinstance(plain, dict):
            if isinstance(plain, msgspec.msgpack.Ext) or not isinstance(plain, PLAIN):
                raise WireError("What came is no message.", HINT)
            return self.renamed.get(plain, plain) if isinstance(plain, str) else plain
        if len(plain) != 1:
            raise WireError("What came is no message: a value without a name.", HINT)
        ((name, held),) = plain.items()
        if name == "array":
            return _array(held)
        if name in CONTAINERS:
            return self._container(name, held)
        form = self._forms.by_name.get(name) if isinstance(name, str) else None
        if form is None:
            raise WireError(f"{str(name)[:80]!r} is nothing that a message may hold.", HINT)
        return self._made(form, held)

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


HINT = "Both sides must be the same version of Wirescope."
PLAIN = (type(None), bool, int, float, str, bytes)
CONTAINERS: dict[str, Any] = {"dict": dict, "list": list, "set": frozenset}


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
