"""How far tasks of Ray are: their workers say it in the cluster's own table of keys and values, and who waits looks
there. It takes no process, and no task waits for it; nothing but what is shown depends on it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from contextlib import suppress
from time import monotonic

SECONDS_BETWEEN = 1.0  # two times that a worker says it, and that it is looked for
SPACE = "wirescope"  # in the table


class Shares:
    """Of the tasks of one run."""

    def __init__(self) -> None:
        self._run = secrets.token_hex(8)

    def key(self, number: int) -> str:
        """By which a worker says how far a task is."""
        return f"{self._run}/{number}"

    def of(self, numbers: Collection[int]) -> dict[int, float] | None:
        """The shares that are done of those that have begun; None where the cluster does not say."""
        shares = {}
        try:
            from ray.experimental.internal_kv import _internal_kv_get

            for number in numbers:
                said = _internal_kv_get(self.key(number), namespace=SPACE)
                if said is not None:
                    shares[number] = float(said)
        except Exception:  # of whatever kind: whether the cluster is lost shows where its results are waited for
            return None
        return shares

    def forget(self, numbers: Collection[int]) -> None:
        """Take what was said of these out of the table."""
        with suppress(Exception):  # as above
            from ray.experimental.internal_kv import _internal_kv_del

            for number in numbers:
                _internal_kv_del(self.key(number), namespace=SPACE)


def saying(key: str) -> Callable[[float], None]:
    """In a worker: what says how far its task is. That it has begun is said at once."""
    last = 0.0

    def say(share: float) -> None:
        nonlocal last
        if monotonic() - last >= SECONDS_BETWEEN:
            _put(key, share)
            last = monotonic()

    _put(key, 0.0)
    return say


def _put(key: str, share: float) -> None:
    with suppress(Exception):  # as above
        from ray.experimental.internal_kv import _internal_kv_put

        _internal_kv_put(key, repr(share), namespace=SPACE)
