"""What the worker is asked to do once, such as making an input or writing a file: a query that is taken back as soon as
the reply is there."""

from __future__ import annotations

from dataclasses import replace
from typing import Generic, TypeVar

from app.messages.request import OneShotQuery, Query
from app.workbench.workbench_like import WorkbenchLike

E = TypeVar("E", bound=OneShotQuery)


class OneShot(Generic[E]):
    """Queries of one kind that are asked once, under a key of the workbench's queries that nothing else has. Only the
    latest counts. Raises ValueError for a key that is taken: one query would silently take the other's place."""

    def __init__(self, workbench: WorkbenchLike, key: str) -> None:
        workbench.claim_key(key)
        self._workbench, self._key = workbench, key
        self._serial = 0
        self._asked: E | None = None  # until it is answered
        workbench.given_up.connect(lambda _: self.drop())

    @property
    def asked(self) -> E | None:
        """What is not answered yet."""
        return self._asked

    def ask(self, query: E) -> None:
        self._serial += 1
        self._asked = replace(query, serial=self._serial)
        self._workbench.set_query(self._key, self._asked)

    def ends(self, query: Query) -> bool:
        """Whether a reply is to what was asked last; then that is done."""
        if self._asked is None or query != self._asked:
            return False
        self.drop()
        return True

    def drop(self) -> None:
        """What was asked is not wanted any more."""
        self._asked = None
        self._workbench.set_query(self._key, None)
