"""Large values of messages that cross once: a message names them by what is in them, and the other side keeps them.

A dataset goes with every request and scores come with every reply. What an encoded message says of such a value is its
SHA-256; who does not have the value of a digest, as a worker that was started anew, asks for it.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from app.messages.wire.errors import HINT, WireError
from app.messages.wire.sizes import MOST_BYTES, check_size

LEAST_BYTES = 16_384  # of a value that is sent by itself
LEAST_ITEMS = 32  # of a tuple that is looked at for that
KEPT_BYTES = 256_000_000  # beside those of the last message
DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Encoded:
    """A message as bytes. parts: those of large values that it names, by their SHA-256."""

    data: bytes
    parts: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """In bytes, with its parts."""
        return len(self.data) + sum(map(len, self.parts.values()))


class PartsMissing(WireError):
    """A message names values that are not here. digests: theirs."""

    def __init__(self, digests: Iterable[str]) -> None:
        super().__init__("Parts of a message were not sent.", HINT)
        self.digests = tuple(digests)


class EncodedParts:
    """Encoded tuples of the messages before, so that one that goes again is not encoded again. Each is known as the
    object that it is: values of messages do not change."""

    def __init__(self, most_bytes: int = KEPT_BYTES) -> None:
        self._most = most_bytes
        self._bytes = 0
        self._encoded: OrderedDict[int, tuple[object, str, bytes]] = OrderedDict()

    def get(self, value: object) -> tuple[str, bytes] | None:
        """Its digest and its bytes."""
        known = self._encoded.get(id(value))
        if known is None:
            return None
        self._encoded.move_to_end(id(value))
        return known[1:]

    def put(self, value: object, digest: str, data: bytes) -> None:
        self._encoded[id(value)] = (value, digest, data)  # held, so that no other object comes to have its id
        self._bytes += len(data)
        while self._bytes > self._most:
            _, (_, _, oldest) = self._encoded.popitem(last=False)
            self._bytes -= len(oldest)

    def clear(self) -> None:
        self._encoded.clear()
        self._bytes = 0


class KeptParts:
    """Values that have come, by their digests: their bytes, and the value where it may be shared. The longest unused go
    where there are too many, but none that the last message names. most_of_message: bytes of all that one message
    names, and of one value that none names yet: twice that is the most that is held."""

    def __init__(self, most_bytes: int = KEPT_BYTES, most_of_message: int = MOST_BYTES) -> None:
        self._most, self._most_of_message = most_bytes, most_of_message
        self._bytes = 0
        self._data: OrderedDict[str, bytes] = OrderedDict()
        self._values: dict[str, object] = {}
        self._named: frozenset[str] = frozenset()
        self._named_bytes = 0  # of those that are here

    def name(self, digests: Iterable[str]) -> int:
        """A message names these. Returns their bytes. Raises PartsMissing for those that are not here."""
        self._named = frozenset(digests)
        missing = [digest for digest in self._named if digest not in self._data]
        self._named_bytes = 0
        for digest in self._named & self._data.keys():
            self._data.move_to_end(digest)
            self._named_bytes += len(self._data[digest])
        if missing:
            raise PartsMissing(sorted(missing))
        return self._named_bytes

    def put(self, digest: str, data: bytes) -> None:
        """Raises WireError where the bytes are not those of the digest, or too many."""
        if not DIGEST.fullmatch(digest) or digest_of(data) != digest:
            raise WireError("A part of a message came with other bytes than it was sent with.", "Try again.")
        if digest in self._data:
            return
        named = digest in self._named
        size = len(data) + (self._named_bytes if named else 0)
        check_size(size, self._most_of_message, "A message")
        if named:
            self._named_bytes = size
        self._bytes += len(data)
        self._data[digest] = data
        for each in [each for each in self._data if each not in self._named and each != digest]:
            if self._bytes <= self._most:
                return
            self._bytes -= len(self._data.pop(each))
            self._values.pop(each, None)

    def data(self, digest: str) -> bytes:
        """Raises PartsMissing."""
        if digest not in self._data:
            raise PartsMissing([digest])
        return self._data[digest]

    def value(self, digest: str) -> object | None:
        """What was made of its bytes before; None where it was not, or is not shared."""
        return self._values.get(digest)

    def share(self, digest: str, value: object) -> None:
        self._values[digest] = value

    def clear(self) -> None:
        self._data.clear()
        self._values.clear()
        self._named, self._bytes, self._named_bytes = frozenset(), 0, 0

    def forget_values(self) -> None:
        """They are made of the bytes anew."""
        self._values.clear()


def digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
