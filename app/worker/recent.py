"""What was found out last: a dictionary that lets go of what has not been asked for longest."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any


class Recent(OrderedDict[object, Any]):
    """Holds so many entries. One that is read or written is the last to go; `in` is no reading."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def __getitem__(self, key: object) -> Any:
        value = super().__getitem__(key)
        self.move_to_end(key)
        return value

    def __setitem__(self, key: object, value: Any) -> None:
        super().__setitem__(key, value)
        self.move_to_end(key)
        while len(self) > self._most:
            del self[next(iter(self))]
