"""What came as bytes is made a message again, by the allow-list alone.

No code is loaded, no name is looked up outside of the list, and every field is checked against the type that its class
declares. The message names the large values that it holds, and no more is made of these than a message may have.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from app.messages.wire.errors import HINT, WireError
from app.messages.wire.forms import Form, Forms
from app.messages.wire.parts import KeptParts
from app.messages.wire.sizes import check_size
from core.errors import WirescopeError

NUMBERS = "biuf"  # kinds of arrays
PLAIN = (type(None), bool, int, float, str, bytes)
CONTAINERS: dict[str, Any] = {"dict": dict, "list": list, "set": frozenset}


class Decoder:
    """Of one message. kept: the large values that have come; most_bytes: of the message, with each of them as often as
    it is named."""

    def __init__(self, forms: Forms, renamed: Mapping[str, str], kept: KeptParts, most_bytes: int) -> None:
        self._forms, self._renamed, self._kept, self._most = forms, renamed, kept, most_bytes
        self._named: frozenset[str] = frozenset()
        self._size = 0  # in bytes, of all that was read
        self._within = False  # a part

    def message(self, data: bytes) -> Any:
        """Raises as `Wire.decode` says."""
        self._count(data)
        try:
            plain = _unpacked(data)
            if isinstance(plain, dict) and plain.keys() == {"of parts"}:
                plain = self._of_parts(plain["of parts"])
            return self._value(plain)
        except RecursionError:
            raise WireError("What came is no message: it is too deep.", HINT) from None

    def _of_parts(self, held: Any) -> Any:
        """The message proper. Raises WireError, PartsMissing."""
        match held:
            case [list() as digests, plain] if all(isinstance(each, str) for each in digests):
                self._named = frozenset(digests)
                check_size(self._size + self._kept.name(self._named), self._most, "A message")
                return plain
        raise WireError("What came is no message: its parts are not named.", HINT)

    def _count(self, data: bytes) -> None:
        """Raises WireError where it is too much by now."""
        self._size += len(data)
        check_size(self._size, self._most, "A message")

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
        if self._within or digest not in self._named:
            raise WireError("What came is no message: a part that it does not name.", HINT)
        data = self._kept.data(digest)
        self._count(data)  # each time: a few bytes that name a part again have it copied again
        value = self._kept.value(digest)
        if value is None:
            self._within = True
            value = self._value(_unpacked(data))
            self._within = False
            if isinstance(value, tuple):
                self._kept.share(digest, value)
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


def _unpacked(data: bytes) -> Any:
    """Raises WireError."""
    try:
        return msgspec.msgpack.decode(data)
    except (msgspec.DecodeError, ValueError) as error:
        raise WireError(f"What came is no message: {error}.", HINT) from None


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
