"""What the engine is asked to do once, such as making an input or writing a file: a want that is taken back as soon as
it is answered."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Generic, TypeVar

from app.messages.request import Errand, Want

if TYPE_CHECKING:
    from app.workbench.workbench import Workbench


E = TypeVar("E", bound=Errand)


class Errands(Generic[E]):
    """Errands of one kind, under a key of the workbench's wants. Only the latest counts."""

    def __init__(self, workbench: Workbench, key: str) -> None:
        self._workbench, self._key = workbench, key
        self._serial = 0
        self._asked: E | None = None  # until it is answered
        workbench.given_up.connect(lambda _: self.drop())

    @property
    def asked(self) -> E | None:
        """What is not answered yet."""
        return self._asked

    def ask(self, errand: E) -> None:
        self._serial += 1
        self._asked = replace(errand, serial=self._serial)
        self._workbench.want(self._key, self._asked)

    def ends(self, answered: Want) -> bool:
        """Whether an answer is to what was asked last; then that is done."""
        if self._asked is None or answered != self._asked:
            return False
        self.drop()
        return True

    def drop(self) -> None:
        """What was asked is not wanted any more."""
        self._asked = None
        self._workbench.want(self._key, None)
