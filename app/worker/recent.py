"""What was found out last: a dictionary that lets go of what has not been asked for longest."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterator, MutableMapping
from typing import Any


class Recent(MutableMapping[Hashable, Any]):
    """Holds so many entries. One that is read or written, by whichever method, is the last to go; `in` is no
    reading."""

    def __init__(self, most: int) -> None:
        self._entries: OrderedDict[Hashable, Any] = OrderedDict()
        self._most = most

    def __getitem__(self, key: Hashable) -> Any:
        value = self._entries[key]
        self._entries.move_to_end(key)
        return value

    def __setitem__(self, key: Hashable, value: Any) -> None:
        self._entries[key] = value
        self._entries.move_to_end(key)
        while len(self._entries) > self._most:
            self._entries.popitem(last=False)

    def __delitem__(self, key: Hashable) -> None:
        del self._entries[key]

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def __iter__(self) -> Iterator[Hashable]:
        return iter(tuple(self._entries))  # going over what is read changes the order

    def __len__(self) -> int:
        return len(self._entries)
